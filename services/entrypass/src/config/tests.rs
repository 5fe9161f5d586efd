//! What a configuration may say, and how a wrong one is told.

use std::{
    env::VarError, error::Error, fs::Permissions, iter::successors, os::unix::fs::PermissionsExt as _,
    path::Path,
};

use super::{Config, ConfigError, Role, Service};

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("etc/entrypass.toml"))
}

/// What the program would print of the fault in `text`.
fn told(text: &str) -> String {
    let error = parse(text).and_then(|config| config.check()).expect_err(text);
    chain(&error)
}

fn chain(error: &ConfigError) -> String {
    let causes = successors(error.source(), |cause| (*cause).source()).map(ToString::to_string);
    [error.to_string()].into_iter().chain(causes).collect::<Vec<_>>().join(": ")
}

#[test]
fn the_documented_file_holds_the_defaults_and_names_every_setting() {
    let documented = include_str!("../../../../deploy/entrypass.toml");
    assert_eq!(toml::from_str::<Config>(documented).expect("a configuration"), Config::default());
    // The settings without a default stand in it as comments; with those the file must be a whole configuration, in which
    // nothing is missing: Debug names every field.
    let all = documented.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.starts_with("[[") => setting,
        Some(example) if example.starts_with(' ') => line,
        Some(setting) if setting.contains(" = ") && !setting.contains(". ") => setting,
        _ => line,
    });
    let all: Config = toml::from_str(&all.collect::<Vec<_>>().join("\n")).expect("a configuration");
    let shown = format!("{all:?}");
    assert!(!shown.contains("None"), "{shown}");
    assert_eq!(all.callers().expect("a list").map(|callers| callers.all().len()), Some(1), "{shown}");
}

#[test]
fn an_unknown_setting_is_told_with_its_line() {
    let table = [
        ("[registration]\nvalid_dais = 3", "etc/entrypass.toml line 2: unknown field `valid_dais`"),
        ("\n\n[gateway]\nx = 1", "etc/entrypass.toml line 3: unknown field `gateway`"),
        ("[qr]\ndisplay_minutes = '5'", "etc/entrypass.toml line 2: invalid type: string \"5\""),
        ("[qr\n", "etc/entrypass.toml line 1: "),
    ];
    for (text, expected) in table {
        let told = told(text);
        assert!(told.starts_with(expected) && !told.contains('\n'), "{told}");
    }
}

