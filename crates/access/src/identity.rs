//! How a certificate names whoever holds it.

use std::{fmt, str::FromStr};

use thiserror::Error;

const SPIFFE: &str = "spiffe://";
/// Most bytes of a SPIFFE id (SPIFFE-ID section 2.3).
const LONGEST_SPIFFE: usize = 2048;
/// Most bytes of a trust domain's name.
const LONGEST_TRUST_DOMAIN: usize = 255;
/// Most bytes of a DNS name in text (RFC 1035 section 2.3.4, less the length byte of the root).
const LONGEST_DNS_NAME: usize = 253;
/// Most bytes of a label of a DNS name.
const LONGEST_LABEL: usize = 63;

/// What a certificate calls its holder: a SPIFFE id (`spiffe://city.example/kiosk`), or a DNS name (`kiosk.city.example`).
///
/// A DNS name is kept in lower case, as it counts. A name with a wildcard is nobody's. SPIFFE ids go before DNS names in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(Kind);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Spiffe(String),
    Dns(String),
}

/// Who is at the other end of a connection, as its certificate proves: found once a connection, when it is made.
///
/// A server leaves it in the extensions of each request. No identity at all is nobody that could be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// Every usable name in the certificate.
    pub identities: Vec<Identity>,
}

/// A text is neither a SPIFFE id nor a DNS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("neither a SPIFFE id (spiffe://trust-domain/path) nor a DNS name")]
pub struct NotAnIdentity;

impl FromStr for Identity {
    type Err = NotAnIdentity;

    /// Reads a SPIFFE id of a workload (one with a path), by the rules of SPIFFE-ID section 2, or a DNS name of a host.
    fn from_str(text: &str) -> Result<Self, NotAnIdentity> {
        let kind = match text.strip_prefix(SPIFFE) {
            Some(rest) if is_spiffe(rest) => Kind::Spiffe(text.to_owned()),
            None if is_dns_name(text) => Kind::Dns(text.to_ascii_lowercase()),
            _ => return Err(NotAnIdentity),
        };
        Ok(Self(kind))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Kind::Spiffe(text) | Kind::Dns(text)) = &self.0;
        formatter.write_str(text)
    }
}

/// `rest` is what follows the scheme. Upper case in a trust domain, percent-encoding, port and query are not allowed there, so that
/// what is equal is equal byte for byte.
fn is_spiffe(rest: &str) -> bool {
    let Some((domain, path)) = rest.split_once('/') else { return false };
    let of_domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    let of_segment = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(of_segment);
    SPIFFE.len() + rest.len() <= LONGEST_SPIFFE
        && (1..=LONGEST_TRUST_DOMAIN).contains(&domain.len())
        && domain.bytes().all(of_domain)
        && path.split('/').all(is_segment)
}

/// A host's name in letters, digits and hyphens (RFC 1123). What ends with a number is an address and not a name.
fn is_dns_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= LONGEST_DNS_NAME
        && text.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Identity, Kind};

    #[test]
    fn identities_are_spiffe_ids_of_workloads_or_names_of_hosts() {
        let long_label = "a".repeat(63);
        let long_path = format!("spiffe://city.example/{}", "x".repeat(2048 - 22));
        for good in [
            "spiffe://city.example/kiosk",
            "spiffe://city_1.example/Gate/north-2",
            "spiffe://a/b",
            long_path.as_str(),
        ] {
            assert!(matches!(good.parse(), Ok(Identity(Kind::Spiffe(text))) if text == good), "{good}");
        }
        for good in ["kiosk.city.example", "localhost", "7.city", "xn--fiqs8s", long_label.as_str()] {
            assert!(matches!(good.parse(), Ok(Identity(Kind::Dns(text))) if text == good), "{good}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_identity() {
        let too_long = format!("spiffe://city.example/{}", "x".repeat(2048 - 21));
        for bad in [
            "spiffe://city.example",
            "spiffe://city.example/",
            "spiffe:///kiosk",
            "spiffe://City.example/kiosk",
            "spiffe://city.example:443/kiosk",
            "spiffe://me@city.example/kiosk",
            "spiffe://city.example/kiosk/",
            "spiffe://city.example//kiosk",
            "spiffe://city.example/./kiosk",
            "spiffe://city.example/a/../kiosk",
            "spiffe://city.example/k%69osk",
            "spiffe://city.example/kiosk?x=1",
            "spiffe://city.example/kiosk#x",
            "spiffe://city.example/窗口",
            "SPIFFE://city.example/kiosk",
            "https://city.example/kiosk",
            too_long.as_str(),
        ] {
            assert!(bad.parse::<Identity>().is_err(), "{bad}");
        }
        let label_too_long = "a".repeat(64);
        let name_too_long = ["a".repeat(50).as_str(); 5].join(".");
        for bad in [
            "",
            ".",
            "kiosk.",
            ".kiosk",
            "a..b",
            "*.city.example",
            "-kiosk",
            "kiosk-",
            "kiosk_1",
            "kiosk city",
            "127.0.0.1",
            "::1",
            "窗口",
            "kiosk\0.city.example",
            label_too_long.as_str(),
            name_too_long.as_str(),
        ] {
            assert!(bad.parse::<Identity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_the_same_in_either_case_and_a_workload_is_not() {
        let read = |text: &str| text.parse::<Identity>();
        assert_eq!(read("Kiosk.City.Example"), read("kiosk.city.example"));
        assert_ne!(read("spiffe://city.example/Kiosk"), read("spiffe://city.example/kiosk"));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(text in "(spiffe://)?[a-zA-Z0-9._/*-]{0,40}") {
            if let Ok(identity) = text.parse::<Identity>() {
                prop_assert_eq!(identity.to_string().parse(), Ok(identity));
            }
        }
    }
}
