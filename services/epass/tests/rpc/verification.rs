//! What happens between a submission and its reviewer.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{
        ApplyForElectronicPassRequest, ReviewDecision as Decision, electronic_pass_application::State,
        identity_finding::Outcome,
    },
    registration::v1::{
        IdentityCheck, IdentityOutcome, IdentityStrength, VerifyTravellerIdentityResponse,
        identity_check::Result as CheckResult,
    },
};
use entrypass_testkit::eventually;
use time::Duration;
use tonic::Code;

use crate::harness::{App, codes, decision};

/// Stops what the service does unasked, so that a submission stays as it is, and leaves one.
async fn submitted_and_left(app: &App) -> String {
    app.stopped().await;
    app.submit("r-1", &app.person(1)).await.expect("offered").name
}

/// What the neighbour says of everybody.
fn verdict(
    outcome: IdentityOutcome,
    strength: IdentityStrength,
    checks: &[(&str, CheckResult)],
) -> VerifyTravellerIdentityResponse {
    let check = |&(check, result): &(&str, CheckResult)| IdentityCheck {
        check: check.to_owned(),
        result: result.into(),
        ..IdentityCheck::default()
    };
    let checks = checks.iter().map(check).collect();
    VerifyTravellerIdentityResponse {
        outcome: outcome.into(),
        strength: strength.into(),
        checks,
        revision: 1,
    }
}

#[tokio::test]
async fn what_contradicts_goes_back_to_the_traveller_with_the_names_of_the_checks_and_can_be_mended() {
    let app = App::new().await;
    let person = app.person(1);
    let checks = [("NAME_AGAINST_NUMBER", CheckResult::Failed), ("SEX_AGAINST_NUMBER", CheckResult::Passed)];
    app.registrations.verify_as(verdict(IdentityOutcome::Mismatch, IdentityStrength::Unspecified, &checks));
    let failed = app.await_review("r-1", &person).await.expect("offered");
    assert_eq!(failed.state(), State::VerificationFailed);
    assert!(failed.lapse_time.is_some(), "it ends by itself");
    let identity = failed.identity.as_ref().expect("a finding");
    assert_eq!((identity.outcome(), identity.strength()), (Outcome::Mismatch, IdentityStrength::Unspecified));
    assert_eq!(identity.failed_checks, ["NAME_AGAINST_NUMBER"]);
    let offer = app.offer(&person).await.expect("known");
    assert_eq!((offer.offered, codes(&offer)), (true, vec!["CODE_VERIFICATION_FAILED"]));
    assert_eq!(app.claim("c-1", "reviewer-1", 20).await.expect("none"), [], "no reviewer has to look");
    let refusal =
        app.review(decision("d-1", &failed, Decision::Approve)).await.expect_err("not under review");
    assert_eq!(
        (refusal.reason.as_str(), refusal.fact("state")),
        ("ILLEGAL_TRANSITION", "VERIFICATION_FAILED")
    );

    app.registrations.verify_as(verdict(IdentityOutcome::Verified, IdentityStrength::Formal, &[]));
    let again = app.await_review("r-2", &person).await.expect("it can be submitted again");
    assert_eq!((&again.name, again.state(), again.submission_count), (&failed.name, State::UnderReview, 2));
    let identity = again.identity.expect("a finding");
    assert_eq!((identity.outcome(), identity.strength()), (Outcome::Verified, IdentityStrength::Formal));
    assert_eq!(identity.failed_checks, Vec::<String>::new());
    let ids: Vec<_> = app.registrations.verifications().into_iter().map(|asked| asked.request_id).collect();
    assert_eq!((ids.len(), ids[0] == ids[1]), (2, false), "each submission is a verification of its own");
}

#[tokio::test]
async fn what_could_not_be_verified_is_noted_for_the_reviewer() {
    let app = App::new().await;
    let checks = [("REGISTER", CheckResult::NotPerformed)];
    app.registrations.verify_as(verdict(
        IdentityOutcome::CannotVerify,
        IdentityStrength::Unspecified,
        &checks,
    ));
    let waiting = app.apply("r-1", &app.person(1)).await.expect("offered");
    assert_eq!(waiting.state(), State::UnderReview);
    assert_eq!(waiting.identity.as_ref().expect("a finding").outcome(), Outcome::CannotVerify);
    app.review(decision("d-1", &waiting, Decision::Approve)).await.expect("the reviewer has made sure");
}

