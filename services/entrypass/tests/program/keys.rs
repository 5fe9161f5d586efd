//! The command `keys`, and starts with key rings that cannot be used.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use entrypass_ambient::SystemRandom;
use entrypass_db::{
    Database,
    answers::{AnswersError, Kept, RequestKey},
};
use entrypass_proto::registration::v1::{
    Document, DocumentType, ResolveTravellerRequest, registration_service_client::RegistrationServiceClient,
};
use entrypass_seal::{KeyRing, Keys, Sealer};
use entrypass_testkit::{Program, Signal, TestDatabase, eventually};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, Statement};
use time::OffsetDateTime;
use tonic::transport::Channel;

use crate::Place;

pub(crate) const SERVE: &str = "serve --listen 127.0.0.1:0";

/// A line of `keys list` without its service.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    purpose: String,
    key: String,
    state: String,
    rows: u64,
}

fn listed(place: &Place, service: &str) -> Vec<Listed> {
    let lines = place.told(&format!("keys list --service {service}"));
    assert!(lines[0].starts_with("SERVICE "), "{lines:?}");
    let read = |line: &String| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [of, purpose, key, state @ .., rows] = words.as_slice() else { panic!("{line}") };
        assert_eq!(*of, service);
        Listed {
            purpose: (*purpose).to_owned(),
            key: (*key).to_owned(),
            state: state.join(" "),
            rows: rows.parse().expect("a number"),
        }
    };
    lines[1..].iter().map(read).collect()
}

/// The keys for encryption: id, state and rows.
fn encryption(place: &Place, service: &str) -> Vec<(String, String, u64)> {
    let keys = listed(place, service).into_iter().filter(|key| key.purpose == "encryption");
    keys.map(|key| (key.key, key.state, key.rows)).collect()
}

