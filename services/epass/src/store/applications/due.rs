//! What is due by time: applications that nobody touched for too long, and identities to be verified.

use entrypass_db::{hold, micros};
use entrypass_seal::Sealer;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
    sea_query::{LockBehavior, LockType},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{application, read, update_application};
use crate::{
    application::{Application, State, Task},
    store::notes::{evidence_place, unsealable},
};

/// Applications that one transaction ends at most.
const AT_ONCE: u64 = 200;
/// How long the end of an application that cannot be read is put off: somebody may have brought its key back by then.
const NEXT_LAPSE: Duration = Duration::HOUR;

/// An application that cannot be read, as where the key is missing under which its note is sealed.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The application.
    pub(crate) application: Uuid,
    /// What is wrong with it; nothing of its person.
    pub(crate) error: DbErr,
}

/// Writes down that the time of some applications is over, and says of how many: call it until that is none. What cannot be read is told, put off by
/// [`NEXT_LAPSE`], and stops no other.
pub(crate) async fn lapse(
    transaction: &DatabaseTransaction,
    sealer: &Sealer,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    // The persons before any row of theirs, as everybody does.
    let candidates = over(now).order_by_asc(application::COLUMN.lapse_time).limit(AT_ONCE);
    let candidates = candidates.all(transaction).await?;
    hold(transaction, candidates.iter().map(|row| row.traveller)).await?;
    // Read again: whoever held a person may have moved theirs on.
    let still = over(now)
        .filter(application::COLUMN.id.is_in(candidates.iter().map(|row| row.id)))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let (rows, unreadable) = readable(still.all(transaction).await?, sealer);
    let mut lapsed = 0;
    for application in rows {
        lapsed += u64::from(update_application(transaction, sealer, &application.at(now)).await?);
    }
    for Unreadable { application, error } in unreadable {
        tracing::error!(%application, %error, "the time of an application is over, and it is not readable");
        let put_off = application::Entity::update_many()
            .col_expr(application::Column::LapseTime, micros(now + NEXT_LAPSE).into())
            .filter(application::COLUMN.id.eq(application));
        put_off.exec(transaction).await?;
    }
    Ok(lapsed)
}

/// The applications whose time is over by now.
fn over(now: OffsetDateTime) -> Select<application::Entity> {
    application::Entity::find()
        .filter(application::COLUMN.lapse_time.lte(micros(now)))
        // The release before moves on what was returned, and leaves the hour as it is.
        .filter(application::COLUMN.state.is_in(State::LAPSING.map(State::word)))
}

fn readable(rows: Vec<application::Model>, sealer: &Sealer) -> (Vec<Application>, Vec<Unreadable>) {
    let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows {
        match read(sealer, &row) {
            Ok(application) => readable.push(application),
            Err(error) => unreadable.push(Unreadable { application: row.id, error }),
        }
    }
    (readable, unreadable)
}

/// At most `most` applications whose holders are to be verified by now, the longest due first: those that can be read, and those that cannot.
pub(crate) async fn to_verify(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    most: u64,
    now: OffsetDateTime,
) -> Result<(Vec<Application>, Vec<Unreadable>), DbErr> {
    let due = application::Entity::find()
        .filter(application::COLUMN.next_try.lte(micros(now)))
        .order_by_asc(application::COLUMN.next_try)
        .limit(most);
    Ok(readable(due.all(connection).await?, sealer))
}

/// Lets the verification of the application `id` wait until `next`.
pub(crate) async fn postpone_verification(
    connection: &impl ConnectionTrait,
    id: Uuid,
    next: OffsetDateTime,
) -> Result<(), DbErr> {
    let put_off = application::Entity::update_many()
        .col_expr(application::Column::NextTry, micros(next).into())
        .filter(application::COLUMN.id.eq(id))
        .filter(application::COLUMN.next_try.is_not_null());
    put_off.exec(connection).await.map(drop)
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