#[tokio::test]
async fn evidence_is_handed_on_as_it_came_and_kept_no_longer_than_it_is_needed() {
    let app = App::new().await;
    app.stopped().await;
    let person = app.person(1);
    let request = ApplyForElectronicPassRequest {
        request_id: "r-1".to_owned(),
        registration: person.registration.clone(),
        evidence: vec![0, 159, 146, 150],
    };
    let applied = app.client().apply_for_electronic_pass(request).await.expect("offered").into_inner();
    let name = applied.application.expect("an application").name;
    assert_eq!(app.count("applications WHERE sealed_evidence IS NOT NULL").await, 1);
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    eventually("it is put off", async || copy.waits_for_try(1).await.is_some()).await;
    assert_eq!(app.count("applications WHERE sealed_evidence IS NOT NULL").await, 1);
    app.registrations.mend();
    app.clock.advance(Duration::minutes(1));
    copy.settled(&name).await;
    assert_eq!(app.count("applications WHERE sealed_evidence IS NOT NULL").await, 0);
    let asked = app.registrations.verifications();
    let asked: Vec<_> = asked.iter().map(|it| (&it.registration, it.strength(), &it.evidence)).collect();
    assert_eq!(asked, [(&person.registration, IdentityStrength::Formal, &vec![0, 159, 146, 150])]);
}

#[tokio::test]
async fn a_neighbour_that_is_away_is_asked_again_with_growing_pauses() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    for (tries, pause) in [(1, 2), (2, 4), (3, 8)] {
        eventually("it is put off", async || copy.waits_for_try(tries).await == Some(pause)).await;
        assert_eq!(copy.application(&name).await.expect("it is there").state(), State::IdentityVerifying);
        app.clock.advance(Duration::seconds(pause));
    }
    app.registrations.mend();
    app.clock.advance(Duration::minutes(10));
    assert_eq!(copy.settled(&name).await.state(), State::UnderReview);
}

#[tokio::test]
async fn a_reviewer_decides_without_a_neighbour_that_stays_away() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    eventually("it is put off", async || copy.waits_for_try(1).await.is_some()).await;
    app.clock.advance(Duration::hours(6));
    let waiting = copy.settled(&name).await;
    assert_eq!(waiting.state(), State::UnderReview);
    let identity = waiting.identity.expect("a finding");
    assert_eq!((identity.outcome(), identity.failed_checks), (Outcome::CannotVerify, vec![]));
}

#[tokio::test]
async fn an_answer_against_the_contract_holds_nobody_up_for_ever() {
    let app = App::new().await;
    app.stopped().await;
    let request = ApplyForElectronicPassRequest {
        request_id: "r-1".to_owned(),
        registration: app.person(1).registration,
        evidence: b"a token".to_vec(),
    };
    let applied = app.client().apply_for_electronic_pass(request).await.expect("offered").into_inner();
    let name = applied.application.expect("an application").name;
    app.registrations.verify_as(verdict(IdentityOutcome::Unspecified, IdentityStrength::Formal, &[]));
    let copy = app.again().await;
    for (tries, pause) in [(1, 2), (2, 4)] {
        eventually("it is put off", async || copy.waits_for_try(tries).await == Some(pause)).await;
        assert_eq!(copy.application(&name).await.expect("it is there").state(), State::IdentityVerifying);
        app.clock.advance(Duration::seconds(pause));
    }
    app.clock.advance(Duration::hours(6));
    let waiting = copy.settled(&name).await;
    assert_eq!(waiting.state(), State::UnderReview);
    let identity = waiting.identity.expect("a finding");
    assert_eq!((identity.outcome(), identity.revision), (Outcome::CannotVerify, 0));
    assert_eq!(app.count("applications WHERE sealed_evidence IS NOT NULL").await, 0);
}

#[tokio::test]
async fn what_cannot_be_read_keeps_no_other_waiting() {
    let app = App::new().await;
    app.stopped().await;
    let broken = app.submit("r-1", &app.person(1)).await.expect("offered").name;
    app.meddle("UPDATE applications SET identity_outcome = 'PERHAPS'").await;
    app.wait();
    let sound = app.submit("r-2", &app.person(2)).await.expect("offered").name;
    let copy = app.again().await;
    assert_eq!(copy.settled(&sound).await.state(), State::UnderReview);
    let put_off = "applications WHERE identity_outcome = 'PERHAPS' AND tries = 0 AND next_try >";
    let soon = (app.clock.now() + Duration::minutes(9)).unix_timestamp_nanos() / 1000;
    eventually("it is put off", async || app.count(&format!("{put_off} {soon}")).await == 1).await;
    // As when what is wrong with it is mended.
    app.meddle("UPDATE applications SET identity_outcome = NULL WHERE identity_outcome = 'PERHAPS'").await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(copy.settled(&broken).await.state(), State::UnderReview);
}

