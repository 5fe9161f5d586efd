//! Who may call whom, by certificate: over listeners, in one process and apart.

use std::time::Duration;

use entrypass::role::Role;
use entrypass_e2e::{Clients, Mode, System, TRUST_DOMAIN};
use entrypass_proto::{gateway::v1 as pb, registration::v1 as behind};
use entrypass_testkit::{Authority, Refusal, self_signed};
use tonic::{Code, Status};

async fn notice(clients: &Clients) -> Result<(), Status> {
    clients.pass.clone().get_notice(pb::GetNoticeRequest {}).await.map(drop)
}

async fn notice_behind(clients: &Clients) -> Result<(), Status> {
    clients.registration.clone().get_notice(behind::GetNoticeRequest {}).await.map(drop)
}

async fn only_who_is_listed_gets_in(mode: Mode) {
    let system = System::start(mode).await;
    let test = format!("{TRUST_DOMAIN}/test");
    let (test, other) = ([test.as_str()], Authority::new("other"));
    notice(&system.called_as(&test)).await.expect("listed");
    notice_behind(&system.called_as(&test)).await.expect("listed there, too");
    notice_behind(&system.called_as(&[&format!("{TRUST_DOMAIN}/gateway")])).await.expect("a service of ours");

    let stranger = system.called_as(&[&format!("{TRUST_DOMAIN}/stranger"), "test"]);
    for refused in [notice(&stranger).await, notice_behind(&stranger).await] {
        let refused = Refusal::from(refused.expect_err("not listed"));
        assert_eq!(refused.is(), (Code::PermissionDenied, "UNKNOWN_CALLER"));
        assert_eq!(refused.fact("caller"), format!("{TRUST_DOMAIN}/stranger"));
    }
    for certificate in [other.certificate(&test), self_signed(&test)] {
        let pretender = system.called_with(&certificate);
        for refused in [notice(&pretender).await, notice_behind(&pretender).await] {
            assert_eq!(refused.expect_err("nobody we trust says so").code(), Code::Unavailable);
        }
    }
}

#[tokio::test]
async fn only_who_is_listed_gets_in_over_sockets() {
    only_who_is_listed_gets_in(Mode::Sockets).await;
}

#[tokio::test]
async fn only_who_is_listed_gets_in_apart() {
    only_who_is_listed_gets_in(Mode::Processes).await;
}

/// Files are looked at every five seconds, and an authority takes two changes: first both are trusted, then the new one alone.
const TAKEN_UP: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_authority_is_replaced_under_running_processes() {
    let system = System::start(Mode::Processes).await;
    let new = Authority::new("new");
    let test = format!("{TRUST_DOMAIN}/test");
    let (before, after) = (system.called_as(&[&test]), new.certificate(&[&test]));
    let both = format!("{}{}", system.authority().pem(), new.pem());
    notice(&before).await.expect("trusted");

    for role in Role::ALL {
        system.certify(role, system.authority(), &both);
    }
    // Certificates of the new authority before everybody trusts it would stop the services from calling each other.
    until(async || notice_behind(&system.called_with(&after)).await.is_ok()).await;
    until(async || notice(&system.called_with(&after)).await.is_ok()).await;
    for role in Role::ALL {
        system.certify(role, &new, &new.pem());
    }
    let pass = system.called_trusting(&after, &new.pem());
    until(async || notice(&pass).await.is_ok()).await;
    notice(&before).await.expect("an open connection goes on");
    let anew = system.called_as(&[&test]);
    assert_eq!(notice(&anew).await.expect_err("the old authority is gone").code(), Code::Unavailable);
}

async fn until(holds: impl AsyncFn() -> bool) {
    let held = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(TAKEN_UP, held).await.expect("changed files are taken up");
}