#[test]
fn a_value_out_of_range_is_told_with_its_setting() {
    let table = [
        ("[registration]\nvalid_days = 14", "registration.valid_days must be 15 to 3650"),
        ("[registration]\ncompanion_limit = 0", "registration.companion_limit must be 1 to 31"),
        (
            "[registration]\nfailed_proofs_per_document = 0",
            "registration.failed_proofs_per_document must be 1 to 1000",
        ),
        (
            "[registration]\nfailed_proofs_per_caller = 1000001",
            "registration.failed_proofs_per_caller must be 1 to 1000000",
        ),
        (
            "[registration]\nfailed_proofs_minutes = 1441",
            "registration.failed_proofs_minutes must be 1 to 1440",
        ),
        ("[registration]\ntravel_history_days = 0", "registration.travel_history_days must be 1 to 365"),
        (
            "[registration]\nentry_days_before = 30",
            "registration.entry_days_before must be less than valid_days",
        ),
        (
            "[registration]\nkeep_changes_days = 59",
            "registration.keep_changes_days must be at least valid_days and entry_days_after together",
        ),
        ("[qr]\nissuer = 'Foshan'", "qr.issuer must be two of A-Z 0-9"),
        ("[qr]\nissuer = 'fs'", "qr.issuer must be two of A-Z 0-9"),
        ("[qr]\ndisplay_minutes = 0", "qr.display_minutes must be 1 to 1440"),
        ("[qr]\nbundle_minutes = 0", "qr.bundle_minutes must be 1 to 1440"),
        ("[qr]\nbundle_minutes = 1441", "qr.bundle_minutes must be 1 to 1440"),
        ("[qr]\nalgorithm = 'RS256'", "qr.algorithm must be EdDSA or ES256"),
        ("[qr]\nrotate_days = 3651", "qr.rotate_days must be 0 to 3650"),
        ("[qr]\npublish_hours = 0", "qr.publish_hours must be 1 to 720"),
        ("[qr]\nrotate_days = 1", "qr.publish_hours must be less than rotate_days"),
        ("[qr]\nkeep_verifications_days = 0", "qr.keep_verifications_days must be 1 to 3650"),
        ("[epass]\nclaim_minutes = 0", "epass.claim_minutes must be 1 to 1440"),
        ("[epass]\nclaim_minutes = 1441", "epass.claim_minutes must be 1 to 1440"),
        ("[epass]\ncity_divisions = []", "epass.city_divisions must be 1 to 20 of four digits each"),
        ("[epass]\ncity_divisions = ['440604']", "epass.city_divisions must be 1 to 20 of four digits each"),
        (
            "[epass]\ncity_divisions = ['4406', '44O6']",
            "epass.city_divisions must be 1 to 20 of four digits each",
        ),
        ("[epass]\npass_days = 3651", "epass.pass_days must be 0 to 3650"),
        ("[epass]\nkeep_changes_days = 0", "epass.keep_changes_days must be 1 to 3650"),
        ("[epass]\nkeep_circumstances_days = 3651", "epass.keep_circumstances_days must be 1 to 3650"),
        ("[database]\nconnections = 1", "database.connections must be 2 to 100"),
        ("[database]\nconnections = 101", "database.connections must be 2 to 100"),
        ("[drain]\nlame_duck_seconds = 301", "drain.lame_duck_seconds must be 0 to 300"),
        ("[drain]\nlimit_seconds = 0", "drain.limit_seconds must be 1 to 600"),
        ("[requests]\nkeep_hours = 23", "requests.keep_hours must be 24 to 8760"),
        ("[requests]\nkeep_hours = 8761", "requests.keep_hours must be 24 to 8760"),
    ];
    for (text, expected) in table {
        assert_eq!(told(text), expected);
    }
}

#[test]
fn changes_are_kept_longer_where_registrations_count_longer() {
    for (text, days) in [
        ("", 90),
        ("[registration]\nvalid_days = 365", 395),
        ("[registration]\nkeep_changes_days = 60", 60),
        ("[registration]\nkeep_changes_days = 4000", 4000),
    ] {
        let config = parse(text).expect("a configuration");
        let kept = config.registration.service(&config.requests).expect("in range").keep_changes;
        assert_eq!(kept.whole_days(), days, "{text}");
    }
}

#[test]
fn a_neighbour_is_at_a_host_and_a_port_of_this_machine() {
    let with = |address: &str| parse(&format!("[neighbours]\nqr = '{address}'")).expect("well-formed");
    for good in ["http://127.0.0.1:7443", "http://localhost:1", "http://[::1]:7443,http://qr.localhost:7443"]
    {
        let config = with(good);
        assert!(config.neighbours.addresses(Role::Qr, false).expect("an address").is_some());
    }
    let place = "neighbours.qr or ENTRYPASS_QR_ADDRESS must be";
    for bad in [
        "",
        "http://qr:7443,",
        "qr",
        "qr:7443",
        "http://qr",
        "https://qr:7443/",
        "https://qr:7443,http://qr:7443",
        "http://qr:7443/x",
        "http://u:p@qr:7443",
        "http://:7443",
    ] {
        let error = with(bad).check().expect_err(bad);
        assert_eq!(
            chain(&error),
            format!("{place} https://HOST:PORT, or http://HOST:PORT without TLS; one or several with commas"),
            "{bad}"
        );
    }
    // What is not surely this machine is reached over TLS only.
    for elsewhere in
        ["http://localhost:7443,http://192.0.2.1:7443", "http://qr:7443", "http://localhost.example:1"]
    {
        let error = with(elsewhere).check().expect_err(elsewhere);
        assert_eq!(
            chain(&error),
            format!("{place} an address of this machine, or localhost, as long as there is no TLS")
        );
    }
    let error = with("https://qr:7443").check().expect_err("no certificates");
    assert_eq!(
        chain(&error),
        format!("{place} http://HOST:PORT, as long as there are no certificates ([tls])")
    );
}

