//! Who is let in, and whom a caller believes.

use std::{io, sync::Arc};

use entrypass_testkit::{Authority, Certificate, self_signed};
use entrypass_tls::{Minimum, Tls};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use time::Duration;
use tokio_rustls::TlsConnector;

use crate::{CALLER, NOW, SERVER, World, meet, meet_by, refusal};

#[tokio::test]
async fn both_prove_who_they_are_and_the_server_learns_every_name_of_the_caller() {
    let (world, city) = (World::new(), Authority::new("city"));
    let server = world.end("server", &city.certificate(SERVER), &city.pem());
    let names = ["kiosk.city.example", "spiffe://city.example/kiosk", "192.0.2.1"];
    let caller = world.end("caller", &city.certificate(&names), &city.pem());
    let found = meet(&server, &caller, "gateway.city.example").await.expect("both are good");
    assert_eq!(found, ["spiffe://city.example/kiosk", "kiosk.city.example"], "an address is no identity");
    let own: Vec<_> = server.identities().iter().map(ToString::to_string).collect();
    assert_eq!(own, SERVER);
}

#[tokio::test]
async fn a_certificate_with_two_uris_is_no_svid_and_names_without_sense_are_none() {
    let (world, city) = (World::new(), Authority::new("city"));
    let server = world.end("server", &city.certificate(SERVER), &city.pem());
    let table: [(&[&str], &[&str]); 4] = [
        (
            &["spiffe://city.example/kiosk", "spiffe://city.example/operator", "kiosk.city.example"],
            &["kiosk.city.example"],
        ),
        (&["https://city.example/kiosk"], &[]),
        (&["*.city.example"], &[]),
        (&[], &[]),
    ];
    for (names, expected) in table {
        let caller = world.end("caller", &city.certificate(names), &city.pem());
        let found = meet(&server, &caller, "gateway.city.example").await.expect("the chain is good");
        assert_eq!(found, expected, "{names:?}");
    }
}

#[tokio::test]
async fn a_caller_with_a_bad_certificate_is_not_let_in() {
    let (world, city, other) = (World::new(), Authority::new("city"), Authority::new("other"));
    let same_name = Authority::new("city");
    let server = world.end("server", &city.certificate(SERVER), &city.pem());
    let hour = Duration::hours(1);
    let expired = city.certificate_for(CALLER, NOW - hour * 2, NOW + hour);
    let table = [
        (expired, "expired"),
        (other.certificate(CALLER), "UnknownIssuer"),
        (same_name.certificate(CALLER), "BadSignature"),
        (self_signed(CALLER), "UnknownIssuer"),
    ];
    let callers: Vec<_> = (0..)
        .zip(table)
        .map(|(nth, (certificate, reason))| {
            (world.end(&format!("caller-{nth}"), &certificate, &city.pem()), reason)
        })
        .collect();
    // The first was good when it was read.
    world.clock.advance(hour * 2);
    for (caller, reason) in callers {
        let told = refusal(&server, &caller, "gateway.city.example").await;
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

#[tokio::test]
async fn a_caller_without_a_certificate_is_not_let_in() {
    let (world, city) = (World::new(), Authority::new("city"));
    let server = world.end("server", &city.certificate(SERVER), &city.pem());
    let told = foreign(&server, &city, None, &TLS13).await.expect_err("refused").to_string();
    assert!(told.contains("peer sent no certificates"), "{told}");
}

#[tokio::test]
async fn a_caller_believes_only_who_has_the_name_that_it_calls() {
    let (world, city, other) = (World::new(), Authority::new("city"), Authority::new("other"));
    let same_name = Authority::new("city");
    let caller = world.end("caller", &city.certificate(CALLER), &city.pem());
    let hour = Duration::hours(1);
    let server =
        world.end("server", &city.certificate(&["gateway.city.example", "127.0.0.1", "::1"]), &city.pem());
    for host in ["gateway.city.example", "127.0.0.1", "::1"] {
        meet(&server, &caller, host).await.expect(host);
    }
    for host in ["qr.city.example", "city.example", "127.0.0.2", "localhost"] {
        let told = refusal(&server, &caller, host).await;
        assert!(told.contains("certificate not valid for name"), "{host}: {told}");
    }
    assert!(refusal(&server, &caller, "no name").await.contains("invalid dns name"));
    let table = [
        (city.certificate_for(SERVER, NOW - hour, NOW + hour), "expired"),
        (other.certificate(SERVER), "UnknownIssuer"),
        (same_name.certificate(SERVER), "BadSignature"),
        (self_signed(SERVER), "UnknownIssuer"),
    ];
    let servers: Vec<_> = (0..)
        .zip(table)
        .map(|(nth, (certificate, reason))| {
            (world.end(&format!("server-{nth}"), &certificate, &city.pem()), reason)
        })
        .collect();
    world.clock.advance(hour * 2);
    for (server, reason) in servers {
        let told = refusal(&server, &caller, "gateway.city.example").await;
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

#[tokio::test]
async fn an_older_version_is_spoken_only_where_it_is_set() {
    let (world, city) = (World::new(), Authority::new("city"));
    let server_files = world.files("server", &city.certificate(SERVER), &city.pem());
    let (new, both) = (world.open(server_files.clone()), world.open_with(server_files, Minimum::Tls12));
    let caller = city.certificate(CALLER);
    let told = foreign(&new, &city, Some(&caller), &TLS12).await.expect_err("refused").to_string();
    assert!(told.contains("Tls12NotOfferedOrEnabled"), "{told}");
    let found = foreign(&both, &city, Some(&caller), &TLS12).await.expect("1.2 is allowed");
    assert_eq!(found, CALLER);
    foreign(&both, &city, Some(&caller), &TLS13).await.expect("and 1.3 too");
}

/// A caller that is not ours: it speaks one version only, or has no certificate.
async fn foreign(
    server: &Tls,
    city: &Authority,
    certificate: Option<&Certificate>,
    version: &'static SupportedProtocolVersion,
) -> io::Result<Vec<String>> {
    let mut trust = RootCertStore::empty();
    trust.add(CertificateDer::from_pem_slice(city.pem().as_bytes()).expect("PEM")).expect("an authority");
    let settings = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(trust);
    let settings = match certificate {
        None => settings.with_no_client_auth(),
        Some(Certificate { certificate, key }) => {
            let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
            settings.with_client_auth_cert(vec![certificate], key).expect("they belong together")
        }
    };
    let connector = TlsConnector::from(Arc::new(settings));
    let host = ServerName::try_from("gateway.city.example").expect("a name");
    meet_by(server, async |pipe| connector.connect(host, pipe).await).await
}