pub(crate) fn write_ring(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// A registration service whose ring is the file `rings/registration`.
pub(crate) async fn with_ring_file() -> (Place, TestDatabase, PathBuf) {
    let database = TestDatabase::migrated::<entrypass_registration::Migrator>("registration").await;
    let settings = format!(
        "[database]\nregistration = '{}'\n[registration]\nkey_ring = 'rings/registration'\n",
        database.text()
    );
    let place = Place::new().configured(&settings);
    let ring = place.path("rings/registration");
    write_ring(&ring, TestDatabase::KEY_RING);
    (place, database, ring)
}

async fn opened(database: &TestDatabase, ring: &Path) -> Database {
    let keys = Keys::parse(&fs::read_to_string(ring).expect("a ring")).expect("a ring");
    let sealer = Sealer::new(KeyRing::new(keys), std::sync::Arc::new(SystemRandom));
    Database::open::<entrypass_registration::Migrator>(&database.url(), 2, &sealer)
        .await
        .expect("the database")
}

/// How many rows there are by which people are found.
async fn indexed(database: &Database) -> i64 {
    let connection = database.reader();
    let count =
        Statement::from_string(connection.get_database_backend(), "SELECT count(*) AS n FROM documents");
    let row = connection.query_one_raw(count).await.expect("counted").expect("a row");
    row.try_get("", "n").expect("a number")
}

async fn kept(database: &Database, request_id: &str) -> Result<String, AnswersError> {
    let key = RequestKey::new("test", "Test", request_id, &String::new());
    let act = async |_: &_| Ok::<_, AnswersError>(Kept::of(format!("answer {request_id}")));
    key.once(database, OffsetDateTime::UNIX_EPOCH + time::Duration::days(365_000), act).await
}

pub(crate) async fn resolve(program: &Program, number: &str) {
    let channel = Channel::from_shared(format!("http://{}", program.address())).expect("an address");
    let mut client = RegistrationServiceClient::new(channel.connect().await.expect("a connection"));
    let document = Document {
        r#type: DocumentType::Passport.into(),
        number: number.to_owned(),
        issuing_state: "GBR".to_owned(),
    };
    client.resolve_traveller(ResolveTravellerRequest { document: Some(document) }).await.expect("known");
}

#[tokio::test]
async fn a_key_takes_anothers_place_beside_a_copy_that_serves() {
    let (place, database, ring) = with_ring_file().await;
    let before = opened(&database, &ring).await;
    for request in 0..1203 {
        kept(&before, &request.to_string()).await.expect("kept");
    }
    let log = place.path("log");
    let mut command = place.command(&format!("{SERVE} --role registration"));
    command.stderr(File::create(&log).expect("a file"));
    let program = Program::start(command).await.expect("it serves");
    resolve(&program, "X0000001").await;
    let [(old, ..)] = encryption(&place, "registration").try_into().expect("one key");
    assert_eq!(encryption(&place, "registration"), [(old.clone(), "IN USE".to_owned(), 1204)]);

    let changes =
        |log: &Path| fs::read_to_string(log).expect("a log").matches("the key ring has changed").count();
    let added = place.told("keys add --service registration");
    let new = added[0].split(' ').next().expect("an id").to_owned();
    eventually("the copy has the new key", async || changes(&log) == 1).await;
    resolve(&program, "X0000002").await;
    let (in_use, opens) = ("IN USE".to_owned(), "OPENS".to_owned());
    assert_eq!(
        encryption(&place, "registration"),
        [(old.clone(), in_use.clone(), 1205), (new.clone(), opens.clone(), 0)]
    );

    assert_eq!(place.told("keys rotate --service registration")[0].split(' ').next(), Some(new.as_str()));
    let refused = place.refusal(&format!("keys retire --service registration {old}"));
    assert!(refused.starts_with(&format!("1205 rows are still under the key {old}: ")), "{refused}");
    eventually("the copy seals with the new key", async || changes(&log) == 2).await;
    resolve(&program, "X0000003").await;
    resolve(&program, "X0000001").await;
    assert_eq!(
        encryption(&place, "registration"),
        [(new.clone(), in_use.clone(), 1), (old.clone(), opens, 1205)]
    );

    let told = place.told("keys reseal --service registration");
    assert_eq!(told.first().map(String::as_str), Some("registration: 500 of 1205 rows"), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("registration: everything is under the keys in use"));
    assert_eq!(told.len(), 5, "500, 500, 203 answers, 2 people, the end: {told:?}");
    assert_eq!(place.told("keys reseal --service registration").len(), 1, "nothing is left to do");

    let in_use_still = place.refusal(&format!("keys retire --service registration {new}"));
    assert!(in_use_still.contains("is in use"), "{in_use_still}");
    place.told(&format!("keys retire --service registration {old}"));
    assert_eq!(encryption(&place, "registration"), [(new, in_use, 1206)]);
    eventually("the copy has it no more", async || changes(&log) == 3).await;
    resolve(&program, "X0000001").await;
    let after = opened(&database, &ring).await;
    for request in ["0", "777", "1202"] {
        assert_eq!(kept(&after, request).await.expect("the first answer"), format!("answer {request}"));
    }
    program.signal(Signal::INT);
    assert!(program.ended().await.success());
    assert_eq!(mode(&ring), 0o600);
}

#[tokio::test]
async fn an_index_key_takes_anothers_place_and_people_are_found_all_along() {
    let (place, database, ring) = with_ring_file().await;
    let program =
        Program::start(place.command(&format!("{SERVE} --role registration"))).await.expect("it serves");
    resolve(&program, "X0000001").await;
    program.signal(Signal::INT);
    assert!(program.ended().await.success());

    let index = || {
        listed(&place, "registration").into_iter().filter(|key| key.purpose == "index").collect::<Vec<_>>()
    };
    let [before] = index().try_into().expect("one key");
    assert_eq!(before.rows, 1);
    place.told("keys add --service registration --purpose index");
    place.told("keys rotate --service registration --purpose index");
    assert!(
        place
            .refusal(&format!("keys retire --service registration {}", before.key))
            .starts_with("1 rows are still")
    );
    let told = place.told("keys reseal --service registration");
    assert_eq!(told[0], "registration: 1 of 1 rows");
    let with_both = fs::read_to_string(&ring).expect("a ring");
    let people = opened(&database, &ring).await;
    assert_eq!(indexed(&people).await, 2, "one row under each key");
    let told = place.told(&format!("keys retire --service registration {}", before.key));
    assert_eq!(
        told,
        [format!("{} is retired", before.key), "registration: 1 rows of it are removed".to_owned()]
    );
    assert_eq!(indexed(&people).await, 1);
    let [after] = index().try_into().expect("one key");
    assert_eq!((after.rows, after.state.as_str()), (1, "IN USE"));
    assert_eq!(place.told("keys reseal --service registration").len(), 1, "nothing is left to do");

    // A copy that has the old key still.
    let mut behind = place.command(&format!("{SERVE} --role registration"));
    behind.env("ENTRYPASS_REGISTRATION_KEY_RING", &with_both);
    let behind = Program::start(behind).await.expect("it serves");
    resolve(&behind, "X0000001").await;
    resolve(&behind, "X0000002").await;
    behind.signal(Signal::INT);
    assert!(behind.ended().await.success());
    let [_, left] = index().try_into().expect("two keys");
    assert_eq!((left.key.as_str(), left.state.as_str(), left.rows), (before.key.as_str(), "RETIRED", 1));
    // Nobody needs it: no reason not to serve.
    drop(Program::start(place.command(&format!("{SERVE} --role registration"))).await.expect("it serves"));
    let told = place.told("keys reseal --service registration");
    assert_eq!((told.len(), index().len()), (2, 1), "{told:?}");
    assert_eq!(indexed(&people).await, 2);

    let program =
        Program::start(place.command(&format!("{SERVE} --role registration"))).await.expect("it serves");
    resolve(&program, "X0000001").await;
    let people = opened(&database, &ring).await;
    let keys = entrypass_registration::rows_under_keys(&people).await.expect("counted");
    assert_eq!(
        keys.iter().map(|under| under.rows).collect::<Vec<_>>(),
        [2, 2],
        "each person is found by one document"
    );
    drop(program);
}

#[tokio::test]
async fn a_damaged_ring_changes_nothing_for_a_copy_that_serves() {
    let (place, _database, ring) = with_ring_file().await;
    let log = place.path("log");
    let mut command = place.command(&format!("{SERVE} --role registration"));
    command.stderr(File::create(&log).expect("a file"));
    let program = Program::start(command).await.expect("it serves");
    write_ring(&ring, "encryption 5ec7e7");
    let told = || fs::read_to_string(&log).expect("a log");
    eventually("it is told", async || told().contains("the keys of before stay")).await;
    assert!(told().contains("rings/registration is no key ring"), "{}", told());
    assert!(!told().contains("5ec7e7"), "{}", told());
    resolve(&program, "X0000001").await;
    let refused = place.refusal("keys list --service registration");
    assert!(refused.contains("line 1 is not a purpose"), "{refused}");
}

#[tokio::test]
async fn a_ring_is_made_with_a_new_database_in_the_data_folder_and_never_again() {
    let place = Place::new();
    let program = Program::start(place.command(SERVE)).await.expect("it serves");
    program.signal(Signal::INT);
    assert!(program.ended().await.success());
    let rings = ["registration", "qr", "epass"].map(|service| place.path("data/key-rings").join(service));
    let texts = rings.clone().map(|ring| {
        assert_eq!(mode(&ring), 0o600);
        fs::read_to_string(ring).expect("a ring")
    });
    assert!(texts[0] != texts[1] && texts[1] != texts[2], "each service has keys of its own");
    assert_eq!(mode(&place.path("data/key-rings")), 0o700);

    fs::remove_file(&rings[1]).expect("removed");
    for refused in [
        SERVE,
        "migrate up --service qr",
        "signing-keys list",
        "keys list --service qr",
        "keys add --service qr",
        "keys reseal --service qr",
    ] {
        let told = place.refusal(refused);
        let expected = "the key ring data/key-rings/qr is missing, and what the qr database holds cannot be read without it";
        assert!(told.starts_with(expected), "{refused}: {told}");
        assert!(!rings[1].exists(), "{refused}");
    }
}

#[tokio::test]
async fn what_is_no_private_ring_is_refused_before_anything_is_made() {
    let place = Place::new().configured("[epass]\nkey_ring = 'ring'");
    let ring = place.path("ring");
    let told = place.refusal(SERVE);
    assert!(
        told.starts_with("the key ring ring is missing: copy it there, or make one with `entrypass keys new"),
        "{told}"
    );
    fs::write(&ring, TestDatabase::KEY_RING).expect("written");
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o640)).expect("set");
    let told = place.refusal(SERVE);
    assert_eq!(told, "the key ring ring has mode 640: only its owner may have rights to it (chmod 600)");
    write_ring(&ring, "index 5ec7e7");
    let told = place.refusal(SERVE);
    assert!(told.starts_with("ring is no key ring: line 1 "), "{told}");
    let in_environment = Place::new().with("ENTRYPASS_QR_KEY_RING", "encryption 5ec7e7");
    let told = in_environment.refusal(SERVE);
    assert!(
        told.starts_with("ENTRYPASS_QR_KEY_RING is no key ring: line 1 ") && !told.contains("5ec7e7"),
        "{told}"
    );
    let key = "5e".repeat(32);
    let told = Place::new().configured(&format!("[qr]\nkey_ring = 'encryption {key}'")).refusal(SERVE);
    assert_eq!(told, "qr.key_ring must be the path of a file, and not a key");
    for place in [place, in_environment] {
        assert!(!place.path("data").exists(), "nothing was made");
    }
}

