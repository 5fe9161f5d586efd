//! How the codes of registrations stand, and changing it.
//!
//! That a registration's codes are revoked says the code of no revision, which is revoked with them and left behind: so that codes of later
//! revisions, or the first one, are revoked too. The first release knows it in the same way.

use std::collections::HashMap;

use entrypass_db::{hold, instant, micros};
use entrypass_token::CodeId;
use entrypass_verifier::WithdrawalKind as Kind;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict, UnionType},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    NO_REVISION, Pen, Store,
    codes::{self, state_name},
    entity::{code, suspension},
    withdrawals,
};
use crate::{
    code::{self as domain, CodeState},
    error::Error,
    standing::{Change, Final, Reason, Revocation, Standing, Suspension},
};

/// Standings of some registrations. Who is not in it has codes that count.
pub(crate) type Standings = HashMap<Uuid, Standing>;

impl Store {
    /// The registrations whose codes have these ids; ids that were never recorded are left out.
    pub(crate) async fn registrations_of(&self, ids: &[CodeId]) -> Result<HashMap<CodeId, Uuid>, DbErr> {
        let find = code::Entity::find()
            .filter(code::Column::Id.is_in(ids.iter().map(|id| Uuid::from_bytes(*id.as_bytes()))))
            .filter(code::Column::Revision.gt(i32::from(NO_REVISION)));
        let rows = find.all(self.database.reader()).await?.into_iter();
        Ok(rows.map(|row| (CodeId::from_bytes(*row.id.as_bytes()), row.registration_id)).collect())
    }

    /// How the codes of `registrations` stand `now`.
    pub(crate) async fn standings(
        &self,
        registrations: &[Uuid],
        now: OffsetDateTime,
    ) -> Result<Standings, Error> {
        standings(self.database.reader(), registrations, now).await
    }

    /// Those of `registrations` whose codes do not count `now`, suspended or revoked. As [`Self::standings`], with one statement: it is asked
    /// for while somebody waits at a checkpoint.
    pub(crate) async fn withdrawn(
        &self,
        registrations: Vec<Uuid>,
        now: OffsetDateTime,
    ) -> Result<HashMap<Uuid, CodeState>, DbErr> {
        if registrations.is_empty() {
            return Ok(HashMap::new());
        }
        let revoked = code::Entity::find()
            .select_only()
            .column(code::Column::RegistrationId)
            .expr_as(Expr::val(true), "revoked")
            .filter(code::Column::RegistrationId.is_in(registrations.iter().copied()))
            .filter(code::Column::Revision.eq(i32::from(NO_REVISION)))
            .into_query();
        let both = suspension::Entity::find()
            .select_only()
            .column(suspension::Column::RegistrationId)
            .expr_as(Expr::val(false), "revoked")
            .filter(suspension::Column::RegistrationId.is_in(registrations))
            .filter(suspension::Column::Until.gt(micros(now)))
            .into_query()
            .union(UnionType::All, revoked)
            .to_owned();
        let mut withdrawn = HashMap::new();
        for row in self.database.reader().query_all(&both).await? {
            let (registration, revoked) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            if revoked {
                withdrawn.insert(registration, CodeState::Revoked);
            } else {
                withdrawn.entry(registration).or_insert(CodeState::Suspended);
            }
        }
        Ok(withdrawn)
    }
}

/// Makes changes in their order, and says how the codes stand after each and how many were revoked. One that is refused changes nothing, and
/// stops no other.
pub(crate) async fn change(
    transaction: &DatabaseTransaction,
    changes: &[(Uuid, Change)],
    pen: &Pen<'_>,
) -> Result<(Vec<Result<Standing, Final>>, usize), Error> {
    let registrations: Vec<_> = changes.iter().map(|(registration, _)| *registration).collect();
    // As in `record`: what is recorded meanwhile must see the change, or be seen here.
    hold(transaction, registrations.iter().copied()).await?;
    let before = standings(transaction, &registrations, pen.now).await?;
    let mut after = before.clone();
    let mut results = Vec::with_capacity(changes.len());
    for (registration, change) in changes {
        let standing = after.entry(*registration).or_insert(Standing::Active);
        let result = standing.after(*change, pen.now);
        *standing = result.unwrap_or(*standing);
        results.push(result);
    }
    let revoked = write(transaction, &before, &after, pen).await?;
    Ok((results, revoked))
}

