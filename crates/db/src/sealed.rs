//! Which keys sealed rows are under: of columns whose content is sealed with a data key of its own, and of those that name a key.

use entrypass_seal::{KeyId, Keys, Purpose, Sealer};
use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use crate::Database;

/// Rows that are looked at for one that is sealed.
const SAMPLE: u32 = 1000;

/// How many rows are still under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsUnder {
    /// What the key is for.
    pub purpose: Purpose,
    /// The key.
    pub key: KeyId,
    /// How many need it.
    pub rows: u64,
}

/// The SQL expression for the first bytes of `column`, which say under which key it is sealed.
#[must_use]
pub fn front(column: &str) -> String {
    format!("substr({column}, 1, {})", Sealer::FRONT)
}

/// How many rows of `table` have a `column` sealed under each key.
///
/// # Errors
/// When the database fails, or the column is not sealed.
pub async fn under_keys(database: &Database, table: &str, column: &str) -> Result<Vec<RowsUnder>, DbErr> {
    let count = format!(
        "SELECT {front} AS front, count(*) AS count FROM {table} WHERE {column} IS NOT NULL GROUP BY {front}",
        front = front(column)
    );
    let statement = Statement::from_string(database.backend(), count);
    let rows = database.reader().query_all_raw(statement).await?;
    let read = |row: &sea_orm::QueryResult| {
        let (front, count): (Vec<u8>, i64) = (row.try_get("", "front")?, row.try_get("", "count")?);
        let key = Sealer::key_id_of(&front);
        let key = key.ok_or_else(|| DbErr::Type(format!("{table}.{column} is not sealed")))?;
        Ok(RowsUnder { purpose: Purpose::Encryption, key, rows: count.unsigned_abs() })
    };
    rows.iter().map(read).collect()
}

/// The key that one of the last rows of `table`, ordered by `order`, has its `column` sealed under, if that is not in the ring `keys`. Looks at so
/// few rows that it takes no time; with the ring of another database, every row says the same.
///
/// # Errors
/// When the database fails, or the column is not sealed.
pub async fn missing_key(
    database: &Database,
    keys: &Keys,
    table: &str,
    column: &str,
    order: &str,
) -> Result<Option<(Purpose, KeyId)>, DbErr> {
    let query = format!(
        "SELECT {front} AS front FROM (SELECT {column} FROM {table} ORDER BY {order} DESC LIMIT {SAMPLE}) AS last_rows \
         WHERE {column} IS NOT NULL LIMIT 1",
        front = front(column)
    );
    let statement = Statement::from_string(database.backend(), query);
    let Some(row) = database.reader().query_one_raw(statement).await? else { return Ok(None) };
    let front: Vec<u8> = row.try_get("", "front")?;
    let key =
        Sealer::key_id_of(&front).ok_or_else(|| DbErr::Type(format!("{table}.{column} is not sealed")))?;
    Ok(Some((Purpose::Encryption, key)).filter(|_| !keys.has(Purpose::Encryption, key)))
}

/// Every key that `column` of `table` names. One look at the column's index for each key, however many rows there are: it must have one.
///
/// # Errors
/// When the database fails, or the column names no key.
pub async fn keys_named(database: &Database, table: &str, column: &str) -> Result<Vec<KeyId>, DbErr> {
    let next =
        format!("SELECT {column} AS key_id FROM {table} WHERE {column} > $1 ORDER BY {column} LIMIT 1");
    let (mut keys, mut last) = (Vec::new(), Vec::new());
    loop {
        let statement = Statement::from_sql_and_values(database.backend(), &next, [last.clone().into()]);
        let Some(row) = database.reader().query_one_raw(statement).await? else { return Ok(keys) };
        last = row.try_get("", "key_id")?;
        let key = last.as_slice().try_into().map(KeyId::from_bytes);
        keys.push(key.map_err(|_| DbErr::Type(format!("{table}.{column} is no key id")))?);
    }
}