#[tokio::test]
async fn what_is_withdrawn_while_it_is_verified_stays_so() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    eventually("it is put off", async || copy.waits_for_try(1).await.is_some()).await;
    let verifying = copy.application(&name).await.expect("it is there");
    let withdrawn = copy.withdraw("w-1", &verifying).await.expect("it is not decided");
    app.registrations.mend();
    app.clock.advance(Duration::hours(1));
    let other = copy.await_review("r-2", &app.person(2)).await.expect("offered");
    assert_eq!(other.state(), State::UnderReview, "the verification goes on");
    assert_eq!(copy.application(&name).await.expect("it is there"), withdrawn);
    assert_eq!(copy.waits_for_try(1).await, None, "nothing is left to be done");
}

#[tokio::test]
async fn what_a_copy_took_that_died_is_another_ones_after_a_time() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.taken_by_a_copy_that_died(Duration::minutes(2)).await;
    let copy = app.again().await;
    let other = copy.await_review("r-2", &app.person(2)).await.expect("offered");
    assert_eq!(other.state(), State::UnderReview);
    assert_eq!(copy.application(&name).await.expect("it is there").state(), State::IdentityVerifying);
    app.clock.advance(Duration::minutes(2));
    assert_eq!(copy.settled(&name).await.state(), State::UnderReview);
}

#[tokio::test]
async fn of_many_copies_each_verifies_and_every_application_comes_to_the_reviewers_once() {
    let app = App::new().await;
    app.stopped().await;
    let mut names = Vec::new();
    for number in 0..20 {
        names.push(app.submit(&format!("r-{number}"), &app.person(number)).await.expect("offered").name);
    }
    let copies = [app.again().await, app.again().await, app.again().await];
    for name in &names {
        let waiting = copies[0].settled(name).await;
        assert_eq!((waiting.state(), waiting.submission_count), (State::UnderReview, 1));
        // Submitted, verifying, under review: each step was made once.
        assert!(waiting.etag.ends_with("-3"), "{}", waiting.etag);
    }
}

#[tokio::test]
async fn whoever_is_proven_as_the_policy_has_it_needs_no_reviewer() {
    let app = App::new().await;
    let wanted = "has(identity.strength) && identity.strength in ['REAL_NAME', 'REAL_PERSON']";
    let given = "document.type = \"RESIDENT_ID_CARD\" }\nexpect = { unmet = [], level = \"NONE\" }";
    let proven = "document.type = \"RESIDENT_ID_CARD\", identity.strength = \"REAL_NAME\" }\n\
                  expect = { unmet = [], level = \"NONE\", auto_approve = true }";
    app.decides_by(&[
        (
            "identity_strength = \"FORMAL\"",
            &format!("identity_strength = \"REAL_NAME\"\nauto_approve = \"{wanted}\""),
        ),
        (given, proven),
    ])
    .await;
    let table = [
        (IdentityOutcome::Verified, IdentityStrength::RealName, 1, State::Issued),
        (IdentityOutcome::Verified, IdentityStrength::RealPerson, 1, State::Issued),
        (IdentityOutcome::Verified, IdentityStrength::Formal, 1, State::UnderReview),
        (IdentityOutcome::CannotVerify, IdentityStrength::Formal, 1, State::UnderReview),
        // Another revision than the one that is there now.
        (IdentityOutcome::Verified, IdentityStrength::RealName, 2, State::UnderReview),
    ];
    for (number, (outcome, strength, revision, expected)) in (1..).zip(table) {
        let verdict = VerifyTravellerIdentityResponse { revision, ..verdict(outcome, strength, &[]) };
        app.registrations.verify_as(verdict);
        let settled = app.await_review(&format!("r-{number}"), &app.person(number)).await.expect("offered");
        assert_eq!(settled.state(), expected, "{outcome:?} {strength:?} {revision}");
        assert_eq!(settled.identity.expect("a finding").revision, revision, "told to the reviewer");
    }
    let asked = app.registrations.verifications();
    assert!(asked.iter().all(|it| it.strength() == IdentityStrength::RealName), "as the policy needs it");
}
