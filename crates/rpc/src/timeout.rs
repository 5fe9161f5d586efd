//! The `grpc-timeout` header of the gRPC HTTP/2 protocol.

use std::time::Duration;

use http::HeaderMap;

/// How long the caller waits, as far as it says so in the form of the protocol.
pub(crate) fn stated(headers: &HeaderMap) -> Option<Duration> {
    headers.get("grpc-timeout")?.to_str().ok().and_then(parse)
}

/// At most 8 digits and a unit.
fn parse(value: &str) -> Option<Duration> {
    let unit = value.chars().last()?;
    let digits = value.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_hours(amount)),
        'M' => Some(Duration::from_mins(amount)),
        'S' => Some(Duration::from_secs(amount)),
        'm' => Some(Duration::from_millis(amount)),
        'u' => Some(Duration::from_micros(amount)),
        'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse;

    #[test]
    fn a_grpc_timeout_is_read_as_the_protocol_writes_it() {
        let table = [
            ("50m", Some(Duration::from_millis(50))),
            ("2S", Some(Duration::from_secs(2))),
            ("1M", Some(Duration::from_mins(1))),
            ("99999999H", Some(Duration::from_hours(99_999_999))),
            ("7u", Some(Duration::from_micros(7))),
            ("7n", Some(Duration::from_nanos(7))),
            ("999999999S", None),
            ("S", None),
            ("5", None),
            ("-5S", None),
            ("５S", None),
            ("5秒", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
