//! What a database's errors mean to a service.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError, SqlxSqliteError};

/// SQLSTATE classes and codes of PostgreSQL (Appendix A of its manual) after which the same call can succeed: the connection broke
/// (08), resources ran out (53), the server stops or starts (57P), a transaction lost against another (40), a lock was waited for too
/// long (55P03), the time for a statement or an idle transaction was over (57014, 25P03), or a fail-over left a read-only server (25006).
const PASSING: [&str; 8] = ["08", "53", "57P", "40", "55P03", "57014", "25P03", "25006"];

/// Result codes of SQLite that pass: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN. A disk that is full or mounted read-only is
/// an operator's to mend, and then the same call succeeds. Extended codes have more in their higher bits.
const PASSING_SQLITE: [i32; 6] = [5, 6, 8, 10, 13, 14];

/// Whether `error` says that a unique constraint or index refused the row.
#[must_use]
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether `error` says that the database cannot be reached, is busy, or undid this transaction for another's sake, so that trying
/// again later can help.
#[must_use]
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            passes(error)
        }
        _ => false,
    }
}

fn passes(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed
        // A connection that breaks in the middle of a message is told as a protocol error.
        | SqlxError::Protocol(_) => true,
        SqlxError::Database(error) => {
            let code = error.code().unwrap_or_default();
            match code.parse::<i32>() {
                // SQLSTATE has five characters, SQLite's codes at most four digits.
                Ok(code) if error.try_downcast_ref::<SqlxSqliteError>().is_some() => {
                    PASSING_SQLITE.contains(&(code & 0xff))
                }
                _ => PASSING.iter().any(|class| code.starts_with(class)),
            }
        }
        _ => false,
    }
}
