//! What is sealed here, the notes of reviewers and authorities and evidence of identity: where each stands, and how it comes under the key that is in use.

use entrypass_db::{Database, RowsUnder, sealed};
use entrypass_seal::{Place, Purpose, Sealer, Unsealable};
use sea_orm::{
    ConnectionTrait as _, DbErr,
    sea_query::{Alias, Expr, ExprTrait as _, Query},
};
use uuid::Uuid;

use super::unreadable;
use crate::text::Note;

/// The sealed columns, each with its table.
const SEALED: [(&str, &str); 3] =
    [("applications", "sealed_note"), ("applications", "sealed_evidence"), ("pass_steps", "sealed_note")];

/// Where the note of the application `id` stands.
pub(super) fn note_place(id: &Uuid) -> Place<'_> {
    place("applications", "sealed_note", id)
}

/// Where the evidence of identity of the application `id` stands.
pub(super) fn evidence_place(id: &Uuid) -> Place<'_> {
    place("applications", "sealed_evidence", id)
}

/// The note of the step `id` of a pass as it is kept; nothing where nothing was noted.
pub(super) fn seal_step_note(sealer: &Sealer, id: &Uuid, note: &Note) -> Option<Vec<u8>> {
    let note = note.as_str();
    (!note.is_empty()).then(|| sealer.seal(&place("pass_steps", "sealed_note", id), note.as_bytes()))
}

/// Reads what [`seal_step_note`] made.
pub(super) fn open_step_note(sealer: &Sealer, id: &Uuid, kept: Option<&[u8]>) -> Result<Note, DbErr> {
    let opened = kept.map(|kept| sealer.open(&place("pass_steps", "sealed_note", id), kept)).transpose();
    let opened = opened.map_err(|error| unsealable("sealed_note", error))?.unwrap_or_default();
    let note = std::str::from_utf8(&opened).map_err(|_| unreadable("pass_steps.sealed_note"))?;
    Note::new(note).map_err(|_| unreadable("pass_steps.sealed_note"))
}

fn place<'p>(table: &'p str, column: &'p str, id: &'p Uuid) -> Place<'p> {
    Place { table, column, row: id.as_bytes() }
}

pub(super) fn unsealable(column: &str, error: Unsealable) -> DbErr {
    DbErr::Custom(format!("{column}: {error}"))
}

/// How many notes and how much evidence is sealed under each key.
///
/// # Errors
/// When the database fails.
pub async fn rows_under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    let mut rows = Vec::new();
    for (table, column) in SEALED {
        rows.extend(sealed::under_keys(database, table, column).await?);
    }
    Ok(rows)
}

/// Seals some values that are under another key anew under the one in use, `at_most` of each column, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails, or the ring lacks the key of a value.
pub async fn reseal(database: &Database, at_most: u64) -> Result<usize, DbErr> {
    let mut done = 0;
    for (table, column) in SEALED {
        done += reseal_column(database, table, column, at_most).await?;
    }
    Ok(done)
}

async fn reseal_column(
    database: &Database,
    table: &'static str,
    column: &'static str,
    at_most: u64,
) -> Result<usize, DbErr> {
    let sealer = database.sealer();
    let in_use = Sealer::front_of_sealed(sealer.keys().in_use(Purpose::Encryption));
    let mut others = Query::select();
    others.columns([Alias::new("id"), Alias::new(column)]).from(table);
    others.and_where(Expr::cust(sealed::front(column)).ne(in_use.to_vec())).limit(at_most);
    let rows = database.reader().query_all(&others).await?;
    let transaction = database.begin().await?;
    for row in &rows {
        let (id, before): (Uuid, Vec<u8>) = (row.try_get("", "id")?, row.try_get("", column)?);
        let anew = sealer.reseal(&place(table, column, &id), &before);
        let Some(after) = anew.map_err(|error| unsealable(column, error))? else { continue };
        let mut update = Query::update();
        update.table(table).value(column, after).and_where(Expr::col("id").eq(id));
        // What was written in the meantime stays.
        update.and_where(Expr::col(column).eq(before));
        transaction.execute(&update).await?;
    }
    transaction.commit().await?;
    Ok(rows.len())
}

#[cfg(test)]
mod tests {
    use entrypass_ambient::SeededRandom;
    use entrypass_db::{Database, RowsUnder};
    use entrypass_seal::Purpose;
    use entrypass_testkit::TestDatabase;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::{reseal, rows_under_keys};
    use crate::{
        application::{Applicant, Application},
        level::Declared,
        store::{self, Migrator, due},
        text::Note,
    };

    /// One application with a note, one with evidence, one with both and one with nothing.
    async fn kept(database: &Database) -> Vec<Application> {
        let now = datetime!(2026-11-22 08:00 UTC);
        let mut all = Vec::new();
        for (number, (note, evidence)) in (1..).zip([("好", ""), ("", "a"), ("好", "b"), ("", "")]) {
            let id = Uuid::from_u128(number);
            let applicant = Applicant {
                registration: id,
                traveller: id,
                registration_active: true,
                resident_id_card: true,
                declared: Declared { from_city: true, fever_since: None },
            };
            let draft = Application::drafted(id, &applicant, None, now, now);
            let review_note = Note::new(note).expect("a good note");
            let submitted = draft.submitted(id, now, now).expect("a draft");
            let application = Application { review_note, ..submitted };
            let (connection, sealer) = (database.reader(), database.sealer());
            store::insert_application(connection, sealer, &application).await.expect("kept");
            due::set_evidence(connection, sealer, id, evidence.as_bytes()).await.expect("kept");
            all.push(application);
        }
        all
    }

    #[tokio::test]
    async fn notes_and_evidence_come_under_the_next_key_and_stay_readable() {
        let place = TestDatabase::migrated::<Migrator>("epass").await;
        let database = Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await;
        let database = database.expect("a fresh database");
        let all = kept(&database).await;
        let ring = database.sealer().ring();
        let old = ring.keys().in_use(Purpose::Encryption);
        assert_eq!(reseal(&database, 10).await, Ok(0), "all are under the key in use");

        let (keys, new) = ring.keys().with_new(Purpose::Encryption, &SeededRandom::new(1));
        ring.replace(keys.with_newest_in_use(Purpose::Encryption));
        let under = |key| RowsUnder { purpose: Purpose::Encryption, key, rows: 2 };
        assert_eq!(rows_under_keys(&database).await, Ok(vec![under(old), under(old)]));
        assert_eq!((reseal(&database, 10).await, reseal(&database, 10).await), (Ok(4), Ok(0)));
        assert_eq!(rows_under_keys(&database).await, Ok(vec![under(new), under(new)]));
        ring.replace(ring.keys().without(Purpose::Encryption, old).expect("it is not in use"));
        for (application, evidence) in all.iter().zip(["", "a", "b", ""]) {
            let (reader, sealer) = (database.reader(), database.sealer());
            let found = store::application(reader, sealer, application.id).await;
            assert_eq!(found, Ok(Some(application.clone())));
            assert_eq!(due::evidence(reader, sealer, application.id).await, Ok(evidence.as_bytes().to_vec()));
        }
    }
}
