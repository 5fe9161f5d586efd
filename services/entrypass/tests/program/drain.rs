//! How the program ends: health first, then a time in which calls are still taken, then the calls in flight, then the limit.

use std::time::Duration;

use entrypass_db::Database;
use entrypass_proto::registration::v1::{
    Document, DocumentType, GetNoticeRequest, ResolveTravellerRequest, ResolveTravellerResponse,
    registration_service_client::RegistrationServiceClient,
};
use entrypass_testkit::{Program, Signal, TestDatabase};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use tokio::{task::JoinHandle, time::timeout};
use tonic::{Response, Status, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::Place;

/// Longer than anything here takes on a busy machine, and shorter than the times that must not be waited for.
const SOON: Duration = Duration::from_secs(30);

/// A registration service with a call in flight, which waits for a lock.
struct Busy {
    program: Program,
    channel: Channel,
    lock: DatabaseTransaction,
    call: JoinHandle<Result<Response<ResolveTravellerResponse>, Status>>,
    _kept: (Place, TestDatabase),
}

impl Busy {
    async fn new(drain: &str) -> Self {
        let database = TestDatabase::migrated::<entrypass_registration::Migrator>("registration").await;
        let place = Place::new()
            .with("ENTRYPASS_REGISTRATION_DATABASE", database.text())
            .configured(&format!("[drain]\n{drain}"));
        let command = place.command("serve --listen 127.0.0.1:0 --role registration");
        let program = Program::start(command).await.expect("it serves");
        let channel = Channel::from_shared(format!("http://{}", program.address())).expect("an address");
        let channel = channel.connect().await.expect("a connection");

        let writer =
            Database::open::<entrypass_registration::Migrator>(&database.url(), 1, &TestDatabase::sealer())
                .await;
        let lock = writer.expect("the same database").begin().await.expect("a transaction");
        if database.schema().is_some() {
            let all = "LOCK TABLE documents, travellers IN ACCESS EXCLUSIVE MODE";
            lock.execute_unprepared(all).await.expect("the lock");
        }
        let mut client = RegistrationServiceClient::new(channel.clone());
        let document = Document {
            r#type: DocumentType::Passport.into(),
            number: "X0000001".to_owned(),
            issuing_state: "GBR".to_owned(),
        };
        let request = ResolveTravellerRequest { document: Some(document) };
        let call = tokio::spawn(async move { client.resolve_traveller(request).await });
        let busy = Self { program, channel, lock, call, _kept: (place, database) };
        // Answered on the same connection and sent later: the call has arrived.
        busy.until(ServingStatus::Serving).await;
        busy
    }

    async fn health(&self) -> ServingStatus {
        let request = HealthCheckRequest { service: entrypass_registration::SERVICE_NAME.to_owned() };
        let answer = HealthClient::new(self.channel.clone()).check(request).await;
        answer.expect("health").into_inner().status()
    }

    async fn until(&self, wanted: ServingStatus) {
        let reported = async {
            while self.health().await != wanted {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, reported).await.unwrap_or_else(|_| panic!("{wanted:?} soon"));
    }
}

#[tokio::test]
async fn sigterm_tells_health_first_takes_calls_for_a_while_and_finishes_them() {
    let busy = Busy::new("lame_duck_seconds = 2\nlimit_seconds = 600").await;
    busy.program.signal(Signal::TERM);
    busy.until(ServingStatus::NotServing).await;
    let notice = RegistrationServiceClient::new(busy.channel.clone()).get_notice(GetNoticeRequest {}).await;
    notice.expect("calls are still taken");
    assert!(!busy.call.is_finished(), "the call waits");
    let Busy { program, lock, call, _kept, .. } = busy;
    lock.rollback().await.expect("free again");
    let answer = timeout(SOON, call).await.expect("soon").expect("no panic");
    assert!(
        answer.expect("the call in flight is answered").into_inner().traveller.starts_with("travellers/")
    );
    let status = timeout(SOON, program.ended()).await.expect("soon");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn calls_that_do_not_end_are_left_at_the_limit() {
    let busy = Busy::new("lame_duck_seconds = 0\nlimit_seconds = 1").await;
    busy.program.signal(Signal::TERM);
    let status = timeout(SOON, busy.program.ended()).await.expect("soon");
    assert!(status.success(), "{status}");
    let answer = timeout(SOON, busy.call).await.expect("soon").expect("no panic");
    answer.expect_err("cut off");
    drop(busy.lock);
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let busy = Busy::new("lame_duck_seconds = 300\nlimit_seconds = 600").await;
    busy.program.signal(Signal::TERM);
    busy.until(ServingStatus::NotServing).await;
    busy.program.signal(Signal::TERM);
    let status = timeout(SOON, busy.program.ended()).await.expect("soon");
    assert!(status.success(), "{status}");
    drop(busy.lock);
}

#[tokio::test]
async fn sigint_waits_for_calls_and_not_for_callers_to_learn_of_it() {
    let busy = Busy::new("lame_duck_seconds = 300\nlimit_seconds = 600").await;
    busy.program.signal(Signal::INT);
    let Busy { program, lock, call, _kept, .. } = busy;
    lock.rollback().await.expect("free again");
    let answer = timeout(SOON, call).await.expect("soon").expect("no panic");
    answer.expect("the call in flight is answered");
    let status = timeout(SOON, program.ended()).await.expect("soon");
    assert!(status.success(), "{status}");
}
