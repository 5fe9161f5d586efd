//! The records of verifications.

use std::collections::BTreeMap;

use entrypass_db::{answers, hold, instant, lists::insertion, micros};
use entrypass_rpc::{PageRequest, PageToken};
use entrypass_token::CodeId;
use entrypass_verifier::Verdict;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, Order,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, TryGetable,
    sea_query::{Expr, ExprTrait as _, NullOrdering, OnConflict, Query, SimpleExpr},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    AT_ONCE, NO_REVISION, Store,
    entity::{code, suspension, verification as entity},
    first_verifications,
};
use crate::{
    error::Error,
    record::{Checkpoint, Count, Exported, Filter, Finding, Group, Grouping, Record},
};

/// Counts that are given at most.
pub(crate) const MOST_COUNTS: usize = 10_000;
/// An hour, in the unit of the rows.
const HOUR: i64 = 3_600_000_000;
/// Whoever holds it forgets; drawn once.
const FORGETTING: Uuid = Uuid::from_u128(0x8a6d_10b5_4c3e_4f1b_9d0f_2b7c_6e51_a094);

/// Erases what is kept beside the codes of a registration: the records of their verifications, suspensions, and what is kept of answers about it. The
/// codes stay, revoked: they are random numbers, and a verifier must go on refusing them.
pub(crate) async fn erase(transaction: &DatabaseTransaction, registration: Uuid) -> Result<(), DbErr> {
    let codes = Query::select()
        .column(code::Column::Id)
        .from(code::Entity)
        .and_where(code::Column::RegistrationId.eq(registration))
        .to_owned();
    let records = entity::Entity::delete_many().filter(entity::Column::CodeId.in_subquery(codes));
    records.exec(transaction).await?;
    suspension::Entity::delete_by_id(registration).exec(transaction).await?;
    first_verifications::erase(transaction, registration).await?;
    answers::erase(transaction, registration).await
}

impl Store {
    /// Keeps records, and which registrations were first found good with them. A record that is kept already stays as it is.
    pub(crate) async fn keep_verifications(&self, findings: Vec<Finding>) -> Result<(), DbErr> {
        let first = earliest(&findings);
        let rows = findings.into_iter().map(|Finding { record, .. }| entity::ActiveModel {
            id: Set(record.id),
            create_time: Set(micros(record.time)),
            checkpoint: Set(record.checkpoint.map(|checkpoint| checkpoint.as_str().to_owned())),
            verdict: Set(record.verdict.word().to_owned()),
            code_id: Set(record.code.map(|code| Uuid::from_bytes(*code.as_bytes()))),
            caller: Set(record.caller),
        });
        let kept_already = OnConflict::column(entity::Column::Id).do_nothing().to_owned();
        let writer = self.database.writer();
        let mut insert = insertion(writer.get_database_backend(), rows)?;
        insert.on_conflict(kept_already);
        if first.is_empty() {
            return writer.execute(&insert).await.map(drop);
        }
        let transaction = self.database.begin().await?;
        transaction.execute(&insert).await?;
        first_verifications::note(&transaction, first).await?;
        transaction.commit().await
    }

    /// One page of records, newest first, and where the next one begins.
    pub(crate) async fn verifications(
        &self,
        filter: &Filter,
        page: PageRequest,
    ) -> Result<(Vec<Record>, Option<PageToken>), Error> {
        let mut find = filtered(filter);
        if let Some(PageToken(last)) = page.after {
            let last = entity::Entity::find_by_id(last).one(self.database.reader()).await?;
            // The oldest are forgotten first: where the last one is gone, so is all that follows it.
            let Some(last) = last else { return Ok((Vec::new(), None)) };
            find = find.filter(older_than(&last));
        }
        let newest_first = find
            .order_by_desc(entity::Column::CreateTime)
            .order_by_desc(entity::Column::Id)
            .limit(page.rows_to_read());
        let mut rows = newest_first.all(self.database.reader()).await?;
        let next = page.cut(&mut rows, |last| last.id);
        let records = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok((records, next))
    }

    /// The codes of all revisions of `registrations`, with the records of their verifications.
    pub(crate) async fn exported(&self, registrations: &[Uuid]) -> Result<Vec<Exported>, Error> {
        let rows = code::Entity::find()
            .filter(code::Column::RegistrationId.is_in(registrations.iter().copied()))
            .filter(code::Column::Revision.gt(i32::from(NO_REVISION)))
            .order_by_asc(code::Column::CreateTime)
            .order_by_asc(code::Column::Id)
            .all(self.database.reader())
            .await?;
        let mut codes = Vec::new();
        for row in rows {
            let records = entity::Entity::find()
                .filter(entity::Column::CodeId.eq(row.id))
                .order_by_desc(entity::Column::CreateTime)
                .order_by_desc(entity::Column::Id)
                .all(self.database.reader())
                .await?;
            codes.push(Exported {
                registration: row.registration_id,
                code: CodeId::from_bytes(*row.id.as_bytes()),
                revision: row.revision,
                create_time: instant(row.create_time)?,
                records: records.into_iter().map(read).collect::<Result<_, _>>()?,
            });
        }
        Ok(codes)
    }