#[test]
fn a_new_ring_is_written_once_and_one_in_the_environment_is_not_changed() {
    let place = Place::new();
    place.told("keys new --service registration rings/registration");
    let ring = place.path("rings/registration");
    let text = fs::read_to_string(&ring).expect("a ring");
    Keys::parse(&text).expect("a whole ring");
    assert_eq!(mode(&ring), 0o600);
    let refused = place.refusal("keys new --service registration rings/registration");
    assert!(refused.starts_with("there is a file rings/registration already"), "{refused}");
    assert_eq!(fs::read_to_string(&ring).expect("a ring"), text);

    let place = place.with("ENTRYPASS_QR_KEY_RING", TestDatabase::KEY_RING);
    for refused in ["add", "rotate"] {
        let told = place.refusal(&format!("keys {refused} --service qr"));
        assert!(told.starts_with("ENTRYPASS_QR_KEY_RING holds the key ring: "), "{told}");
    }
    assert!(!place.path("data").exists(), "nothing was made");

    for refused in ["add", "rotate"] {
        let told = Place::new().refusal(&format!("keys {refused} --service qr"));
        let expected = "there is no key ring data/key-rings/qr yet, and no qr database: `entrypass serve` and `entrypass migrate up` make both";
        assert_eq!(told, expected);
    }
    let place = Place::new().configured("[qr]\nkey_ring = 'elsewhere'");
    let told = place.refusal("keys add --service qr");
    let expected = "the key ring elsewhere is missing: copy it there, or make one with `entrypass keys new --service qr PATH` if there never was one";
    assert_eq!(told, expected);
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it"]
async fn a_database_on_a_server_needs_a_ring_that_is_given() {
    let database = TestDatabase::migrated::<entrypass_registration::Migrator>("registration").await;
    let place = Place::new().configured(&format!("[database]\nregistration = '{}'", database.text()));
    for refused in ["serve --listen 127.0.0.1:0 --role registration", "migrate up --service registration"] {
        let told = place.refusal(refused);
        let expected = "registration needs a key ring that all its copies have: make one with `entrypass keys new --service registration PATH`";
        assert!(told.starts_with(expected), "{refused}: {told}");
    }
}
