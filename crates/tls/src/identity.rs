//! Whom a certificate names.

use entrypass_access::Identity;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// The identities in `certificate` (DER): its SPIFFE URI first, then its DNS names. Only what [`Identity`] takes; the common name, which
/// anybody may have been given for a label, is none.
///
/// An X.509-SVID has one URI (SPIFFE, X509-SVID 2): of a certificate with several, none counts.
pub(crate) fn identities(certificate: &[u8]) -> Vec<Identity> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = &names.value.general_names;
    let uris = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    });
    let uris: Vec<&str> = uris.collect();
    let spiffe = if let [only] = uris.as_slice() { Some(*only) } else { None };
    let dns = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    });
    spiffe.into_iter().chain(dns).filter_map(|name| name.parse().ok()).collect()
}