/// As [`Store::standings`].
async fn standings(
    connection: &impl ConnectionTrait,
    registrations: &[Uuid],
    now: OffsetDateTime,
) -> Result<Standings, Error> {
    let suspended = suspension::Entity::find()
        .filter(suspension::Column::RegistrationId.is_in(registrations.iter().copied()))
        .filter(suspension::Column::Until.gt(micros(now)));
    let revoked = code::Entity::find()
        .filter(code::Column::RegistrationId.is_in(registrations.iter().copied()))
        .filter(code::Column::Revision.eq(i32::from(NO_REVISION)));
    let mut standings = Standings::new();
    for row in suspended.all(connection).await? {
        standings.insert(row.registration_id, Standing::Suspended(read_suspension(&row)?));
    }
    for row in revoked.all(connection).await? {
        standings.insert(row.registration_id, Standing::Revoked(read_revocation(&row)?));
    }
    Ok(standings)
}

/// Forgets suspensions that have ended before `now`, some at a time, and says how many.
pub(super) async fn forget_ended(
    connection: &impl ConnectionTrait,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    let statement = format!(
        "DELETE FROM suspensions WHERE registration_id IN \
         (SELECT registration_id FROM suspensions WHERE until < {} LIMIT {})",
        micros(now),
        super::AT_ONCE
    );
    Ok(connection.execute_unprepared(&statement).await?.rows_affected())
}

/// What differs between two standings of the same registrations.
#[derive(Default)]
struct Difference {
    revoked: HashMap<Revocation, Vec<Uuid>>,
    /// Revoked before, and now known as fraud.
    frauds: Vec<Uuid>,
    suspended: Vec<(Uuid, Suspension)>,
    reinstated: Vec<Uuid>,
}

impl Difference {
    fn between(before: &Standings, after: &Standings) -> Self {
        let mut difference = Self::default();
        for (registration, after) in after {
            let before = before.get(registration).copied().unwrap_or(Standing::Active);
            match (before, *after) {
                (before, after) if before == after => {}
                (Standing::Revoked(_), _) => difference.frauds.push(*registration),
                (_, Standing::Revoked(revocation)) => {
                    difference.revoked.entry(revocation).or_default().push(*registration);
                }
                (_, Standing::Suspended(suspension)) => {
                    difference.suspended.push((*registration, suspension));
                }
                (_, Standing::Active) => difference.reinstated.push(*registration),
            }
        }
        difference
    }
}

/// Writes down what differs, and for those who verify without a network; says how many codes were revoked.
async fn write(
    transaction: &DatabaseTransaction,
    before: &Standings,
    after: &Standings,
    pen: &Pen<'_>,
) -> Result<usize, Error> {
    let Difference { revoked, frauds, suspended, reinstated } = Difference::between(before, after);
    let mut withdrawn = Vec::new();
    for (revocation, registrations) in revoked {
        let codes = revoke(transaction, &revocation, &registrations, pen).await?;
        withdrawn.extend(codes.into_iter().map(|code| (code, Kind::Revoked)));
    }
    let count = withdrawn.len();
    if !frauds.is_empty() {
        mark_as_fraud(transaction, &frauds).await?;
    }
    if !suspended.is_empty() {
        suspend(transaction, &suspended).await?;
        let until: HashMap<_, _> = suspended.iter().map(|(id, suspension)| (*id, suspension.until)).collect();
        for (registration, code) in active_codes(transaction, until.keys().copied()).await? {
            let until = until.get(&registration).copied().unwrap_or(pen.now).unix_timestamp();
            withdrawn.push((code, Kind::Suspended { until }));
        }
    }
    if !reinstated.is_empty() {
        let lift = suspension::Entity::delete_many()
            .filter(suspension::Column::RegistrationId.is_in(reinstated.iter().copied()));
        lift.exec(transaction).await?;
        let codes = active_codes(transaction, reinstated.iter().copied()).await?;
        withdrawn.extend(codes.into_iter().map(|(_, code)| (code, Kind::Reinstated)));
    }
    withdrawals::add(transaction, &withdrawn, pen).await?;
    Ok(count)
}

