//! Columns whose content is sealed with a data key of its own: under which keys they are.

use entrypass_seal::{KeyId, Purpose, Sealer};
use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use crate::Database;

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
