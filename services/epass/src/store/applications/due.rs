//! What is due by time: applications that nobody touched for too long, and identities to be verified.

use entrypass_db::micros;
use entrypass_seal::Sealer;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{LockBehavior, LockType},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{application, read, update_application};
use crate::{
    application::{Application, State, Task},
    store::notes::{evidence_place, unsealable},
};

/// Applications that one transaction ends at most.
const AT_ONCE: u64 = 200;

/// Writes down that the time of some applications is over, and says of how many: call it until that is none.
pub(crate) async fn lapse(
    transaction: &impl ConnectionTrait,
    sealer: &Sealer,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    let over = application::Entity::find()
        .filter(application::COLUMN.lapse_time.lte(micros(now)))
        // The release before moves on what was returned, and leaves the hour as it is.
        .filter(application::COLUMN.state.is_in(State::LAPSING.map(State::word)))
        .limit(AT_ONCE)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let mut lapsed = 0;
    for row in over.all(transaction).await? {
        let ended = read(sealer, &row)?.at(now);
        lapsed += u64::from(update_application(transaction, sealer, &ended).await?);
    }
    Ok(lapsed)
}

/// At most `most` applications whose holders are to be verified by now, the longest due first.
pub(crate) async fn to_verify(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    most: u64,
    now: OffsetDateTime,
) -> Result<Vec<Application>, DbErr> {
    let due = application::Entity::find()
        .filter(application::COLUMN.next_try.lte(micros(now)))
        .order_by_asc(application::COLUMN.next_try)
        .limit(most);
    due.all(connection).await?.iter().map(|row| read(sealer, row)).collect()
}

/// Puts `task` in the place of that of `application`; `false` when that is another by now.
pub(crate) async fn set_task(
    connection: &impl ConnectionTrait,
    application: &Application,
    task: Task,
) -> Result<bool, DbErr> {
    let set = application::Entity::update_many()
        .col_expr(application::Column::NextTry, micros(task.next).into())
        .col_expr(application::Column::Tries, task.tries.into())
        .filter(application::COLUMN.id.eq(application.id))
        .filter(application::COLUMN.revision.eq(application.revision))
        .filter(application::COLUMN.next_try.eq(application.task.map(|task| micros(task.next))));
    Ok(set.exec(connection).await?.rows_affected == 1)
}

/// Keeps what the verification of the application `id` is to be given; it goes with the task.
pub(crate) async fn set_evidence(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    id: Uuid,
    evidence: &[u8],
) -> Result<(), DbErr> {
    let kept = (!evidence.is_empty()).then(|| sealer.seal(&evidence_place(&id), evidence));
    application::Entity::update_many()
        .col_expr(application::Column::SealedEvidence, kept.into())
        .filter(application::COLUMN.id.eq(id))
        .exec(connection)
        .await
        .map(drop)
}

/// What the verification of the application `id` is to be given.
pub(crate) async fn evidence(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    id: Uuid,
) -> Result<Vec<u8>, DbErr> {
    let row = application::Entity::find_by_id(id).one(connection).await?;
    let kept = row.and_then(|row| row.sealed_evidence);
    let opened = kept.map(|kept| sealer.open(&evidence_place(&id), &kept)).transpose();
    Ok(opened
        .map_err(|error| unsealable("sealed_evidence", error))?
        .map(|it| it.to_vec())
        .unwrap_or_default())
}