/// Revokes every code of `registrations`, and gives those that were not revoked before.
async fn revoke(
    transaction: &DatabaseTransaction,
    revocation: &Revocation,
    registrations: &[Uuid],
    pen: &Pen<'_>,
) -> Result<Vec<Uuid>, DbErr> {
    let reason = revocation.reason.map(Reason::word);
    let revoked = code::Entity::update_many()
        .col_expr(code::Column::State, state_name(CodeState::Revoked).into())
        .col_expr(code::Column::Reason, reason.into())
        .col_expr(code::Column::Fraud, revocation.fraud.into())
        .col_expr(code::Column::StateTime, micros(revocation.since).into())
        .filter(code::Column::RegistrationId.is_in(registrations.iter().copied()))
        .filter(code::Column::State.ne(state_name(CodeState::Revoked)))
        .exec_with_returning(transaction)
        .await?;
    let left_behind = registrations.iter().map(|registration| code::ActiveModel {
        reason: Set(reason.map(str::to_owned)),
        fraud: Set(revocation.fraud),
        state_time: Set(Some(micros(revocation.since))),
        ..codes::row(*registration, NO_REVISION, CodeState::Revoked, domain::new_id(pen.random), pen.now)
    });
    codes::insert_new(transaction, left_behind).await?;
    Ok(revoked.into_iter().map(|row| row.id).collect())
}

async fn mark_as_fraud(transaction: &DatabaseTransaction, registrations: &[Uuid]) -> Result<(), DbErr> {
    let update = code::Entity::update_many()
        .col_expr(code::Column::Fraud, true.into())
        .filter(code::Column::RegistrationId.is_in(registrations.iter().copied()));
    update.exec(transaction).await.map(drop)
}

async fn suspend(transaction: &DatabaseTransaction, suspended: &[(Uuid, Suspension)]) -> Result<(), DbErr> {
    let rows = suspended.iter().map(|(registration, suspension)| suspension::ActiveModel {
        registration_id: Set(*registration),
        until: Set(micros(suspension.until)),
        reason: Set(suspension.reason.word().to_owned()),
        create_time: Set(micros(suspension.since)),
    });
    let columns = [suspension::Column::Until, suspension::Column::Reason, suspension::Column::CreateTime];
    let in_place = OnConflict::column(suspension::Column::RegistrationId).update_columns(columns).to_owned();
    let insert = suspension::Entity::insert_many(rows).on_conflict(in_place);
    insert.exec_without_returning(transaction).await.map(drop)
}

/// The codes of `registrations` that are neither superseded nor revoked, with the registration of each.
async fn active_codes(
    connection: &impl ConnectionTrait,
    registrations: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    let find = code::Entity::find()
        .select_only()
        .columns([code::Column::RegistrationId, code::Column::Id])
        .filter(code::Column::RegistrationId.is_in(registrations))
        .filter(code::Column::State.eq(state_name(CodeState::Active)));
    find.into_tuple().all(connection).await
}

pub(super) fn read_suspension(row: &suspension::Model) -> Result<Suspension, Error> {
    let reason = Reason::from_word(&row.reason).ok_or(Error::Corrupt("an unknown reason"))?;
    Ok(Suspension { until: instant(row.until)?, reason, since: instant(row.create_time)? })
}

pub(super) fn read_revocation(row: &code::Model) -> Result<Revocation, Error> {
    let known = |word: &String| Reason::from_word(word).ok_or(Error::Corrupt("an unknown reason"));
    let reason = row.reason.as_ref().map(known).transpose()?;
    let since = instant(row.state_time.unwrap_or(row.create_time))?;
    Ok(Revocation { reason, fraud: row.fraud, since })
}
