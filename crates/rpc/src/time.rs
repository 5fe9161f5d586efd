//! Instants between `google.protobuf.Timestamp` and the `time` crate.

use prost_types::Timestamp;
use time::OffsetDateTime;

/// Renders an instant.
#[must_use]
pub fn timestamp(instant: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: instant.unix_timestamp(),
        nanos: i32::try_from(instant.nanosecond()).unwrap_or_default(),
    }
}

/// Reads an instant; `None` when it is outside the range of the calendar or its nanoseconds outside a second.
#[must_use]
pub fn instant(timestamp: &Timestamp) -> Option<OffsetDateTime> {
    let nanos = u32::try_from(timestamp.nanos).ok()?;
    OffsetDateTime::from_unix_timestamp(timestamp.seconds).ok()?.replace_nanosecond(nanos).ok()
}
