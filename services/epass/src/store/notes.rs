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
