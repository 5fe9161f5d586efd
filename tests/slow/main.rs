//! Callers who take nothing, say nothing, or do not mean what they say: they cost bounded memory, and stop nobody else.
//!
//! The gateway is a process of its own, so that its memory can be seen. The hostile caller is listed, with the limits that everybody has.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod raw;

use std::time::{Duration, Instant};

use entrypass_e2e::{Mode, System, TRUST_DOMAIN};
use entrypass_proto::gateway::v1::{GetNoticeRequest, entry_pass_service_client::EntryPassServiceClient};
use entrypass_rpc::Transport;
use entrypass_testkit::{allow_many_files, eventually};
use entrypass_tls::Tls;
use tonic::Request;

use crate::raw::Connection;

const GATEWAY: &str = entrypass_gateway::SERVICE_NAME;
const HOSTILE: &str = r#"
[[callers]]
name = "hostile"
identity = "spiffe://entrypass.test/hostile"
rpcs = ["entrypass.gateway.v1.EntryPassService/*"]
"#;
const NOTICE: &str = "/entrypass.gateway.v1.EntryPassService/GetNotice";
const SUBMIT: &str = "/entrypass.gateway.v1.EntryPassService/SubmitRegistration";
const WATCH: &str = "/entrypass.gateway.v1.EntryPassService/WatchRegistrations";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// A value of metadata, of 100 bytes.
const LONG: &str = concat!(
    "0123456789012345678901234567890123456789012345678",
    "901234567890123456789012345678901234567890123456789"
);
/// Most that a hostile caller may cost the gateway. An idle one has some 20 MB; a build without optimisations is generous with memory.
const BOUND: u64 = 120 * 1024 * 1024;

struct World {
    system: System,
    hostile: Tls,
    address: String,
    before: u64,
}

impl World {
    async fn start(settings: &str) -> Self {
        allow_many_files();
        let system = System::configured(Mode::Processes, &format!("{HOSTILE}{settings}")).await;
        let hostile = system.tls_of(&[&format!("{TRUST_DOMAIN}/hostile")]);
        let (_, address) = system.listeners().find(|(name, _)| *name == GATEWAY).expect("a gateway");
        let world = Self { before: system.resident_bytes(GATEWAY), system, hostile, address };
        world.others_are_served().await;
        world
    }

    async fn open(&self) -> Connection {
        Connection::open(&self.address, &self.hostile).await.expect("let in")
    }

    /// The hostile caller, as it calls when it behaves.
    fn well_behaved(&self) -> EntryPassServiceClient<Transport> {
        let address = self.address.parse().expect("an address");
        EntryPassServiceClient::new(Transport::remote_over_tls(&address, &self.hostile))
    }

    /// Over the connection that they have, and over a new one.
    async fn others_are_served(&self) {
        let anew = self.system.called_as(&[&format!("{TRUST_DOMAIN}/test")]).pass;
        for mut pass in [self.system.pass.clone(), anew] {
            let mut request = Request::new(GetNoticeRequest {});
            request.set_timeout(Duration::from_secs(10));
            pass.get_notice(request).await.expect("served");
        }
    }

    /// Looks for some time, since memory grows behind the last byte that was sent.
    async fn memory_is_bounded(&self, what: &str) {
        let began = Instant::now();
        let mut most = 0;
        while began.elapsed() < Duration::from_secs(2) {
            self.others_are_served().await;
            most = most.max(self.system.resident_bytes(GATEWAY).saturating_sub(self.before));
        }
        assert!(most < BOUND, "{what}: {} MB", most >> 20);
    }
}

#[tokio::test]
async fn answers_that_nobody_reads() {
    let world = World::start("").await;
    // Every file of the contract, again and again: the largest answer that there is.
    let symbol = [&[0x22, u8::try_from(GATEWAY.len()).expect("short")], GATEWAY.as_bytes()].concat();
    let mut connections = Vec::new();
    // What is not bounded by a limit of ours would take some 5 MB a connection of the first kind.
    for (path, message, count) in [(REFLECTION, symbol.as_slice(), 60), (NOTICE, &[], 20), (WATCH, &[], 20)] {
        for _ in 0..count {
            let mut connection = world.open().await;
            for _ in 0..150 {
                connection.call(path, message, "60S").await.expect("taken");
            }
            connections.push(connection);
        }
    }
    world.memory_is_bounded("answers that nobody reads").await;
    drop(connections);
    let mut pass = world.well_behaved();
    eventually("the places of who is gone are free", async || {
        pass.get_notice(GetNoticeRequest {}).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn requests_whose_end_never_comes() {
    let world = World::start("").await;
    let mut connections = Vec::new();
    // As much as is taken of each: 200 calls, and a window of all of them together.
    for _ in 0..20 {
        let mut connection = world.open().await;
        for _ in 0..150 {
            let stream = connection.begin(SUBMIT, "2S").await.expect("taken");
            // A message of 100 KB, of which 6 KB come.
            connection
                .data(stream, &[&[0, 0, 1, 0x90, 0], vec![0; 6 * 1024].as_slice()].concat())
                .await
                .expect("taken");
        }
        connections.push(connection);
    }
    world.memory_is_bounded("requests whose end never comes").await;
    // They end by their own deadline, or were too many in the first place.
    for connection in &mut connections {
        connection.ends((1..300).step_by(2)).await.expect("an end of each");
    }
    world.well_behaved().get_notice(GetNoticeRequest {}).await.expect("their places are free");
}

#[tokio::test]
async fn connections_on_which_nothing_happens() {
    let world = World::start("[limits]\nconnections = 2000\n").await;
    let mut silent = Vec::new();
    for _ in 0..1100 {
        silent.extend(Connection::open(&world.address, &world.hostile).await.ok());
    }
    let open = silent.len();
    // Half of all places, but for those that others have.
    assert!((900..=1000).contains(&open), "{open}");
    world.memory_is_bounded("connections on which nothing happens").await;
}

#[tokio::test]
async fn calls_that_are_given_up_as_soon_as_they_are_made() {
    const ENHANCE_YOUR_CALM: u32 = 11;
    let world = World::start("").await;
    for _ in 0..20 {
        let mut connection = world.open().await;
        for _ in 0..5000 {
            let Ok(stream) = connection.begin(NOTICE, "10S").await else { break };
            if connection.reset(stream).await.is_err() {
                break;
            }
        }
        // Told to calm down, or cut off where it does not listen.
        let told = async {
            loop {
                match connection.frame().await {
                    Ok(frame) if frame.goes_away().is_some() => break frame.goes_away(),
                    Ok(_) => {}
                    Err(_) => break None,
                }
            }
        };
        assert!(matches!(told.await, None | Some(ENHANCE_YOUR_CALM)));
    }
    world.memory_is_bounded("calls that are given up").await;
}

#[tokio::test]
async fn metadata_without_end_and_messages_that_are_too_large() {
    let world = World::start("").await;
    let mut connection = world.open().await;
    let stream = connection.begin_with(NOTICE, "10S", &[("x", LONG); 200]).await.expect("sent");
    // Refused on its own stream, or with the connection.
    let _ = connection.ends([stream]).await;
    let mut connection = world.open().await;
    let stream = connection.begin(SUBMIT, "10S").await.expect("sent");
    connection.data(stream, &[0, 0x7f, 0xff, 0xff, 0xff]).await.expect("sent");
    connection.ends([stream]).await.expect("an end, before the message has come");
    world.memory_is_bounded("messages that are too large").await;
}
