//! Applications: each write and each question about one, or about one person's.
//!
//! The reviewers' queue is in [`queue`], what is due by time in [`due`], how a row looks in [`rows`]. What is read is as it stands; that its time is
//! over says [`Application::at`].

pub(crate) mod due;
pub(crate) mod queue;
mod rows;

use entrypass_seal::Sealer;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{changes::add_change, do_nothing, entity::application};
use crate::{
    application::{Application, State},
    change::Change,
};
use rows::{read, row_of};

pub(super) use rows::{read as read_application, read_last};

/// Keeps a new application, and tells of it; `false` when the person has one open already.
pub(crate) async fn insert_application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    application: &Application,
) -> Result<bool, DbErr> {
    let insert = application::Entity::insert(row_of(sealer, application)).on_conflict(do_nothing());
    if insert.exec_without_returning(connection).await? != 1 {
        return Ok(false);
    }
    add_change(connection, Change::of_application(application)).await?;
    Ok(true)
}

/// Replaces the revision before by this one, and tells of it; `false` when somebody else did so first.
pub(crate) async fn update_application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    application: &Application,
) -> Result<bool, DbErr> {
    let update = application::Entity::update_many()
        .set(row_of(sealer, application))
        .filter(application::COLUMN.id.eq(application.id))
        .filter(application::COLUMN.revision.eq(application.revision - 1));
    if update.exec(connection).await?.rows_affected != 1 {
        return Ok(false);
    }
    add_change(connection, Change::of_application(application)).await?;
    Ok(true)
}

/// The application `id`.
pub(crate) async fn application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    id: Uuid,
) -> Result<Option<Application>, DbErr> {
    application::Entity::find_by_id(id)
        .one(connection)
        .await?
        .as_ref()
        .map(|row| read(sealer, row))
        .transpose()
}

/// The application `id`, locked to the end of the transaction.
pub(crate) async fn hold_application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    id: Uuid,
) -> Result<Option<Application>, DbErr> {
    let found = application::Entity::find_by_id(id).lock_exclusive().one(connection).await?;
    found.as_ref().map(|row| read(sealer, row)).transpose()
}

/// All applications of a person, oldest first.
pub(crate) async fn applications_of(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
) -> Result<Vec<Application>, DbErr> {
    let all = application::Entity::find()
        .filter(application::COLUMN.traveller.eq(traveller))
        .order_by_asc(application::COLUMN.ordinal);
    all.all(connection).await?.iter().map(|row| read(sealer, row)).collect()
}

/// The open applications that were submitted last under `registration`, locked to the end of the transaction.
pub(crate) async fn hold_open_applications(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    registration: Uuid,
) -> Result<Vec<Application>, DbErr> {
    let open = application::Entity::find()
        .filter(application::COLUMN.registration.eq(registration))
        .filter(application::COLUMN.state.is_in(State::OPEN.map(State::word)))
        .lock_exclusive();
    open.all(connection).await?.iter().map(|row| read(sealer, row)).collect()
}

#[cfg(test)]
mod tests {
    use entrypass_db::Database;
    use entrypass_testkit::TestDatabase;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::{Application, State, application, insert_application, update_application};
    use crate::{
        application::{Claim, Finding, Outcome, Reviewer, Strength, Task},
        store::{Known, Migrator, pass_of},
        text::Note,
    };

