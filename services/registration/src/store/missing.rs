//! Whether a ring has the keys that rows are under: asked before the service works with it. With the ring of another database it would find
//! nobody by a document, and register everybody once more.

use entrypass_db::{Database, sealed};
use entrypass_seal::{KeyId, Keys, Purpose};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    entity::document,
    reseal::{index_keys, same_document},
};

/// The keys that rows are under and `keys` lacks: those of people's data keys, and index keys by which alone a document is found. A look at an
/// index for each key; where index keys are missing, at their rows too, up to the first that nothing else finds.
///
/// # Errors
/// When the database fails.
pub async fn missing_keys(database: &Database, keys: &Keys) -> Result<Vec<(Purpose, KeyId)>, DbErr> {
    let mut missing = Vec::new();
    for key in sealed::keys_named(database, "data_keys", "key_id").await? {
        if !keys.has(Purpose::Encryption, key) {
            missing.push((Purpose::Encryption, key));
        }
    }
    for key in sealed::keys_named(database, "documents", "index_key_id").await? {
        if !keys.has(Purpose::Index, key) && is_needed(database, keys, key).await? {
            missing.push((Purpose::Index, key));
        }
    }
    Ok(missing)
}

/// Whether there is a document under the index key `key` that no key of `keys` finds. Of a key that was retired, rows can be left that
/// nobody needs.
async fn is_needed(database: &Database, keys: &Keys, key: KeyId) -> Result<bool, DbErr> {
    let query = document::Entity::find()
        .filter(document::Column::IndexKeyId.eq(key.as_bytes().to_vec()))
        .filter(Expr::exists(same_document(index_keys(keys))).not())
        .limit(1);
    Ok(query.one(database.reader()).await?.is_some())
}
