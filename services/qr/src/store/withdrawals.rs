//! What those who verify without a network must know of codes: which do not count although their content would still verify.
//!
//! A withdrawal is written in the transaction that makes a code stop to count, or count again. It gets the next version, and versions are
//! given while the one row of `bundle` is held, so that they become visible in their order: who has followed up to one has missed none. That makes
//! those who withdraw wait for each other, at the end of their transactions; issuing does not withdraw, unless an amendment is first heard of so.
//! The row is taken last of all locks.
//!
//! Of each code the last withdrawal is kept, and only for a day longer than content of it could verify. So the table stays as large as what is
//! withdrawn in that time, however many codes there are.

use entrypass_db::{hold, instant, micros};
use entrypass_token::CodeId;
use entrypass_verifier::{MAX_BUNDLE_SECONDS, Withdrawal, WithdrawalKind as Kind};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Statement,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    AT_ONCE, Pen, Store,
    entity::{bundle, withdrawal},
    keys,
};
use crate::error::Error;

/// PostgreSQL's channel on which copies tell each other that a version was given.
pub(crate) const CHANNEL: &str = "qr_bundle";
/// The one row of `bundle`.
const THE_BUNDLE: i32 = 1;
/// What is added to the time for which content verifies: the clocks of copies and verifiers are a minute apart at most, and between the hour
/// of a change and its commit lies a transaction.
const LEEWAY: Duration = Duration::minutes(3);
/// How much longer than it matters a withdrawal is kept: whoever holds an older bundle forgets a suspension by the hour of that bundle, and must learn until
/// then that it was lifted.
const KEPT_FOR_OLD_BUNDLES: Duration = Duration::seconds(MAX_BUNDLE_SECONDS);
/// The longest display time that any release could be set to.
const LONGEST_DISPLAY_EVER: Duration = Duration::days(1);
/// Held by the copy that removes withdrawals, so that others do not remove the same ones.
const REMOVAL: Uuid = Uuid::from_u128(0x7172_5f77_6974_6864_7261_7761_6c73_2121);

/// Which versions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Which sequence they belong to.
    pub(crate) feed: Uuid,
    /// The last one.
    pub(crate) version: u64,
}

impl Store {
    /// Which versions there are. The first call ever names the sequence.
    pub(crate) async fn extent(&self, pen: &Pen<'_>) -> Result<Extent, Error> {
        let found = bundle::Entity::find_by_id(THE_BUNDLE).one(self.database.reader()).await?;
        if let Some(row) = found {
            return extent(&row);
        }
        let transaction = self.database.begin().await?;
        begin(&transaction, pen).await?;
        transaction.commit().await?;
        let row = bundle::Entity::find_by_id(THE_BUNDLE).one(self.database.reader()).await?;
        extent(&row.ok_or(Error::Corrupt("no row of the bundle"))?)
    }

    /// What was withdrawn and reinstated after the version `since`; without one, what still matters `now` of all that is withdrawn.
    ///
    /// What is withdrawn meanwhile can be in it already: it is to be read after the version that it is said to go up to.
    pub(crate) async fn withdrawals(
        &self,
        since: Option<u64>,
        now: OffsetDateTime,
    ) -> Result<Vec<Withdrawal>, Error> {
        let find = withdrawal::Entity::find();
        let find = match since {
            Some(since) => {
                let since = i64::try_from(since).unwrap_or(i64::MAX);
                find.filter(withdrawal::Column::Version.gt(since)).order_by_asc(withdrawal::Column::Version)
            }
            None => find
                .filter(withdrawal::Column::DropTime.gt(micros(now)))
                .filter(withdrawal::Column::Kind.ne(kind_name(Kind::Reinstated))),
        };
        find.all(self.database.reader()).await?.iter().map(read).collect()
    }

