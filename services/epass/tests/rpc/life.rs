//! What happens to a pass after it was issued.

use entrypass_ambient::Clock as _;
use entrypass_proto::epass::v1::{self as pb, PassLevel, PassReason as Reason, electronic_pass::State};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, eventually};
use tonic::Code;

use crate::harness::{App, Person, VALID_FOR, codes};

const NONE: &str = "electronicPasses/00000000-0000-7000-8000-000000000001";

/// The three acts of an authority, which have the same request.
macro_rules! acts {
    ($($act:ident: $method:ident $request:ident),+) => {
        $(async fn $act(
            app: &App,
            request_id: &str,
            pass: &pb::ElectronicPass,
            reason: Reason,
        ) -> Result<pb::ElectronicPass, Refusal> {
            let request = pb::$request {
                request_id: request_id.to_owned(),
                electronic_pass: pass.name.clone(),
                etag: pass.etag.clone(),
                reason: reason.into(),
                note: "见案卷12号".to_owned(),
            };
            Ok(app.client().$method(request).await?.into_inner().electronic_pass.expect("a pass"))
        })+
    };
}

acts! {
    suspend: suspend_electronic_pass SuspendElectronicPassRequest,
    reinstate: reinstate_electronic_pass ReinstateElectronicPassRequest,
    revoke: revoke_electronic_pass RevokeElectronicPassRequest
}

async fn cancel(
    app: &App,
    request_id: &str,
    person: &Person,
    etag: &str,
) -> Result<pb::ElectronicPass, Refusal> {
    let request = pb::CancelElectronicPassRequest {
        request_id: request_id.to_owned(),
        registration: person.registration.clone(),
        etag: etag.to_owned(),
    };
    Ok(app.client().cancel_electronic_pass(request).await?.into_inner().electronic_pass.expect("a pass"))
}

async fn passes(app: &App, person: &Person) -> Vec<pb::ElectronicPassRecord> {
    let request =
        pb::ListElectronicPassesRequest { traveller: person.traveller.clone(), ..Default::default() };
    app.client().list_electronic_passes(request).await.expect("known").into_inner().passes
}

#[tokio::test]
async fn a_suspended_pass_does_not_count_until_it_is_reinstated() {
    let app = App::new().await;
    let (person, issued) = app.with_pass(1).await;
    assert_eq!(issued.state(), State::Active);
    app.wait();
    let suspended = suspend(&app, "s", &issued, Reason::FraudSuspected).await.expect("active");
    assert_eq!(
        (suspended.state(), suspended.state_time),
        (State::Suspended, Some(timestamp(app.clock.now().truncate_to_microsecond())))
    );
    assert_eq!(app.level(&person).await.0, PassLevel::None);
    // It stays the person's pass: nothing is offered, and the holder cannot get rid of it.
    let offer = app.offer(&person).await.expect("known");
    assert_eq!(codes(&offer), ["CODE_ALREADY_COMPLETED"]);
    assert_eq!(offer.electronic_pass, Some(suspended.clone()));
    let refused = cancel(&app, "c", &person, &suspended.etag).await.expect_err("suspended");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "ILLEGAL_PASS_TRANSITION"));
    assert_eq!(refused.fact("state"), "SUSPENDED");

    let again = reinstate(&app, "r", &suspended, Reason::Cleared).await.expect("suspended");
    assert_eq!((again.state(), app.level(&person).await.0), (State::Active, PassLevel::AllowVisitor));
    // Each request is answered as the first time.
    assert_eq!(suspend(&app, "s", &issued, Reason::FraudSuspected).await, Ok(suspended));
    let stale = suspend(&app, "s-2", &issued, Reason::Other).await.expect_err("changed since");
    assert_eq!(stale.is(), (Code::Aborted, "ETAG_MISMATCH"));

    let record = &passes(&app, &person).await[0];
    assert_eq!(record.electronic_pass, Some(again));
    let steps: Vec<_> = record.steps.iter().map(|it| (it.state(), it.reason(), it.note.as_str())).collect();
    let note = "见案卷12号";
    let expected = [(State::Suspended, Reason::FraudSuspected, note), (State::Active, Reason::Cleared, note)];
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn after_a_revocation_or_a_cancellation_the_person_may_apply_again() {
    let app = App::new().await;
    let (person, first) = app.with_pass(1).await;
    let revoked = revoke(&app, "r", &first, Reason::DataError).await.expect("active");
    assert_eq!((revoked.state(), app.level(&person).await.0), (State::Revoked, PassLevel::None));
    for (refused, what) in [
        (revoke(&app, "r-2", &revoked, Reason::Other).await, "revoked twice"),
        (reinstate(&app, "r-3", &revoked, Reason::Cleared).await, "brought back"),
    ] {
        assert_eq!(refused.expect_err(what).is(), (Code::FailedPrecondition, "ILLEGAL_PASS_TRANSITION"));
    }
    let offer = app.offer(&person).await.expect("known");
    assert_eq!(codes(&offer), ["CODE_ELIGIBLE"]);
    assert_eq!(offer.electronic_pass, Some(revoked));

    app.wait();
    let application = app.apply("a-2", &person).await.expect("offered");
    let approval = crate::harness::decision("d-2", &application, pb::ReviewDecision::Approve);
    let second = app.review(approval).await.expect("approved").electronic_pass.expect("a pass");
    assert_eq!(app.get(&person).await.expect("known").electronic_pass.as_ref(), Some(&second));
    let cancelled = cancel(&app, "c", &person, &second.etag).await.expect("active");
    assert_eq!(cancelled.state(), State::Cancelled);
    assert_eq!(cancel(&app, "c", &person, &second.etag).await, Ok(cancelled));
    let states: Vec<_> = passes(&app, &person)
        .await
        .iter()
        .map(|it| it.electronic_pass.clone().unwrap_or_default().state())
        .collect();
    assert_eq!(states, [State::Cancelled, State::Revoked]);
}