    /// How many records there are of each verdict and group, at most one more than [`MOST_COUNTS`].
    pub(crate) async fn count_verifications(
        &self,
        filter: &Filter,
        grouping: Grouping,
    ) -> Result<Vec<Count>, Error> {
        let find = filtered(filter);
        match grouping {
            Grouping::Verdict => {
                let counts = self.counts::<String>(find, Expr::col(entity::Column::Verdict)).await?;
                counts
                    .into_iter()
                    .map(|(_, verdict, count)| read_count(Group::All, &verdict, count))
                    .collect()
            }
            Grouping::Checkpoint => {
                let counts = self.counts(find, Expr::col(entity::Column::Checkpoint)).await?;
                let read = |(checkpoint, verdict, count): (_, String, _)| {
                    read_count(Group::Checkpoint(checkpoint), &verdict, count)
                };
                counts.into_iter().map(read).collect()
            }
            Grouping::Hour => {
                let counts = self.counts::<i64>(find, Expr::cust(format!("create_time / {HOUR}"))).await?;
                let read = |(hour, verdict, count): (i64, String, _)| {
                    read_count(Group::Hour(instant(hour.saturating_mul(HOUR))?), &verdict, count)
                };
                counts.into_iter().map(read).collect()
            }
        }
    }

    /// Group, verdict and number of what `find` finds, in this order.
    async fn counts<G: TryGetable>(
        &self,
        find: Select<entity::Entity>,
        group: impl Into<SimpleExpr>,
    ) -> Result<Vec<(G, String, i64)>, DbErr> {
        let group = group.into();
        find.select_only()
            .expr_as(group.clone(), "grouped_by")
            .column(entity::Column::Verdict)
            .expr_as(Expr::cust("count(*)"), "verifications")
            .group_by(group.clone())
            .group_by(entity::Column::Verdict)
            .order_by_with_nulls(group, Order::Asc, NullOrdering::First)
            .order_by_asc(entity::Column::Verdict)
            .limit(MOST_COUNTS as u64 + 1)
            .into_tuple()
            .all(self.database.reader())
            .await
    }

    /// Forgets some of the records from before `limit`, and says how many. One copy at a time: two would only read the same rows.
    pub(crate) async fn forget_verifications(&self, limit: OffsetDateTime) -> Result<u64, DbErr> {
        let transaction = self.database.begin().await?;
        hold(&transaction, [FORGETTING]).await?;
        let some = format!(
            "DELETE FROM verifications WHERE id IN \
             (SELECT id FROM verifications WHERE create_time < {} ORDER BY create_time LIMIT {AT_ONCE})",
            micros(limit)
        );
        let forgotten = transaction.execute_unprepared(&some).await?.rows_affected();
        transaction.commit().await?;
        Ok(forgotten)
    }
}

/// When each registration was first found good in `findings`.
fn earliest(findings: &[Finding]) -> BTreeMap<Uuid, OffsetDateTime> {
    let mut earliest = BTreeMap::new();
    for Finding { record, first_verified } in findings {
        for registration in first_verified {
            let time = earliest.entry(*registration).or_insert(record.time);
            *time = Ord::min(record.time, *time);
        }
    }
    earliest
}

fn filtered(filter: &Filter) -> Select<entity::Entity> {
    let Filter { checkpoint, code, verdict, from, before } = filter;
    let conditions = Condition::all()
        .add_option(checkpoint.as_ref().map(|it| entity::Column::Checkpoint.eq(it.as_str())))
        .add_option(code.map(|it| entity::Column::CodeId.eq(Uuid::from_bytes(*it.as_bytes()))))
        .add_option(verdict.map(|it| entity::Column::Verdict.eq(it.word())))
        .add_option(from.map(|it| entity::Column::CreateTime.gte(micros(it))))
        .add_option(before.map(|it| entity::Column::CreateTime.lt(micros(it))));
    entity::Entity::find().filter(conditions)
}

/// What comes behind `last` when the newest are first.
fn older_than(last: &entity::Model) -> Condition {
    let earlier = entity::Column::CreateTime.lt(last.create_time);
    let at_once = entity::Column::CreateTime.eq(last.create_time).and(entity::Column::Id.lt(last.id));
    // Said twice: an index is not searched by an OR.
    let not_later = entity::Column::CreateTime.lte(last.create_time);
    Condition::all().add(not_later).add(earlier.or(at_once))
}

fn read(row: entity::Model) -> Result<Record, Error> {
    let checkpoint = row.checkpoint.as_deref().map_or(Ok(None), Checkpoint::read);
    Ok(Record {
        id: row.id,
        time: instant(row.create_time)?,
        checkpoint: checkpoint.map_err(|_| Error::Corrupt("the name of a checkpoint"))?,
        verdict: read_verdict(&row.verdict)?,
        code: row.code_id.map(|id| CodeId::from_bytes(*id.as_bytes())),
        caller: row.caller,
    })
}

fn read_count(group: Group, verdict: &str, count: i64) -> Result<Count, Error> {
    Ok(Count { group, verdict: read_verdict(verdict)?, records: count })
}

fn read_verdict(word: &str) -> Result<Verdict, Error> {
    Verdict::from_word(word).ok_or(Error::Corrupt("an unknown verdict"))
}
