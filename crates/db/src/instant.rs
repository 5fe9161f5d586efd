//! Instants as columns: Unix microseconds. Text times compare wrongly on SQLite, and PostgreSQL keeps no finer ones.

use sea_orm::DbErr;
use time::OffsetDateTime;

/// The column value of `instant`; every instant of the calendar fits.
#[must_use]
pub fn micros(instant: OffsetDateTime) -> i64 {
    instant.unix_timestamp() * 1_000_000 + i64::from(instant.microsecond())
}

/// The instant of a column value.
///
/// # Errors
/// When the value lies outside the calendar: nothing of ours wrote it.
pub fn instant(micros: i64) -> Result<OffsetDateTime, DbErr> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .map_err(|_| DbErr::Type("an instant outside the calendar".to_owned()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{instant, micros};

    #[test]
    fn an_instant_is_read_as_it_was_written() {
        for moment in [
            datetime!(2026-11-23 02:00:00.123_456 UTC),
            datetime!(1969-12-31 23:59:59.999_999 UTC),
            datetime!(9999-12-31 23:59:59.999_999 UTC),
        ] {
            assert_eq!(instant(micros(moment)), Ok(moment));
        }
        assert!(instant(i64::MAX).is_err());
    }
}
