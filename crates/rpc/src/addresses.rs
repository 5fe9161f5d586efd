//! Where a neighbour listens.

use std::str::FromStr;

use http::{Uri, uri::Scheme};
use serde::Deserialize;
use thiserror::Error;

/// The addresses of all copies of a neighbour, each `https://host:port`, or `http://host:port` without TLS; all of one kind. At least one.
///
/// In a configuration file a list of texts, on a command line one text with commas.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Addresses(Vec<Uri>);

/// Why addresses cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// There is none.
    #[error("at least one address is needed, of the form https://host:port, or http://host:port without TLS")]
    None,
    /// One has another form.
    #[error("{0:?} is not an address of the form https://host:port, or http://host:port without TLS")]
    Form(String),
    /// Some are over TLS and some are not.
    #[error("addresses are of the form https://host:port, or all of them http://host:port without TLS")]
    Mixed,
}

impl Addresses {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Uri> {
        self.0.iter()
    }

    /// Whether they are reached over TLS.
    #[must_use]
    pub fn over_tls(&self) -> bool {
        self.0.iter().any(is_over_tls)
    }

    /// The host in each, a name or an address without brackets.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(host)
    }
}

/// The host in `address` as a certificate names it: an IPv6 address without its brackets.
pub(crate) fn host(address: &Uri) -> Option<&str> {
    address.host().map(|host| host.trim_matches(['[', ']']))
}

/// Whether `address` is reached over TLS.
pub(crate) fn is_over_tls(address: &Uri) -> bool {
    address.scheme() == Some(&Scheme::HTTPS)
}

impl TryFrom<Vec<String>> for Addresses {
    type Error = AddressError;

    fn try_from(texts: Vec<String>) -> Result<Self, AddressError> {
        let addresses = texts.iter().map(|text| address(text)).collect::<Result<Vec<_>, _>>()?;
        match addresses.as_slice() {
            [] => Err(AddressError::None),
            [first, others @ ..] if others.iter().any(|other| other.scheme() != first.scheme()) => {
                Err(AddressError::Mixed)
            }
            _ => Ok(Self(addresses)),
        }
    }
}

impl FromStr for Addresses {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>().try_into()
    }
}

/// Exactly scheme, host and port: whatever else stood there would be silently ignored.
fn address(text: &str) -> Result<Uri, AddressError> {
    let wrong = || AddressError::Form(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    let port = authority.port_u16().filter(|port| *port > 0).ok_or_else(wrong)?;
    let scheme = if is_over_tls(&uri) { Scheme::HTTPS } else { Scheme::HTTP };
    let whole = format!("{scheme}://{}:{port}", authority.host());
    if !authority.host().is_empty() && text == whole { Ok(uri) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::{AddressError, Addresses};

    #[test]
    fn an_address_is_scheme_host_and_port_and_nothing_else() {
        for good in [
            "http://127.0.0.1:7101",
            "http://[::1]:7101",
            "http://qr.example:80",
            "http://a:1, http://b:2",
            "https://qr.example:7101",
            "https://[::1]:7101",
        ] {
            assert!(good.parse::<Addresses>().is_ok(), "{good}");
        }
        let bad = [
            "",
            "127.0.0.1:7101",
            "http://qr.example",
            "http://qr.example:",
            "http://:7101",
            "http://qr.example:0",
            "http://qr.example:70000",
            "http://qr.example:07101",
            "https://qr.example",
            "ftp://qr.example:7101",
            "http://user:word@qr.example:7101",
            "http://qr.example:7101/",
            "http://qr.example:7101/qr",
            "http://qr.example:7101?x",
            "qr.example",
            "http://a:1,,http://b:2",
        ];
        for text in bad {
            let wrong = text.parse::<Addresses>().expect_err(text);
            assert!(matches!(wrong, AddressError::Form(_)), "{text}");
            assert!(wrong.to_string().contains("is not an address of the form https://host:port"), "{wrong}");
        }
        assert_eq!(Addresses::try_from(Vec::new()), Err(AddressError::None));
        assert_eq!("https://a:1,http://b:2".parse::<Addresses>(), Err(AddressError::Mixed));
    }
}
