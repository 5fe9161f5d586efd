//! The notes of reviewers and authorities, sealed: where each stands, and how they come under the key that is in use.

use entrypass_db::{Database, RowsUnder, sealed};
use entrypass_seal::{Place, Purpose, Sealer, Unsealable};
use sea_orm::{
    ConnectionTrait as _, DbErr,
    sea_query::{Alias, Expr, ExprTrait as _, Query},
};
use uuid::Uuid;

use super::unreadable;
use crate::text::Note;

/// The table of applications.
pub(super) const APPLICATIONS: &str = "applications";
/// The table of the steps of passes.
pub(super) const STEPS: &str = "pass_steps";
/// The column of the note in either.
const COLUMN: &str = "sealed_note";

/// A note of the row `id` of `table` as it is kept; nothing where nothing was noted.
pub(super) fn seal_note(sealer: &Sealer, table: &'static str, id: &Uuid, note: &Note) -> Option<Vec<u8>> {
    let note = note.as_str();
    (!note.is_empty()).then(|| sealer.seal(&place(table, id), note.as_bytes()))
}

/// Reads what [`seal_note`] made.
pub(super) fn open_note(
    sealer: &Sealer,
    table: &'static str,
    id: &Uuid,
    kept: Option<&[u8]>,
) -> Result<Note, DbErr> {
    let opened = kept.map(|kept| sealer.open(&place(table, id), kept)).transpose();
    let opened = opened.map_err(unsealable)?.unwrap_or_default();
    let note = std::str::from_utf8(&opened).map_err(|_| unreadable(COLUMN))?;
    Note::new(note).map_err(|_| unreadable(COLUMN))
}

/// Where the note of the application `id` stands.
pub(super) fn note_place(id: &Uuid) -> Place<'_> {
    place(APPLICATIONS, id)
}

fn place<'a>(table: &'static str, id: &'a Uuid) -> Place<'a> {
    Place { table, column: COLUMN, row: id.as_bytes() }
}

pub(super) fn unsealable(error: Unsealable) -> DbErr {
    DbErr::Custom(format!("{COLUMN}: {error}"))
}

/// How many notes are sealed under each key.
///
/// # Errors
/// When the database fails.
pub async fn rows_under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    let mut rows = sealed::under_keys(database, APPLICATIONS, COLUMN).await?;
    rows.extend(sealed::under_keys(database, STEPS, COLUMN).await?);
    Ok(rows)
}

/// Seals some notes that are under another key anew under the one in use, `at_most` of each table, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails, or the ring lacks the key of a note.
pub async fn reseal(database: &Database, at_most: u64) -> Result<usize, DbErr> {
    Ok(reseal_in(database, APPLICATIONS, at_most).await? + reseal_in(database, STEPS, at_most).await?)
}

async fn reseal_in(database: &Database, table: &'static str, at_most: u64) -> Result<usize, DbErr> {
    let sealer = database.sealer();
    let in_use = Sealer::front_of_sealed(sealer.keys().in_use(Purpose::Encryption));
    let mut others = Query::select();
    others.columns([Alias::new("id"), Alias::new(COLUMN)]).from(table);
    others.and_where(Expr::cust(sealed::front(COLUMN)).ne(in_use.to_vec())).limit(at_most);
    let rows = database.reader().query_all(&others).await?;
    let transaction = database.begin().await?;
    for row in &rows {
        let (id, before): (Uuid, Vec<u8>) = (row.try_get("", "id")?, row.try_get("", COLUMN)?);
        let Some(after) = sealer.reseal(&place(table, &id), &before).map_err(unsealable)? else { continue };
        let mut update = Query::update();
        update.table(table).value(COLUMN, after).and_where(Expr::col("id").eq(id));
        // What was written in the meantime stays.
        update.and_where(Expr::col(COLUMN).eq(before));
        transaction.execute(&update).await?;
    }
    transaction.commit().await?;
    Ok(rows.len())
}