    /// Tells of some of the codes that copies of the first release withdrew, which tell nobody; says how many it found. Call it until that is none.
    pub(crate) async fn tell_untold(&self, pen: &Pen<'_>) -> Result<usize, Error> {
        if !has_untold(self.database.reader()).await? {
            return Ok(0);
        }
        let transaction = self.database.begin().await?;
        hold(&transaction, [REMOVAL]).await?;
        let found = untold(&transaction).await?;
        let count = found.len();
        tell(&transaction, found, pen).await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// Removes some of what does not matter any more, and says how many rows. Call it until that is none.
    pub(crate) async fn remove_dropped(&self, now: OffsetDateTime) -> Result<u64, DbErr> {
        let transaction = self.database.begin().await?;
        hold(&transaction, [REMOVAL]).await?;
        let statement = format!(
            "DELETE FROM withdrawals WHERE version IN \
             (SELECT version FROM withdrawals WHERE drop_time < {} LIMIT {AT_ONCE})",
            micros(now - KEPT_FOR_OLD_BUNDLES)
        );
        let withdrawals = transaction.execute_unprepared(&statement).await?.rows_affected();
        let suspensions = super::standings::forget_ended(&transaction, now).await?;
        transaction.commit().await?;
        Ok(withdrawals + suspensions)
    }
}

/// Writes down what happened to some codes, each of which stands in it once.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    withdrawn: &[(Uuid, Kind)],
    pen: &Pen<'_>,
) -> Result<(), DbErr> {
    if withdrawn.is_empty() {
        return Ok(());
    }
    let first = take_versions(transaction, withdrawn.len(), pen).await?;
    // Read while the row is held, which a copy waits for that is about to sign for longer: it sees the codes withdrawn then.
    let longest = keys::longest_display(transaction).await?.unwrap_or(LONGEST_DISPLAY_EVER);
    let drop_time = pen.now + longest + LEEWAY;
    let rows =
        withdrawn.iter().zip(first..).map(|((code, kind), version)| row(*code, *kind, version, drop_time));
    insert(transaction, rows.collect()).await
}

/// Gives `count` versions in a row, and tells other copies; the first of them. Holds the bundle's row to the end of the transaction.
async fn take_versions(transaction: &DatabaseTransaction, count: usize, pen: &Pen<'_>) -> Result<i64, DbErr> {
    let count = i64::try_from(count).map_err(|_| DbErr::Type("too many withdrawals".to_owned()))?;
    let mut last = advance(transaction, count).await?;
    if last.is_none() {
        begin(transaction, pen).await?;
        last = advance(transaction, count).await?;
    }
    let last = last.ok_or_else(|| DbErr::RecordNotFound("the bundle's row".to_owned()))?;
    Ok(last - count + 1)
}

/// Gives a version to a change of the keys: an older bundle is not to be taken for as good as one that has it. Before the first bundle there
/// is nothing to tell them apart.
pub(super) async fn keys_changed(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    advance(transaction, 1).await.map(drop)
}

/// Holds the bundle's row, moves its version on, and tells other copies; `None` when there is no row yet.
async fn advance(transaction: &DatabaseTransaction, count: i64) -> Result<Option<i64>, DbErr> {
    let advance = bundle::Entity::update_many()
        .col_expr(bundle::Column::Version, Expr::col(bundle::Column::Version).add(count));
    let advanced = advance.exec_with_returning(transaction).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Those who hold the row are one after the other already: that PostgreSQL commits those who notify so costs nothing more.
        transaction.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
    }
    Ok(advanced.first().map(|row| row.version))
}

/// Makes the bundle's row, if there is none.
async fn begin(transaction: &DatabaseTransaction, pen: &Pen<'_>) -> Result<(), DbErr> {
    // After an operator has removed the row, so that another sequence begins, versions that were given are not given again.
    let last = withdrawal::Entity::find().order_by_desc(withdrawal::Column::Version).limit(1);
    let version = last.one(transaction).await?.map_or(0, |row| row.version);
    let feed = pen.random.uuid_v7(pen.now);
    let row = bundle::ActiveModel { id: Set(THE_BUNDLE), feed_id: Set(feed), version: Set(version) };
    let insert = bundle::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
    insert.exec_without_returning(transaction).await.map(drop)
}

