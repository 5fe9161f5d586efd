//! Under which keys records and places are. They are never signed anew, so that a key that has signed one stays in the ring as long as
//! there are records.

use entrypass_db::{Database, RowsUnder};
use entrypass_seal::{KeyId, Keys, Purpose};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult, Statement};

/// How many records and places are under each audit key. What somebody inserted under an id that is none is not counted.
///
/// # Errors
/// When the database fails.
pub async fn rows_under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    let query = "SELECT key_id, count(*) AS count FROM \
                 (SELECT key_id FROM audit_records UNION ALL SELECT key_id FROM audit_chain) AS signed GROUP BY key_id";
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(statement).await?;
    let read = |row: &QueryResult| {
        let (key, count): (Vec<u8>, i64) = (row.try_get("", "key_id")?, row.try_get("", "count")?);
        let key = key.try_into().ok().map(KeyId::from_bytes);
        Ok(key.map(|key| RowsUnder { purpose: Purpose::Audit, key, rows: count.unsigned_abs() }))
    };
    rows.iter().map(read).filter_map(Result::transpose).collect()
}

/// The key of the last place, if it is not in the ring `keys`: that of a place and not of a record, since anybody who can write to the table can
/// insert a record under a key that never was, and none is ever removed.
///
/// # Errors
/// When the database fails.
pub async fn missing_key(database: &Database, keys: &Keys) -> Result<Option<(Purpose, KeyId)>, DbErr> {
    let query = "SELECT key_id FROM audit_chain ORDER BY position DESC LIMIT 1";
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    let Some(row) = database.reader().query_one_raw(statement).await? else { return Ok(None) };
    let key: Vec<u8> = row.try_get("", "key_id")?;
    let key = key.try_into().ok().map(KeyId::from_bytes);
    Ok(key.filter(|key| !keys.has(Purpose::Audit, *key)).map(|key| (Purpose::Audit, key)))
}
