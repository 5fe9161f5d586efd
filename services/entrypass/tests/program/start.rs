//! A start that cannot succeed is refused in one line that says what and where, and leaves nothing running.

use std::{fs, net::TcpListener};

use entrypass_testkit::{Program, TestDatabase};
use sea_orm_migration::{
    MigratorTrait as _,
    sea_orm::{ConnectionTrait as _, Database},
};

use crate::Place;

const SERVE: &str = "serve --listen 127.0.0.1:0";

#[test]
fn settings_that_cannot_be_used_are_told_with_their_place() {
    let table = [
        ("[gateway]", "entrypass.toml line 1: unknown field `gateway`, expected one of "),
        (
            "\n[qr]\ndisplay_minuets = 5",
            "entrypass.toml line 3: unknown field `display_minuets`, expected one of ",
        ),
        ("[qr]\ndisplay_minutes = 0", "qr.display_minutes must be 1 to 1440"),
        (
            "[database]\nqr = 'mysql://qr:s3cret@db/qr'",
            "database.qr or ENTRYPASS_QR_DATABASE cannot be used: ",
        ),
        ("[neighbours]\nqr = 'qr:1'", "neighbours.qr or ENTRYPASS_QR_ADDRESS must be "),
        (
            "[qr]\nkey_file = 'key.hex'",
            "qr.key_file key.hex is missing: copy the key there, or make one with ",
        ),
    ];
    for (settings, expected) in table {
        let place = Place::new().configured(settings);
        let told = place.refusal(SERVE);
        assert!(told.starts_with(expected) && !told.contains("s3cret"), "{told}");
    }
    let told = Place::new().with("ENTRYPASS_CONFIG", "missing.toml").refusal(SERVE);
    assert!(told.starts_with("cannot read missing.toml: No such file"), "{told}");
    let told =
        Place::new().with("ENTRYPASS_EPASS_DATABASE", "postgres://epass:s3cret@db:x/epass").refusal(SERVE);
    assert!(told.starts_with("database.epass or ENTRYPASS_EPASS_DATABASE cannot be used: "), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn a_neighbour_without_an_address_is_told_with_who_needs_it() {
    let place = Place::new();
    let table = [
        ("--role gateway", "gateway needs registration", "registration", "REGISTRATION"),
        ("--role gateway,registration,epass", "gateway needs qr", "qr", "QR"),
        ("--role gateway --role registration --role qr", "gateway needs epass", "epass", "EPASS"),
        ("--role qr", "qr needs registration", "registration", "REGISTRATION"),
        ("--role epass", "epass needs registration", "registration", "REGISTRATION"),
    ];
    for (roles, needs, name, upper) in table {
        let expected = format!(
            "the role {needs}, which does not run in this process: set neighbours.{name} or ENTRYPASS_{upper}_ADDRESS"
        );
        assert_eq!(place.refusal(&format!("{SERVE} {roles}")), expected);
    }
    assert!(!place.path("data").exists(), "nothing was made");
}

#[test]
fn a_busy_port_and_an_open_address_are_told_before_anything_is_made() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let busy = listener.local_addr().expect("an address");
    let told = place.refusal(&format!("serve --listen {busy}"));
    assert!(told.starts_with(&format!("cannot listen on {busy}: Address already in use")), "{told}");
    let told = place.refusal("serve --listen 0.0.0.0:0");
    assert!(told.starts_with("0.0.0.0 is not a loopback address"), "{told}");
    assert!(!place.path("data").exists(), "nothing was made");
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told_without_its_password() {
    let (place, databases) = Place::with_databases().await;
    let [_, qr, _] = &databases;
    place.told("migrate up");
    let (wrong, reason) = if let Some(role) = qr.schema() {
        let (user, host) = qr.text().rsplit_once('@').expect("a user");
        let user = user.rsplit_once(':').expect("a password").0;
        (format!("{user}:s3cret@{host}"), format!("password authentication failed for user \"{role}\""))
    } else {
        fs::write(place.path("notes.txt"), "no database at all, s3cret. ".repeat(200)).expect("written");
        ("sqlite:notes.txt".to_owned(), "file is not a database".to_owned())
    };
    let place = place.with("ENTRYPASS_QR_DATABASE", &wrong);
    let told = place.refusal(SERVE);
    assert!(told.starts_with("qr: cannot open the database ") && told.contains(&reason), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_told_with_its_address() {
    // Nothing listens on port 1.
    let place = Place::new().with("ENTRYPASS_QR_DATABASE", "postgres://qr:s3cret@127.0.0.1:1/city");
    let told = place.refusal(SERVE);
    assert!(told.starts_with("qr: cannot open the database postgres://qr@127.0.0.1:1/city: "), "{told}");
    assert!(told.contains("Connection refused") && !told.contains("s3cret"), "{told}");
    assert!(!place.path("data").exists(), "registration and epass would have had their files there");
}

#[tokio::test]
async fn a_schema_that_is_behind_or_ahead_is_told_with_what_to_do() {
    let (place, databases) = Place::with_databases().await;
    let [_, qr, _] = &databases;
    place.told("migrate up");
    let steps = place.told("migrate status --service qr");
    place.told("migrate down --service qr");
    let last = steps.last().and_then(|line| line.split([' ', ':']).nth(1)).expect("a migration").to_owned();
    let told = place.refusal(SERVE);
    assert!(told.starts_with("qr: cannot use the database "), "{told}");
    let behind = format!("its schema is behind this program ({last} is missing): run `entrypass migrate up`");
    assert!(told.ends_with(&behind), "{told}");

    place.told("migrate up --service qr");
    let connection = Database::connect(qr.text()).await.expect("the database");
    let table = entrypass_qr::Migrator::migration_table_name().to_string();
    let newer = format!("INSERT INTO {table} (version, applied_at) VALUES ('m9999_newer', 0)");
    connection.execute_unprepared(&newer).await.expect("a newer schema");
    for refused in
        [SERVE, "migrate up --service qr", "migrate down --service qr", "migrate status --service qr"]
    {
        let told = place.refusal(refused);
        assert!(told.starts_with("qr: cannot use the database "), "{refused}: {told}");
        assert!(
            told.contains("its schema is ahead of this program (m9999_newer is not known here)"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_database_of_another_service_is_told() {
    let (place, databases) = Place::with_databases().await;
    let [registration, ..] = &databases;
    place.told("migrate up");
    let before = place.told("migrate status --service registration");
    let place = place.with("ENTRYPASS_EPASS_DATABASE", registration.text());
    for refused in [SERVE, "migrate up --service epass", "migrate down --service epass"] {
        let told = place.refusal(refused);
        assert!(told.starts_with("epass: cannot use the database "), "{refused}: {told}");
        assert!(told.contains("it holds the tables of another service"), "{refused}: {told}");
    }
    assert!(before.iter().all(|line| line.ends_with(": applied")), "{before:?}");
    assert_eq!(place.told("migrate status --service registration"), before, "nothing was taken back");
}

/// SQLite has neither users nor schemas: the files' rights are those of the one user that runs everything.
#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it"]
async fn a_user_of_one_service_cannot_read_the_schema_of_another() {
    let (place, databases) = Place::with_databases().await;
    let [registration, qr, _] = &databases;
    place.told("migrate up");
    let schema = registration.schema().expect("a schema");
    let by_qr = Database::connect(qr.text()).await.expect("qr's own database");
    for statement in ["SELECT * FROM", "DELETE FROM", "TRUNCATE", "DROP TABLE"] {
        let refused = by_qr.execute_unprepared(&format!("{statement} {schema}.registrations")).await;
        let told = refused.expect_err("not qr's to touch").to_string();
        assert!(told.contains("permission denied") || told.contains("must be owner"), "{statement}: {told}");
    }
    let own = by_qr.execute_unprepared("SELECT * FROM codes").await;
    own.expect("its own tables, by the URL alone");
    let taken =
        by_qr.execute_unprepared("CREATE TABLE public.codes (id bigint)").await.expect_err("not ours");
    assert!(taken.to_string().contains("permission denied"), "{taken}");
}

#[tokio::test]
async fn a_data_folder_is_one_processes_and_only_taken_when_it_is_needed() {
    let place = Place::new();
    let first = Program::start(place.command(SERVE)).await.expect("it serves");
    assert_eq!(place.refusal(SERVE), "the folder data is used by another process");
    assert_eq!(place.refusal("migrate up"), "the folder data is used by another process");
    let steps = entrypass_qr::Migrator::migrations().len();
    assert_eq!(place.told("migrate status --service qr").len(), steps, "looking disturbs nobody");

    // A process with nothing in the folder needs none of it.
    let database = TestDatabase::new("registration").await;
    let place = place.with("ENTRYPASS_REGISTRATION_DATABASE", database.text());
    place.told("migrate up --service registration");
    let second = place.command("serve --listen 127.0.0.1:0 --role registration");
    let second = Program::start(second).await.expect("it serves");
    drop((first, second));
}

#[test]
fn certificates_that_cannot_be_used_are_told_before_anything_is_made() {
    let place = Place::new();
    place.told("dev-certs certs");
    let serve = format!("{SERVE} --config certs/entrypass.toml");
    let file = |name: &str| place.path("certs").join(name);
    let table: [(&str, &dyn Fn(), &str); 3] = [
        (
            "gateway.key",
            &|| fs::copy(file("qr.key"), file("gateway.key")).map(drop).expect("copied"),
            "certs/gateway.key is not the key of certs/gateway.pem",
        ),
        (
            "ca.pem",
            &|| fs::write(file("ca.pem"), "").expect("written"),
            "certs/ca.pem has no certificate in PEM",
        ),
        (
            "gateway.pem",
            &|| fs::remove_file(file("gateway.pem")).expect("removed"),
            "cannot read certs/gateway.pem: No such file",
        ),
    ];
    for (name, spoil, expected) in table {
        let good = fs::read(file(name)).expect("a file");
        spoil();
        let told = place.refusal(&serve);
        assert!(told.starts_with(expected), "{told}");
        fs::write(file(name), good).expect("written");
    }
    let told = place.refusal(&format!("{serve} --role gateway"));
    assert!(told.starts_with("the role gateway needs registration"), "{told}");
    assert!(!place.path("data").exists(), "nothing was made");
}