const TLS: &str = "[tls]\ncertificate = 'c.pem'\nkey = '/run/k.pem'\ntrust = 't.pem'\n";
const CALLER: &str = "[[callers]]\nname = 'kiosk'\nidentity = 'kiosk.city.example'\nrpcs = []\n";

#[test]
fn with_certificates_neighbours_are_called_over_tls_wherever_they_are() {
    let with =
        |address: &str| parse(&format!("{TLS}{CALLER}[neighbours]\nqr = '{address}'")).expect("well-formed");
    for good in ["https://qr.city.example:7443,https://192.0.2.1:7443", "https://localhost:1"] {
        with(good).check().expect(good);
    }
    let error = with("http://localhost:7443").check().expect_err("without TLS");
    assert_eq!(
        chain(&error),
        "neighbours.qr or ENTRYPASS_QR_ADDRESS must be https://HOST:PORT, since there are certificates ([tls])"
    );
}

#[test]
fn certificates_come_all_three_with_a_list_of_callers() {
    let config = parse(&format!("{TLS}minimum = '1.2'\n{CALLER}")).expect("well-formed");
    config.check().expect("complete");
    let files = config.tls.files().expect("complete").expect("all three");
    assert_eq!(
        [files.certificate, files.key, files.trust].map(|path| path.display().to_string()),
        ["etc/c.pem", "/run/k.pem", "etc/t.pem"]
    );
    let table = [
        (TLS.to_owned(), "callers must be at least one [[callers]] with TLS: who may call what"),
        ("[tls]\ncertificate = 'c.pem'".to_owned(), "tls.key must be given, as "),
        (format!("[tls]\nkey = 'k.pem'\ntrust = 't.pem'\n{CALLER}"), "tls.certificate must be given, as "),
        (format!("[tls]\nkey = 'k.pem'\ncertificate = 't.pem'\n{CALLER}"), "tls.trust must be given, as "),
        (
            "[tls]\nminimum = '1.1'".to_owned(),
            "etc/entrypass.toml line 2: unknown variant `1.1`, expected `1.2` or `1.3`",
        ),
        ("[tls]\nca = 'c.pem'".to_owned(), "etc/entrypass.toml line 2: unknown field `ca`"),
        ("[limits]\nconnections = 0".to_owned(), "limits.connections must be 1 to 1000000"),
    ];
    for (text, expected) in table {
        let told = told(&text);
        assert!(told.starts_with(expected), "{expected}: {told}");
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("entrypass.toml");
    let text = "[database]\nqr = 'sqlite:from-file'\nepass = 'sqlite:from-file'\n";
    std::fs::write(&file, format!("{text}{TLS}{CALLER}")).expect("written");
    let variable = |name: &str| match name {
        "ENTRYPASS_QR_DATABASE" => Ok("sqlite:from-environment".to_owned()),
        "ENTRYPASS_REGISTRATION_ADDRESS" => Ok("https://localhost:7444".to_owned()),
        "ENTRYPASS_TLS_CERTIFICATE" => Ok("qr.pem".to_owned()),
        "ENTRYPASS_TLS_KEY" => Ok("qr.key".to_owned()),
        _ => Err(VarError::NotPresent),
    };
    let config = Config::load(Some(&file), variable).expect("a configuration");
    let url = |service| config.database.url(service, Path::new("data")).expect("a URL").to_string();
    assert_eq!(
        Service::ALL.map(url),
        ["sqlite:data/registration.sqlite3", "sqlite:from-environment", "sqlite:from-file"]
    );
    let addresses = config.neighbours.addresses(Role::Registration, true).expect("an address").expect("one");
    assert_eq!(addresses.hosts().collect::<Vec<_>>(), ["localhost"]);
    let files = config.tls.files().expect("complete").expect("all three");
    assert_eq!([files.certificate, files.key], ["qr.pem", "qr.key"].map(Path::new));
    assert_eq!(files.trust, folder.path().join("t.pem"));

    let error = Config::load(None, |_| Ok("nonsense".to_owned())).expect_err("no URL");
    let named = "database.registration or ENTRYPASS_REGISTRATION_DATABASE cannot be used: ";
    assert!(chain(&error).starts_with(named), "{error}");
    let error = Config::load(None, |_| Err(VarError::NotUnicode("\u{fffd}".into()))).expect_err("no text");
    assert_eq!(chain(&error), "ENTRYPASS_REGISTRATION_DATABASE is not UTF-8");
}

#[test]
fn signing_keys_are_kept_where_it_is_said() {
    let table = [
        ("", true),
        ("[qr]\nkey_dir = 'keys'", false),
        ("[qr]\nkey_file = 'key.hex'", false),
        ("[qr]\nkey_encryption_keys = 'kek'", false),
    ];
    for (text, in_data_dir) in table {
        assert_eq!(parse(text).expect("a configuration").qr.keeps_keys_in_data_dir(), in_data_dir, "{text}");
    }
    let never = parse("[qr]\nrotate_days = 0\nalgorithm = 'ES256'").expect("a configuration");
    assert_eq!(never.qr.key_rules().expect("in range").rotate_every, None);
}

#[test]
fn key_encryption_keys_come_from_a_private_file_or_the_environment_and_are_never_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = (folder.path().join("kek"), "5e".repeat(32));
    let vault = |setting: &str| {
        let text = format!("[qr]\nkey_encryption_keys = '{setting}'");
        let config = Config::parse(&text, &folder.path().join("entrypass.toml")).expect("a configuration");
        config.qr.vault(folder.path())
    };
    let refused = |setting: &str, expected: &str| {
        let told = chain(&vault(setting).expect_err(setting));
        assert!(told.contains(expected) && !told.contains("5e5e"), "{told}");
    };
    refused("kek", "kek is missing: `openssl rand -hex 32` makes one, ");
    refused(&key, "qr.key_encryption_keys must be the path of a file, and not a key");
    std::fs::write(&path, format!("{key}\n5e5e\n")).expect("written");
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("set");
    refused("kek", "has mode 644: only its owner may have rights to it (chmod 600)");
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("set");
    refused("kek", "kek cannot be used: key-encryption key 2 is not 64 hexadecimal digits");
    std::fs::write(&path, &key).expect("written");
    let in_file = vault("kek").expect("one key");
    assert!(!format!("{in_file:?}").contains("5e5e"));

    let variable = |given: &'static str| {
        let variable = move |name: &str| match name {
            "ENTRYPASS_QR_KEY_ENCRYPTION_KEYS" => Ok(given.to_owned()),
            _ => Err(VarError::NotPresent),
        };
        Config::load(None, variable).expect("a configuration")
    };
    let config = variable("5e5e");
    assert!(!format!("{config:?}").contains("5e5e"));
    let told = chain(&config.qr.vault(folder.path()).expect_err("no key"));
    assert_eq!(
        told,
        "ENTRYPASS_QR_KEY_ENCRYPTION_KEYS cannot be used: key-encryption key 1 is not 64 hexadecimal digits"
    );
}

#[test]
fn a_password_is_never_repeated() {
    let database = "[database]\nqr = 'postgres://qr:s3cret@localhost/city'";
    let config = parse(database).expect("a configuration");
    assert!(!format!("{config:?} {config:#?}").contains("s3cret"));
    for text in [
        "[database]\nqr = 'mysql://qr:s3cret@localhost/city'",
        "[database]\nqr = 'postgres://qr:s3cret@localhost:port/city'",
        "[database]\nconnections = 'postgres://qr:s3cret@localhost/city'",
        "[database]\npassword = 's3cret'",
        "[database]\nqr = 'postgres://qr:s3cret@localhost/city",
        "[neighbours]\nqr = 'http://qr:s3cret@localhost:1'",
    ] {
        let error = parse(text).and_then(|config| config.check()).expect_err(text);
        assert!(!format!("{} {error:?}", chain(&error)).contains("s3cret"), "{error:?}");
    }
}
