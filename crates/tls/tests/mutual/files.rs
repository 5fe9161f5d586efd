//! Files that cannot be used are told by their names, and nothing of a key.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};

use entrypass_ambient::Clock;
use entrypass_testkit::Authority;
use entrypass_tls::{Files, Minimum, Tls};
use time::Duration;

use crate::{NOW, SERVER, World};

const NO_PEM: &str = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const NO_KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

fn refusal(world: &World, files: &Files) -> String {
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    Tls::open(files.clone(), Minimum::Tls13, clock).expect_err("refused").to_string()
}

#[test]
fn each_file_that_is_missing_or_not_what_it_should_be_is_named() {
    let (world, city) = (World::new(), Authority::new("city"));
    let files = world.files("end", &city.certificate(SERVER), &city.pem());
    let Files { certificate, key, trust } = &files;
    let table = [
        (certificate, None, "cannot read "),
        (key, None, "cannot read "),
        (trust, None, "cannot read "),
        (certificate, Some(""), "has no certificate in PEM"),
        (key, Some(""), "has no private key in PEM"),
        (trust, Some(""), "has no certificate in PEM"),
        (certificate, Some(NO_PEM), "is not PEM"),
        (certificate, Some(NO_CERTIFICATE), "has no well-formed certificate"),
        (key, Some(NO_KEY), "cannot be used"),
        (trust, Some(NO_CERTIFICATE), "cannot be used"),
    ];
    for (file, text, expected) in table {
        let good = fs::read(file).expect("a file");
        match text {
            Some(text) => fs::write(file, text).expect("written"),
            None => fs::remove_file(file).expect("removed"),
        }
        let told = refusal(&world, &files);
        assert!(told.contains(expected) && told.contains(&file.display().to_string()), "{expected}: {told}");
        fs::write(file, good).expect("written");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("its owner's");
    }
    world.open(files);
}

#[test]
fn a_key_of_another_certificate_and_one_that_everybody_reads_are_refused() {
    let (world, city) = (World::new(), Authority::new("city"));
    let files = world.files("end", &city.certificate(SERVER), &city.pem());
    let other = world.files("other", &city.certificate(SERVER), &city.pem());
    let mixed = Files { key: other.key, ..files.clone() };
    assert!(refusal(&world, &mixed).contains("is not the key of"));

    let readable_by =
        |mode| fs::set_permissions(&files.key, fs::Permissions::from_mode(mode)).expect("our file");
    readable_by(0o604);
    assert!(refusal(&world, &files).contains("can be read by everybody"));
    readable_by(0o640);
    world.open(files.clone());
}

#[test]
fn a_certificate_that_does_not_count_now_is_told_with_its_times() {
    let (world, city) = (World::new(), Authority::new("city"));
    let day = Duration::days(1);
    for (begins, ends) in [(NOW - day * 2, NOW - day), (NOW + day, NOW + day * 2)] {
        let files = world.files("end", &city.certificate_for(SERVER, begins, ends), &city.pem());
        let told = refusal(&world, &files);
        assert!(told.contains("counts from 2026-11-2"), "{told}");
    }
}

#[test]
fn nothing_of_a_key_is_shown() {
    let (world, city) = (World::new(), Authority::new("city"));
    let certificate = city.certificate(SERVER);
    let shown = format!("{:?}", world.end("end", &certificate, &city.pem()));
    let secret = certificate.key.lines().nth(1).expect("a line");
    assert!(shown.contains("key.pem") && !shown.contains(secret), "{shown}");
}
