//! Callers who take nothing, say nothing, or do not mean what they say: they cost bounded memory, and stop nobody else.
//!
//! The gateway is a process of its own, so that its memory can be seen. The hostile caller is listed, with the limits that everybody has.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod raw;

use std::time::{Duration, Instant};

use entrypass_e2e::{Mode, System, TRUST_DOMAIN};
use entrypass_proto::gateway::v1::GetNoticeRequest;
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
/// Most that a hostile caller may cost the gateway. An idle one has some 20 MB; a build without optimisations is generous with memory.
const BOUND: u64 = 150 * 1024 * 1024;

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
        println!("{what}: {} MB", most >> 20);
    }
}

#[tokio::test]
async fn answers_that_nobody_reads() {
    let world = World::start("").await;
    let mut connections = Vec::new();
    // Every file of the contract, again and again: the largest answers that there are, and no limit of a caller counts them.
    // file_containing_symbol
    let request = [&[0x22, u8::try_from(GATEWAY.len()).expect("short")], GATEWAY.as_bytes()].concat();
    for path in [REFLECTION, NOTICE, WATCH] {
        for _ in 0..10 {
            let mut connection = world.open().await;
            for _ in 0..150 {
                connection
                    .call(path, if path == REFLECTION { &request } else { &[] }, "60S")
                    .await
                    .expect("taken");
            }
            connections.push(connection);
        }
    }
    world.memory_is_bounded("answers that nobody reads").await;
}
