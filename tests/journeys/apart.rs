//! What only separate processes show: one that starts before those it needs, dies, stands still, or is one of several copies.

use std::time::Duration;

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::gateway::v1::{GetNoticeRequest, entry_pass_service_client::EntryPassServiceClient};
use entrypass_testkit::Refusal;
use tonic::{Code, Request};

const GATEWAY: &str = entrypass_gateway::SERVICE_NAME;
const REGISTRATION: &str = entrypass_registration::SERVICE_NAME;
const QR: &str = entrypass_qr::SERVICE_NAME;
const EPASS: &str = entrypass_epass::SERVICE_NAME;

#[tokio::test]
async fn a_gateway_that_starts_before_its_neighbours_waits_for_them_and_says_so() {
    let mut system = System::start(Mode::Processes).await;
    for service in [GATEWAY, REGISTRATION, QR, EPASS] {
        system.stop(service).await;
    }
    system.restart(GATEWAY).await;
    system.until_not_serving(GATEWAY).await;
    let notice = system.pass.clone().get_notice(GetNoticeRequest {}).await;
    let refusal = Refusal::from(notice.expect_err("nobody to ask"));
    assert_eq!(refusal.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert!(refusal.retry_after.is_some());

    for service in [EPASS, QR, REGISTRATION] {
        system.restart(service).await;
    }
    system.until_serving(GATEWAY).await;
    let pass = Traveller::wang().register(&system, "wang").await.expect("everybody is there");
    assert!(pass.qr_code.is_some() && pass.electronic_pass.is_some());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_every_process_was_killed() {
    let mut system = System::start(Mode::Processes).await;
    let wang = Traveller::wang();
    let before = wang.register(&system, "wang").await.expect("registered");
    for service in [REGISTRATION, QR, EPASS, GATEWAY] {
        system.kill(service).await;
        system.restart(service).await;
    }
    system.until_serving(GATEWAY).await;
    let after = wang.entry_pass(&system).await.expect("still registered");
    assert_eq!(after.registration, before.registration);
    let code_id = |pass: entrypass_proto::gateway::v1::EntryPass| pass.qr_code.expect("a code").code_id;
    assert_eq!(code_id(after), code_id(before));
}

#[tokio::test]
async fn a_neighbour_that_stands_still_costs_no_more_than_the_deadline() {
    let mut system = System::start(Mode::Processes).await;
    system.until_serving(GATEWAY).await;
    system.freeze(REGISTRATION);
    let mut request = Request::new(GetNoticeRequest {});
    request.set_timeout(Duration::from_secs(1));
    let status = system.pass.clone().get_notice(request).await.expect_err("no answer in time");
    assert_eq!(Refusal::from(status).code, Code::DeadlineExceeded);
    system.until_not_serving(GATEWAY).await;

    system.thaw(REGISTRATION);
    system.until_serving(GATEWAY).await;
    Traveller::wang().register(&system, "wang").await.expect("everybody answers");
}

#[tokio::test]
async fn a_copy_serves_what_the_first_has_written() {
    let mut system = System::start(Mode::Processes).await;
    let wang = Traveller::wang();
    let before = wang.register(&system, "wang").await.expect("registered");
    let address = system.copy(GATEWAY).await;
    system.stop(GATEWAY).await;
    system.pass = EntryPassServiceClient::new(system.way_to(&address));
    let again = wang.register(&system, "wang").await.expect("the first answer");
    assert_eq!(again.registration, before.registration);
}
