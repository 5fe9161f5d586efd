//! Where a neighbour listens.

use std::str::FromStr;

use http::Uri;
use serde::Deserialize;
use thiserror::Error;

/// The addresses of all copies of a neighbour, each `http://host:port`. At least one.
///
/// In a configuration file a list of texts, on a command line one text with commas.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Addresses(Vec<Uri>);

/// Why addresses cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// There is none.
    #[error("at least one address is needed, of the form http://host:port")]
    None,
    /// One has another form.
    #[error("{0:?} is not an address of the form http://host:port")]
    Form(String),
}

impl Addresses {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Uri> {
        self.0.iter()
    }

    /// The host in each, a name or an address without brackets.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Uri::host).map(|host| host.trim_matches(['[', ']']))
    }
}

impl TryFrom<Vec<String>> for Addresses {
    type Error = AddressError;

    fn try_from(texts: Vec<String>) -> Result<Self, AddressError> {
        let addresses = texts.iter().map(|text| address(text)).collect::<Result<Vec<_>, _>>()?;
        if addresses.is_empty() { Err(AddressError::None) } else { Ok(Self(addresses)) }
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
    let whole = format!("http://{}:{port}", authority.host());
    if !authority.host().is_empty() && text == whole { Ok(uri) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::{AddressError, Addresses};

    #[test]
    fn an_address_is_scheme_host_and_port_and_nothing_else() {
        for good in
            ["http://127.0.0.1:7101", "http://[::1]:7101", "http://qr.example:80", "http://a:1, http://b:2"]
        {
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
            "https://qr.example:7101",
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
            assert!(wrong.to_string().ends_with("is not an address of the form http://host:port"), "{wrong}");
        }
        assert_eq!(Addresses::try_from(Vec::new()), Err(AddressError::None));
    }
}
