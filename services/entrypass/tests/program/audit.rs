//! The command `audit`, beside a program that serves.

use std::process::{Command, Output};

use entrypass_ambient::SystemRandom;
use entrypass_db::Database;
use entrypass_proto::registration::v1::{
    CheckDocumentRequest, registration_service_client::RegistrationServiceClient,
};
use entrypass_registration::Migrator;
use entrypass_rpc::Transport;
use entrypass_seal::{Keys, Purpose};
use entrypass_testkit::{Program, Signal, TestDatabase, eventually};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};

use crate::{Place, text};

/// Exit code and lines of the program, called with `arguments`.
fn ended(place: &Place, arguments: &str) -> (Option<i32>, Vec<String>) {
    end(&mut place.command(arguments))
}

fn end(command: &mut Command) -> (Option<i32>, Vec<String>) {
    let Output { status, stdout, stderr } = command.output().expect("the program");
    assert_eq!(text(&stderr), "", "{command:?}");
    (status.code(), text(&stdout).lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn chains_are_verified_beside_a_program_that_writes_them_and_what_was_done_to_them_is_told() {
    let (place, [registration, _qr, _epass]) = Place::with_databases().await;
    place.told("migrate up");
    let empty = format!("0:{}", "00".repeat(32));
    let heads = ["registration", "qr", "epass"].map(|service| format!("{service} {empty}"));
    assert_eq!(place.told("audit head"), heads);

    let program = Program::start(place.command("serve --listen 127.0.0.1:0")).await.expect("it serves");
    let address = format!("http://{}", program.address()).parse().expect("an address");
    let mut client = RegistrationServiceClient::new(Transport::remote(&address));
    for _ in 0..3 {
        client.check_document(CheckDocumentRequest::default()).await.expect_err("no document");
    }
    eventually("the records have their positions", async || {
        place.told("audit head --service registration")[0].starts_with("registration 3:")
    })
    .await;
    let head = place.told("audit head --service registration")[0].replace("registration ", "");
    let good = |head: &str| format!("registration: good up to position 3; note {head}");
    let verify = format!("audit verify --service registration --expect {head}");
    assert_eq!(ended(&place, &verify), (Some(0), vec![good(&head)]));
    let all = ended(&place, "audit verify");
    assert_eq!((all.0, all.1.len()), (Some(0), 3));

    let other = Keys::generate(&SystemRandom).to_text();
    let mut verify_with_other = place.command(&verify);
    let unjudged = end(verify_with_other.env("ENTRYPASS_REGISTRATION_KEY_RING", other.as_str()));
    let key = TestDatabase::sealer().keys().in_use(Purpose::Audit);
    let expected = [
        format!("registration: 3 records and 3 positions are under the key {key}, which is not in the key ring"),
        "registration: NOT VERIFIED: the key ring lacks keys, so that nobody can say whether the chain is good".to_owned(),
    ];
    assert_eq!(unjudged, (Some(1), expected.to_vec()));

    let (url, sealer) = (registration.url(), TestDatabase::sealer());
    let database = Database::open::<Migrator>(&url, 2, &sealer).await.expect("the database");
    let on = match database.reader().get_database_backend() {
        DbBackend::Postgres => " ON audit_records",
        _ => "",
    };
    let kept = if on.is_empty() { "audit_records_are_kept" } else { "audit_records_stay" };
    let change = "UPDATE audit_records SET caller = 'nobody' WHERE id = (SELECT record_id FROM audit_chain WHERE position = 2)";
    for statement in [&format!("DROP TRIGGER {kept}{on}"), change] {
        execute(&database, statement).await;
    }
    let (code, lines) = ended(&place, &verify);
    assert_eq!((code, lines.len()), (Some(2), 2));
    assert!(lines[0].starts_with("registration: position 2: record "), "{lines:?}");
    assert!(lines[0].ends_with(" was changed"), "{lines:?}");
    assert_eq!(lines[1], "registration: BROKEN: 1 finding");
    let longer = format!("audit verify --service qr --expect {head}");
    let (code, lines) = ended(&place, &longer);
    assert_eq!(code, Some(2));
    assert_eq!(lines[0], "qr: the chain was cut off: it reached position 3, and ends at 0");

    program.signal(Signal::INT);
    assert!(program.ended().await.success());
}

#[tokio::test]
async fn what_is_missing_of_one_chain_is_told_and_the_others_are_looked_at() {
    let (place, [registration, qr, epass]) = Place::with_databases().await;
    place.told("migrate up");
    let (one, two) = (registration.url(), qr.url());
    let sealer = TestDatabase::sealer();
    let registration = Database::open::<Migrator>(&one, 2, &sealer).await.expect("the database");
    execute(&registration, "DELETE FROM audit_head").await;
    let qr = Database::open::<entrypass_qr::Migrator>(&two, 2, &sealer).await.expect("the database");
    execute(&qr, "DROP TABLE audit_chain").await;
    let good = format!("epass: good up to position 0; note 0:{}", "00".repeat(32));
    let expected = [
        "registration: the row of audit_head was removed, or changed beyond reading: nobody can say where the chain ended",
        "registration: BROKEN: 1 finding",
        "qr: the table audit_chain was removed",
        "qr: BROKEN: 1 finding",
        &good,
    ];
    assert_eq!(ended(&place, "audit verify"), (Some(2), expected.map(str::to_owned).to_vec()));

    let epass =
        Database::open::<entrypass_epass::Migrator>(&epass.url(), 2, &sealer).await.expect("the database");
    execute(&epass, "ALTER TABLE audit_head RENAME COLUMN link TO links").await;
    let (code, lines) = ended(&place, "audit verify --service epass");
    assert_eq!((code, lines.len()), (Some(2), 1));
    assert!(
        lines[0].starts_with("epass: BROKEN: what stands in the tables of the audit is not readable"),
        "{lines:?}"
    );

    // What cannot be opened does not keep the others from being looked at, nor what is broken from being said.
    execute(&registration, "DELETE FROM registration_migrations").await;
    let Output { status, stdout, stderr } = place.command("audit verify").output().expect("the program");
    assert_eq!(status.code(), Some(2), "{}", text(&stderr));
    assert!(text(&stderr).contains("run `entrypass migrate up`"), "{}", text(&stderr));
    assert!(text(&stdout).starts_with("qr: the table audit_chain was removed\n"), "{}", text(&stdout));
}

async fn execute(database: &Database, statement: &str) {
    let transaction = database.begin().await.expect("begun");
    transaction.execute_unprepared(statement).await.expect(statement);
    transaction.commit().await.expect("committed");
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_no_broken_chain() {
    let (place, _databases) = Place::with_databases().await;
    let refusal = place.refusal("audit verify --service registration");
    let told = ["run `entrypass migrate up`", "there is no database"];
    assert!(told.iter().any(|told| refusal.contains(told)), "{refusal}");
    let expected = format!("audit verify --expect 1:{}", "ab".repeat(32));
    assert!(place.refusal(&expected).contains("say whose"));
    for wrong in ["audit verify --expect 1", "audit verify --service gateway", "audit look"] {
        let output = place.command(wrong).output().expect("the program");
        assert_eq!(output.status.code(), Some(1), "{wrong}");
    }
}