/// Writes rows in place of earlier ones of the same codes. Nobody forgets an earlier one sooner than it would have been.
async fn insert(transaction: &DatabaseTransaction, rows: Vec<withdrawal::ActiveModel>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let later = "CASE WHEN excluded.drop_time > withdrawals.drop_time THEN excluded.drop_time \
                     ELSE withdrawals.drop_time END";
        let in_place = OnConflict::column(withdrawal::Column::CodeId)
            .update_columns([
                withdrawal::Column::Version,
                withdrawal::Column::Kind,
                withdrawal::Column::Until,
            ])
            .value(withdrawal::Column::DropTime, Expr::cust(later))
            .to_owned();
        let some: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
        let insert = withdrawal::Entity::insert_many(some).on_conflict(in_place);
        insert.exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// What a code has that a copy of the first release withdrew; the index `codes_untold` has those.
const UNTOLD: &str = "state <> 'ACTIVE' AND state_time IS NULL AND revision > 0";

/// Whether there is such a code. Asked before each bundle: so it is one look into the index, without what makes the query for them dear enough for
/// PostgreSQL to compile it.
async fn has_untold(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let query = format!("SELECT id FROM codes WHERE {UNTOLD} ORDER BY id LIMIT 1");
    let query = Statement::from_string(connection.get_database_backend(), query);
    Ok(connection.query_one_raw(query).await?.is_some())
}

/// A code that a copy of the first release withdrew: its id and state, and when it was withdrawn.
type Untold = (Uuid, String, Option<i64>);

/// Some of the codes that copies of the first release withdrew. When, can be seen by the code that did it: that of a later revision, or
/// the one of no revision.
async fn untold(connection: &impl ConnectionTrait) -> Result<Vec<Untold>, DbErr> {
    let query = format!(
        "SELECT codes.id, codes.state, (SELECT min(other.create_time) FROM codes AS other \
         WHERE other.registration_id = codes.registration_id \
         AND (other.revision > codes.revision OR other.revision = 0)) AS change_time \
         FROM codes WHERE {UNTOLD} ORDER BY id LIMIT {AT_ONCE}"
    );
    let query = Statement::from_string(connection.get_database_backend(), query);
    let rows = connection.query_all_raw(query).await?;
    let untold = |row: &sea_orm::QueryResult| {
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))
    };
    rows.iter().map(untold).collect()
}

async fn tell(transaction: &DatabaseTransaction, found: Vec<Untold>, pen: &Pen<'_>) -> Result<(), Error> {
    use super::entity::code;
    let ids = found.iter().map(|(id, ..)| *id);
    let told = code::Entity::update_many()
        .col_expr(code::Column::StateTime, micros(pen.now).into())
        .filter(code::Column::Id.is_in(ids));
    told.exec(transaction).await?;
    let mut matters = Vec::new();
    for (id, state, change_time) in found {
        let kind = if state == "REVOKED" { Kind::Revoked } else { Kind::Superseded };
        let change_time = change_time.map(instant).transpose()?.unwrap_or(pen.now);
        let drop_time = change_time + LONGEST_DISPLAY_EVER + LEEWAY;
        if drop_time > pen.now {
            matters.push((id, kind, drop_time));
        }
    }
    if matters.is_empty() {
        return Ok(());
    }
    let first = take_versions(transaction, matters.len(), pen).await?;
    let rows = matters.into_iter().zip(first..);
    let rows = rows.map(|((id, kind, drop_time), version)| row(id, kind, version, drop_time));
    Ok(insert(transaction, rows.collect()).await?)
}

fn row(code: Uuid, kind: Kind, version: i64, drop_time: OffsetDateTime) -> withdrawal::ActiveModel {
    let until = match kind {
        Kind::Suspended { until } => Some(until.saturating_mul(1_000_000)),
        Kind::Revoked | Kind::Superseded | Kind::Reinstated => None,
    };
    withdrawal::ActiveModel {
        version: Set(version),
        code_id: Set(code),
        kind: Set(kind_name(kind).to_owned()),
        until: Set(until),
        drop_time: Set(micros(drop_time)),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Revoked => "REVOKED",
        Kind::Superseded => "SUPERSEDED",
        Kind::Suspended { .. } => "SUSPENDED",
        Kind::Reinstated => "REINSTATED",
    }
}

fn read(row: &withdrawal::Model) -> Result<Withdrawal, Error> {
    let kind = match (row.kind.as_str(), row.until) {
        ("REVOKED", None) => Kind::Revoked,
        ("SUPERSEDED", None) => Kind::Superseded,
        ("SUSPENDED", Some(until)) => Kind::Suspended { until: instant(until)?.unix_timestamp() },
        ("REINSTATED", None) => Kind::Reinstated,
        _ => return Err(Error::Corrupt("an unknown kind of withdrawal")),
    };
    // Up to the next second: a bundle has whole ones, and nobody must forget sooner.
    let drop_time = instant(row.drop_time)?.unix_timestamp() + 1;
    Ok(Withdrawal { code_id: CodeId::from_bytes(*row.code_id.as_bytes()), kind, drop_time })
}

fn extent(row: &bundle::Model) -> Result<Extent, Error> {
    let version = u64::try_from(row.version).map_err(|_| Error::Corrupt("a version out of range"))?;
    Ok(Extent { feed: row.feed_id, version })
}
