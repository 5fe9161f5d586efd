//! What is sealed in applications, reviewers' notes and evidence of identity: where each stands, and how it comes under the key that is in use.

use entrypass_db::{Database, RowsUnder, sealed};
use entrypass_seal::{Place, Purpose, Sealer, Unsealable};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

use super::entity::application::{self, Column, Model};

/// A sealed column: its name, and its value in a row.
type Sealed = (&'static str, Column, fn(&Model) -> Option<&Vec<u8>>);

const SEALED: [Sealed; 2] = [
    ("sealed_note", Column::SealedNote, |row| row.sealed_note.as_ref()),
    ("sealed_evidence", Column::SealedEvidence, |row| row.sealed_evidence.as_ref()),
];

/// Where the note of the application `id` stands.
pub(super) fn note_place(id: &Uuid) -> Place<'_> {
    place("sealed_note", id)
}

/// Where the evidence of identity of the application `id` stands.
pub(super) fn evidence_place(id: &Uuid) -> Place<'_> {
    place("sealed_evidence", id)
}

fn place<'p>(column: &'p str, id: &'p Uuid) -> Place<'p> {
    Place { table: "applications", column, row: id.as_bytes() }
}

pub(super) fn unsealable(column: &str, error: Unsealable) -> DbErr {
    DbErr::Custom(format!("applications.{column}: {error}"))
}

/// How many notes and how much evidence is sealed under each key.
///
/// # Errors
/// When the database fails.
pub async fn rows_under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    let mut rows = Vec::new();
    for (column, ..) in SEALED {
        rows.extend(sealed::under_keys(database, "applications", column).await?);
    }
    Ok(rows)
}

/// Seals some values that are under another key anew under the one in use, `at_most` of each column, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails, or the ring lacks the key of a value.
pub async fn reseal(database: &Database, at_most: u64) -> Result<usize, DbErr> {
    let mut done = 0;
    for column in SEALED {
        done += reseal_column(database, column, at_most).await?;
    }
    Ok(done)
}

async fn reseal_column(
    database: &Database,
    (name, column, value): Sealed,
    at_most: u64,
) -> Result<usize, DbErr> {
    let sealer = database.sealer();
    let in_use = Sealer::front_of_sealed(sealer.keys().in_use(Purpose::Encryption));
    let others = application::Entity::find()
        .filter(Expr::cust(sealed::front(name)).ne(in_use.to_vec()))
        .limit(at_most)
        .all(database.reader())
        .await?;
    let transaction = database.begin().await?;
    for row in &others {
        let Some(before) = value(row) else { continue };
        let anew = sealer.reseal(&place(name, &row.id), before);
        let Some(after) = anew.map_err(|error| unsealable(name, error))? else { continue };
        application::Entity::update_many()
            .col_expr(column, after.into())
            .filter(application::COLUMN.id.eq(row.id))
            // What was written in the meantime stays.
            .filter(column.eq(before.as_slice()))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(others.len())
}
