//! Key rings that are whole, but of another database.

use std::fs::{self, File};

use entrypass_ambient::SystemRandom;
use entrypass_proto::{
    epass::v1::{GetElectronicPassRequest, epass_service_client::EpassServiceClient},
    qr::v1::{CountVerificationsRequest, qr_service_client::QrServiceClient},
    registration::v1::{CheckDocumentRequest, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::Transport;
use entrypass_seal::{Keys, Purpose};
use entrypass_testkit::{Program, Signal, TestDatabase, eventually};

use crate::{
    Place,
    keys::{SERVE, resolve, with_ring_file, write_ring},
};

/// The ring of some other database.
fn other() -> String {
    Keys::generate(&SystemRandom).to_text().to_string()
}

#[tokio::test]
async fn no_service_starts_with_the_ring_of_another_database() {
    let (mut place, _databases) = Place::with_databases().await;
    place.told("migrate up");
    // Nothing is under any key yet.
    let others = other();
    let mut command = place.command(SERVE);
    let services = ["registration", "qr", "epass"];
    let variable = |service: &str| format!("ENTRYPASS_{}_KEY_RING", service.to_uppercase());
    command.envs(services.map(|service| (variable(service), others.clone())));
    let program = Program::start(command).await.expect("it serves");
    program.signal(Signal::INT);
    assert!(program.ended().await.success());

    let program = Program::start(place.command(SERVE)).await.expect("it serves");
    let address = format!("http://{}", program.address()).parse().expect("an address");
    let way = Transport::remote(&address);
    let mut registration = RegistrationServiceClient::new(way.clone());
    registration.check_document(CheckDocumentRequest::default()).await.expect_err("no document");
    let mut qr = QrServiceClient::new(way.clone());
    // Answered or refused: it is recorded.
    let _ = qr.count_verifications(CountVerificationsRequest::default()).await;
    let _ = EpassServiceClient::new(way).get_electronic_pass(GetElectronicPassRequest::default()).await;
    for service in services {
        eventually("the record has its position", async || {
            place.told(&format!("audit head --service {service}"))[0].starts_with(&format!("{service} 1:"))
        })
        .await;
    }
    program.signal(Signal::INT);
    assert!(program.ended().await.success());

    let key = TestDatabase::sealer().keys().in_use(Purpose::Audit);
    for service in services {
        place = place.with(&variable(service), &others);
        let expected = format!(
            "{} is not the key ring of this {service} database: rows are under the audit key {key}, and it lacks it; bring the right one back from its backup",
            variable(service)
        );
        assert_eq!(place.refusal(SERVE), expected);
        place = place.with(&variable(service), TestDatabase::KEY_RING);
    }
    let program = Program::start(place.command(SERVE)).await.expect("it serves with the right ones");
    drop(program);
}

#[tokio::test]
async fn a_ring_that_lacks_any_key_of_the_rows_is_refused_and_a_copy_that_serves_keeps_its_own() {
    let (place, _database, ring) = with_ring_file().await;
    let serve = format!("{SERVE} --role registration");
    let log = place.path("log");
    let mut command = place.command(&serve);
    command.stderr(File::create(&log).expect("a file"));
    let program = Program::start(command).await.expect("it serves");
    resolve(&program, "X0000001").await;
    let right = fs::read_to_string(&ring).expect("a ring");
    let keys = Keys::parse(&right).expect("a ring");
    let told = || fs::read_to_string(&log).expect("a log");

    write_ring(&ring, &other());
    eventually("it is told", async || told().contains("the keys of before stay")).await;
    assert!(told().contains("is not the key ring of this registration database"), "{}", told());
    resolve(&program, "X0000001").await;
    write_ring(&ring, &format!("{right}\n# back again"));
    eventually("it is taken up", async || told().contains("the key ring has changed")).await;
    program.signal(Signal::INT);
    assert!(program.ended().await.success());

    // Of each purpose alone.
    for purpose in [Purpose::Encryption, Purpose::Index] {
        let line = |line: &&str| line.starts_with(purpose.name());
        let (theirs, others) = (right.lines().find(line).expect("a key"), other());
        let another = others.lines().find(line).expect("a key");
        write_ring(&ring, &right.replace(theirs, another));
        let refused = place.refusal(&serve);
        let missing = format!("the {purpose} key {}", keys.in_use(purpose));
        assert!(
            refused.starts_with("rings/registration is not the key ring") && refused.contains(&missing),
            "{refused}"
        );
        let digits = another.split(' ').nth(1).expect("a key");
        assert!(!refused.contains(digits) && !refused.contains(theirs), "{refused}");
    }
    write_ring(&ring, &right);
    let program = Program::start(place.command(&serve)).await.expect("it serves with the right one");
    resolve(&program, "X0000001").await;
}
