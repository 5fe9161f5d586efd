//! Bringing kept answers under the key that is in use, beside copies that write.

use entrypass_seal::{KeyId, Keys, Purpose, Sealer};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::Expr,
};

use super::{entity, place, row_of, unreadable};
use crate::{Database, RowsUnder, sealed};

/// How many answers are sealed under each key.
///
/// # Errors
/// When the database fails.
pub async fn under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    sealed::under_keys(database, "answers", "sealed").await
}

/// The key that some of the answers are sealed under, if it is not in the ring `keys`: not the last, for which there is no index.
///
/// # Errors
/// When the database fails.
pub async fn missing_key(database: &Database, keys: &Keys) -> Result<Option<(Purpose, KeyId)>, DbErr> {
    sealed::missing_key(database, keys, "answers", "sealed", "caller").await
}

/// Seals some answers that are under another key anew under the one in use, `at_most` of them, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails, or the ring lacks the key of an answer.
pub async fn reseal(database: &Database, at_most: u64) -> Result<usize, DbErr> {
    let sealer = database.sealer();
    let in_use = Sealer::front_of_sealed(sealer.keys().in_use(Purpose::Encryption));
    let others = entity::Entity::find()
        .filter(Expr::cust(sealed::front("sealed")).ne(in_use.to_vec()))
        .limit(at_most)
        .all(database.reader())
        .await?;
    let transaction = database.begin().await?;
    for row in &others {
        let (Some(before), id) = (&row.sealed, row_of(&row.caller, &row.request_id)) else { continue };
        let Some(after) = sealer.reseal(&place(&id), before).map_err(unreadable)? else { continue };
        entity::Entity::update_many()
            .col_expr(entity::Column::Sealed, after.into())
            .filter(entity::Column::Caller.eq(row.caller.as_str()))
            .filter(entity::Column::RequestId.eq(row.request_id.as_str()))
            // Whoever was erased in the meantime stays so.
            .filter(entity::Column::Sealed.eq(before.as_slice()))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(others.len())
}
