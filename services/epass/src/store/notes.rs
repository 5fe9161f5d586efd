//! Reviewers' notes, sealed: where each stands, and how they come under the key that is in use.

use entrypass_db::{Database, RowsUnder, sealed};
use entrypass_seal::{KeyId, Keys, Place, Purpose, Sealer, Unsealable};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

use super::entity::application;

/// Where the note of the application `id` stands.
pub(super) fn note_place(id: &Uuid) -> Place<'_> {
    Place { table: "applications", column: "sealed_note", row: id.as_bytes() }
}

pub(super) fn unsealable(error: Unsealable) -> DbErr {
    DbErr::Custom(format!("applications.sealed_note: {error}"))
}

/// How many notes are sealed under each key.
///
/// # Errors
/// When the database fails.
pub async fn rows_under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    sealed::under_keys(database, "applications", "sealed_note").await
}

/// The key that one of the last notes is sealed under, if it is not in the ring `keys`.
///
/// # Errors
/// When the database fails.
pub async fn missing_key(database: &Database, keys: &Keys) -> Result<Option<(Purpose, KeyId)>, DbErr> {
    sealed::missing_key(database, keys, "applications", "sealed_note", "id").await
}

/// Seals some notes that are under another key anew under the one in use, `at_most` of them, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails, or the ring lacks the key of a note.
pub async fn reseal(database: &Database, at_most: u64) -> Result<usize, DbErr> {
    let sealer = database.sealer();
    let in_use = Sealer::front_of_sealed(sealer.keys().in_use(Purpose::Encryption));
    let others = application::Entity::find()
        .filter(Expr::cust(sealed::front("sealed_note")).ne(in_use.to_vec()))
        .limit(at_most)
        .all(database.reader())
        .await?;
    let transaction = database.begin().await?;
    for row in &others {
        let Some(before) = &row.sealed_note else { continue };
        let Some(after) = sealer.reseal(&note_place(&row.id), before).map_err(unsealable)? else { continue };
        application::Entity::update_many()
            .col_expr(application::Column::SealedNote, after.into())
            .filter(application::COLUMN.id.eq(row.id))
            // What a review wrote in the meantime stays.
            .filter(application::Column::SealedNote.eq(before.as_slice()))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(others.len())
}