#[tokio::test]
async fn a_pass_ends_by_time_alone_and_that_is_written_down() {
    let app = App::new().await;
    let (person, pass) = app.with_pass(1).await;
    assert_eq!(pass.expire_time, Some(timestamp(app.clock.now().truncate_to_microsecond() + VALID_FOR)));
    app.stopped().await;
    app.clock.advance(VALID_FOR);
    let read = app.get(&person).await.expect("known").electronic_pass.expect("a pass");
    assert_eq!((read.state(), read.state_time), (State::Expired, pass.expire_time));
    assert_eq!(app.level(&person).await.0, PassLevel::None);
    let refused = cancel(&app, "c", &person, &read.etag).await.expect_err("over");
    assert_eq!(refused.fact("state"), "EXPIRED");
    // Before anybody wrote it down there is room for the next.
    app.registrations.own("440699198501010016", &person.traveller);
    let next = pb::RecordExternalPassRequest {
        expire_time: Some(timestamp(app.clock.now() + VALID_FOR)),
        ..app.external_pass("next", "440699198501010016")
    };
    app.record(next).await.expect("there is room");
    assert_eq!(app.count("pass_steps").await, 1);

    app.clock.advance(VALID_FOR);
    let _restarted = app.again().await;
    eventually("the end is written down", async || app.count("pass_steps").await == 2).await;
}

#[tokio::test]
async fn what_there_is_not_is_not_found_and_every_broken_rule_is_told() {
    let app = App::new().await;
    let none = pb::ElectronicPass { name: NONE.to_owned(), etag: "e".to_owned(), ..Default::default() };
    let refused = suspend(&app, "s", &none, Reason::Other).await.expect_err("no such pass");
    assert_eq!(refused.is(), (Code::NotFound, "ELECTRONIC_PASS_NOT_FOUND"));
    let person = app.person(1);
    let refused = cancel(&app, "c", &person, "e").await.expect_err("no pass");
    assert_eq!(refused.is(), (Code::NotFound, "ELECTRONIC_PASS_NOT_FOUND"));
    assert_eq!(passes(&app, &person).await, []);
    let request = pb::RevokeElectronicPassRequest { note: "a".repeat(501), ..Default::default() };
    let refused = app.client().revoke_electronic_pass(request).await.expect_err("refused");
    let broken = [
        "request_id REQUIRED",
        "electronic_pass REQUIRED",
        "etag REQUIRED",
        "reason REQUIRED",
        "note LENGTH",
    ];
    assert_eq!(Refusal::from(refused).broken, broken);
}

#[tokio::test]
async fn of_those_who_act_at_once_one_is_first() {
    let app = App::new().await;
    let (_, pass) = app.with_pass(1).await;
    let acts = (0..8).map(|number| {
        let (app, pass) = (&app, &pass);
        async move { revoke(app, &format!("r-{number}"), pass, Reason::Other).await }
    });
    let done = futures_util::future::join_all(acts).await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1);
    for refused in done.into_iter().filter_map(Result::err) {
        assert_eq!(refused.is(), (Code::Aborted, "ETAG_MISMATCH"));
    }
    assert_eq!(app.count("pass_steps").await, 1);
}

#[tokio::test]
async fn what_an_authority_notes_is_sealed() {
    let app = App::new().await;
    let (_, pass) = app.with_pass(1).await;
    suspend(&app, "s", &pass, Reason::Other).await.expect("active");
    let written = app.written().await;
    let note = "见案卷12号".as_bytes();
    assert!(!written.windows(note.len()).any(|part| part == note));
}