    async fn fresh() -> (TestDatabase, Database) {
        let place = TestDatabase::migrated::<Migrator>("epass").await;
        let database = Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer())
            .await
            .expect("a fresh database");
        (place, database)
    }

    fn reviewer(word: &str) -> Reviewer {
        Reviewer::new("desk", word).expect("a good word")
    }

    /// The `ordinal`-th application of one person.
    fn nth(ordinal: i32, state: State) -> Application {
        let now = datetime!(2026-11-22 08:00:00.123_456 UTC);
        Application {
            // Later applications have smaller ids here, as after a clock was set back.
            id: Uuid::from_u128(100 - u128::try_from(ordinal).expect("positive")),
            traveller: Uuid::from_u128(1),
            registration: Uuid::from_u128(2),
            ordinal,
            state,
            review_note: Note::new("照片不清晰").expect("a good note"),
            reviewed_by: Some(reviewer("reviewer-16")),
            submission_count: 3,
            revision: 5,
            promise_time: Some(now + time::Duration::DAY),
            lapse_time: Some(now + time::Duration::WEEK),
            claim: Some(Claim { reviewer: reviewer("reviewer-17"), until: now + time::Duration::HOUR }),
            finding: Some(Finding {
                outcome: Outcome::Mismatch,
                strength: Some(Strength::RealName),
                failed_checks: vec!["NAME".to_owned(), "BIRTH_DATE".to_owned()],
                revision: Some(3),
            }),
            task: Some(Task { tries: 2, next: now + time::Duration::MINUTE }),
            create_time: now,
            update_time: now + time::Duration::MICROSECOND,
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_read_back() {
        let (_place, database) = fresh().await;
        let kept = nth(1, State::ReturnedForCorrection);
        assert!(insert_application(database.reader(), database.sealer(), &kept).await.expect("a database"));
        assert_eq!(application(database.reader(), database.sealer(), kept.id).await, Ok(Some(kept)));
        assert_eq!(application(database.reader(), database.sealer(), Uuid::nil()).await, Ok(None));
        assert_eq!(
            pass_of(database.reader(), Uuid::nil(), nth(1, State::Rejected).create_time).await,
            Ok(None)
        );
    }

    #[tokio::test]
    async fn the_database_itself_refuses_a_second_open_application() {
        let (_place, database) = fresh().await;
        let keep = async |application: Application| {
            insert_application(database.reader(), database.sealer(), &application).await.expect("a database")
        };
        let of = |person: u128, number: u128, ordinal, state| Application {
            id: Uuid::from_u128(1000 * person + number),
            traveller: Uuid::from_u128(person),
            ..nth(ordinal, state)
        };
        let mut person = 10;
        for open in State::OPEN {
            for second in State::ALL {
                person += 1;
                assert!(keep(of(person, 1, 1, open)).await);
                let kept = keep(of(person, 2, 2, second)).await;
                assert_eq!(kept, !State::OPEN.contains(&second), "{open:?} then {second:?}");
            }
        }
    }

    #[tokio::test]
    async fn two_applications_are_never_both_the_last() {
        let (_place, database) = fresh().await;
        assert_eq!(
            insert_application(database.reader(), database.sealer(), &nth(1, State::Rejected)).await,
            Ok(true)
        );
        let same = Application { id: Uuid::from_u128(7), ..nth(1, State::UnderReview) };
        assert_eq!(insert_application(database.reader(), database.sealer(), &same).await, Ok(false));
        let next = nth(2, State::UnderReview);
        assert_eq!(insert_application(database.reader(), database.sealer(), &next).await, Ok(true));
        let known = Known::read(database.reader(), &[next.traveller]).await.expect("a database");
        assert_eq!(known.last_application(database.sealer(), next.traveller), Ok(Some(next)));
    }

    #[tokio::test]
    async fn a_revision_replaces_only_the_one_before() {
        let (_place, database) = fresh().await;
        let first = nth(1, State::UnderReview);
        let next = Application { state: State::Rejected, revision: first.revision + 1, ..first.clone() };
        assert_eq!(insert_application(database.reader(), database.sealer(), &first).await, Ok(true));
        assert_eq!(update_application(database.reader(), database.sealer(), &next).await, Ok(true));
        assert_eq!(update_application(database.reader(), database.sealer(), &next).await, Ok(false));
        assert_eq!(application(database.reader(), database.sealer(), first.id).await, Ok(Some(next)));
    }
}
