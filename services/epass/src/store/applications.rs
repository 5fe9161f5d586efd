//! Applications: rows to domain values and back, each write and each question.

use entrypass_db::{instant, micros};
use entrypass_rpc::{PageRequest, PageToken};
use entrypass_seal::Sealer;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::{
    changes::add_change,
    do_nothing,
    entity::application,
    notes::{note_place, unsealable},
    unreadable,
};
use crate::{
    application::{Application, State},
    change::Change,
    text::Note,
};

/// Keeps a new application, and tells of it; `false` when the person has one open already. The transaction holds the person.
pub(crate) async fn insert_application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    application: &Application,
) -> Result<bool, DbErr> {
    let insert = application::Entity::insert(application_row(sealer, application)).on_conflict(do_nothing());
    if insert.exec_without_returning(connection).await? != 1 {
        return Ok(false);
    }
    add_change(connection, Change::of_application(application)).await?;
    Ok(true)
}

/// Replaces the revision before by this one, and tells of it; `false` when somebody else did so first. The transaction holds the person.
pub(crate) async fn update_application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    application: &Application,
) -> Result<bool, DbErr> {
    let update = application::Entity::update_many()
        .set(application_row(sealer, application))
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
        .map(|row| read_application(sealer, row))
        .transpose()
}

/// The last application of a person.
pub(crate) async fn last_application(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
) -> Result<Option<Application>, DbErr> {
    let last = application::Entity::find()
        .filter(application::COLUMN.traveller.eq(traveller))
        .order_by_desc(application::COLUMN.ordinal)
        .limit(1);
    last.one(connection).await?.as_ref().map(|row| read_application(sealer, row)).transpose()
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
    all.all(connection).await?.iter().map(|row| read_application(sealer, row)).collect()
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
    open.all(connection).await?.iter().map(|row| read_application(sealer, row)).collect()
}

/// One page of applications, oldest first, and where the next one begins.
pub(crate) async fn applications(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    state: Option<State>,
    page: PageRequest,
) -> Result<(Vec<Application>, Option<PageToken>), DbErr> {
    let mut find = application::Entity::find().order_by_asc(application::COLUMN.id).limit(page.size + 1);
    if let Some(state) = state {
        find = find.filter(application::COLUMN.state.eq(state.word()));
    }
    if let Some(PageToken(last)) = page.after {
        find = find.filter(application::COLUMN.id.gt(last));
    }
    let rows = find.all(connection).await?;
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    let page =
        rows.iter().take(size).map(|row| read_application(sealer, row)).collect::<Result<Vec<_>, _>>()?;
    let next = page.last().filter(|_| more).map(|last| PageToken(last.id));
    Ok((page, next))
}

fn application_row(sealer: &Sealer, application: &Application) -> application::ActiveModel {
    let note = application.review_note.as_str();
    let sealed_note = (!note.is_empty()).then(|| sealer.seal(&note_place(&application.id), note.as_bytes()));
    application::ActiveModel {
        id: Set(application.id),
        traveller: Set(application.traveller),
        registration: Set(application.registration),
        ordinal: Set(application.ordinal),
        state: Set(application.state.word().to_owned()),
        sealed_note: Set(sealed_note),
        submission_count: Set(application.submission_count),
        revision: Set(application.revision),
        create_time: Set(micros(application.create_time)),
        update_time: Set(micros(application.update_time)),
    }
}

fn read_application(sealer: &Sealer, row: &application::Model) -> Result<Application, DbErr> {
    let opened = row.sealed_note.as_ref().map(|sealed| sealer.open(&note_place(&row.id), sealed)).transpose();
    let opened = opened.map_err(unsealable)?.unwrap_or_default();
    let note = std::str::from_utf8(&opened).map_err(|_| unreadable("applications.sealed_note"))?;
    Ok(Application {
        id: row.id,
        traveller: row.traveller,
        registration: row.registration,
        ordinal: row.ordinal,
        state: State::from_word(&row.state).ok_or_else(|| unreadable("applications.state"))?,
        review_note: Note::new(note).map_err(|_| unreadable("applications.sealed_note"))?,
        submission_count: row.submission_count,
        revision: row.revision,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
    })
}

#[cfg(test)]
mod tests {
    use entrypass_db::Database;
    use entrypass_testkit::TestDatabase;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::update_application;
    use super::{Application, Note, State, application, insert_application, last_application};
    use crate::store::{Migrator, pass_of};

    async fn fresh() -> (TestDatabase, Database) {
        let place = TestDatabase::migrated::<Migrator>("epass").await;
        let database = Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer())
            .await
            .expect("a fresh database");
        (place, database)
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
            submission_count: 3,
            revision: 5,
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
        use State::{Approved, Rejected, ReturnedForCorrection, UnderReview};
        for open in [UnderReview, ReturnedForCorrection] {
            for (second, kept) in
                [(UnderReview, false), (ReturnedForCorrection, false), (Rejected, true), (Approved, true)]
            {
                let (_place, database) = fresh().await;
                assert_eq!(
                    insert_application(database.reader(), database.sealer(), &nth(1, open)).await,
                    Ok(true)
                );
                let found = insert_application(database.reader(), database.sealer(), &nth(2, second)).await;
                assert_eq!(found, Ok(kept), "{open:?} then {second:?}");
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
        assert_eq!(
            last_application(database.reader(), database.sealer(), next.traveller).await,
            Ok(Some(next))
        );
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
