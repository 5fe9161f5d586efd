//! What a checkpoint is told besides the verdict: whom the code is for, who travels along, why, and how old that is.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    qr::v1::{self as pb, Verdict, verification_check::Reason},
    registration::v1::{RegistrationState, Relationship, registration_change::Kind},
};
use entrypass_testkit::Refusal;
use time::Duration;

use crate::harness::{App, registration, told};

/// The verdicts on the companions, in order.
fn companions(decision: &pb::VerifyQrCodeResponse) -> Vec<Verdict> {
    decision.companions.iter().map(pb::CompanionVerification::verdict).collect()
}

/// Why the checks did not pass that did not.
fn reasons(decision: &pb::VerifyQrCodeResponse) -> Vec<Reason> {
    let reasons = decision.checks.iter().map(pb::VerificationCheck::reason);
    reasons.filter(|reason| *reason != Reason::Unspecified).collect()
}

async fn decisions(app: &App, contents: Vec<String>) -> Result<Vec<pb::VerifyQrCodeResponse>, Refusal> {
    let request = pb::VerifyQrCodesRequest { contents, ..Default::default() };
    Ok(app.client().verify_qr_codes(request).await?.into_inner().decisions)
}

#[tokio::test]
async fn the_holder_is_shown_masked_and_every_companion_with_a_verdict() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    for number in 2..=5 {
        app.registered(number, 1, RegistrationState::Active);
        app.registrations.bind(&registration(1), &registration(number));
    }
    // The codes of three count: that of the fourth was never issued, which makes no difference.
    app.code(2, 1).await;
    app.revoke(registration(3)).await.expect("revoked");
    app.suspend(4, Duration::HOUR).await.expect("suspended");

    let decision = app.decision(&content).await;
    assert_eq!(told(&decision), (Verdict::Valid, "+++++++".to_owned()));
    let holder = decision.holder.as_ref().expect("the holder");
    let masked = ("王*", "11**************01");
    assert_eq!((holder.masked_name.as_str(), holder.masked_number.as_str()), masked);
    let expected = [Verdict::Valid, Verdict::Revoked, Verdict::Suspended, Verdict::Valid];
    assert_eq!(companions(&decision), expected);
    for companion in &decision.companions {
        let member = companion.member.as_ref().expect("a companion");
        assert_eq!((member.masked_name.as_str(), member.masked_number.as_str()), masked);
        assert_eq!(companion.relationship(), Relationship::Relative);
    }

    app.clock.advance(Duration::HOUR);
    let fresh = app.code(1, 1).await.content;
    let again = [Verdict::Valid, Verdict::Revoked, Verdict::Valid, Verdict::Valid];
    assert_eq!(companions(&app.decision(&fresh).await), again, "a suspension ends by itself");
}

#[tokio::test]
async fn nobody_is_shown_beside_what_is_not_genuine_or_whose_registration_does_not_count() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    app.registered(2, 1, RegistrationState::Active);
    app.registrations.bind(&registration(1), &registration(2));
    let shown = async |content: &str| {
        let decision = app.decision(content).await;
        (decision.verdict(), decision.holder.is_some(), decision.companions.len())
    };
    assert_eq!(shown(&content).await, (Verdict::Valid, true, 1));
    assert_eq!(shown("HELLO").await, (Verdict::Malformed, false, 0));
    let elsewhere = app.another("elsewhere.hex").await.code(1, 1).await.content;
    assert_eq!(shown(&elsewhere).await, (Verdict::UnknownKey, false, 0));
    for (state, verdict) in [
        (RegistrationState::Expired, Verdict::Expired),
        (RegistrationState::Cancelled, Verdict::Revoked),
        (RegistrationState::Unspecified, Verdict::CannotDecide),
    ] {
        app.registered(1, 1, state);
        assert_eq!(shown(&content).await, (verdict, false, 0));
    }

    // The person is there and registered; what is wrong with the code is the verdict's to say.
    app.registered(1, 2, RegistrationState::Active);
    assert_eq!(shown(&content).await, (Verdict::Superseded, true, 1));
    app.registered(1, 1, RegistrationState::Active);
    app.clock.advance(Duration::minutes(15));
    assert_eq!(shown(&content).await, (Verdict::Expired, true, 1));
    app.revoke(registration(1)).await.expect("revoked");
    assert_eq!(shown(&content).await, (Verdict::Revoked, true, 1));
}

#[tokio::test]
async fn each_check_that_did_not_pass_says_why() {
    let app = App::new().await;
    let not_made = |first: Reason, checks: usize| {
        let rest = std::iter::repeat_n(Reason::EarlierCheckFailed, checks);
        std::iter::once(first).chain(rest).collect::<Vec<_>>()
    };
    assert_eq!(reasons(&app.decision("HELLO").await), not_made(Reason::MalformedText, 6));
    let elsewhere = app.another("elsewhere.hex").await.code(1, 1).await.content;
    assert_eq!(reasons(&app.decision(&elsewhere).await), not_made(Reason::KeyUnknown, 5));
    let unrecorded = app.another("key.hex").await.code(1, 1).await.content;
    assert_eq!(reasons(&app.decision(&unrecorded).await), not_made(Reason::CodeNotRecorded, 2));

    let content = app.code(1, 1).await.content;
    assert_eq!(reasons(&app.decision(&content).await), []);
    app.suspend(1, Duration::MINUTE).await.expect("suspended");
    assert_eq!(reasons(&app.decision(&content).await), [Reason::CodeSuspended]);
    app.registered(1, 2, RegistrationState::Active);
    let both = [Reason::CodeSuspended, Reason::RegistrationAmended];
    assert_eq!(reasons(&app.decision(&content).await), both);
    app.clock.advance(Duration::minutes(15));
    let both = [Reason::ContentExpired, Reason::RegistrationAmended];
    assert_eq!(reasons(&app.decision(&content).await), both);
    app.clock.advance(-Duration::minutes(17));
    app.registered(1, 1, RegistrationState::Active);
    app.reinstate(1).await.expect("reinstated");
    assert_eq!(reasons(&app.decision(&content).await), [Reason::NotYetIssued]);
    app.clock.advance(Duration::minutes(2));
    app.registrations.break_with(tonic::Code::Unavailable);
    let unasked = [Reason::NeighbourUnavailable, Reason::NeighbourUnavailable];
    assert_eq!(reasons(&app.decision(&content).await), unasked);
}

#[tokio::test]
async fn what_was_just_asked_is_new_and_otherwise_it_is_as_old_as_what_was_followed() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let age = async || app.decision(&content).await.data_age.map(|age| (age.seconds, age.nanos));
    assert_eq!(age().await, Some((0, 0)));
    app.registrations.break_with(tonic::Code::Unavailable);
    assert_eq!(age().await, None, "nothing was followed yet");

    app.registrations.mend();
    let then = app.clock.now();
    app.registrations.feed().set_as_of(then);
    // When the second was dealt with, so was everything that came with the first.
    for number in [8, 9] {
        app.changed(number, Kind::Registered, 1).await;
    }
    app.clock.advance(Duration::milliseconds(61_500));
    assert_eq!(age().await, Some((0, 0)), "asked just now");
    app.registrations.break_with(tonic::Code::Unavailable);
    assert_eq!(age().await, Some((61, 500_000_000)));
    app.clock.advance(-Duration::minutes(2));
    assert_eq!(age().await, Some((0, 0)), "the clock there goes before this one");
    assert_eq!(app.decision("HELLO").await.data_age, None, "nothing had to be known");
}

#[tokio::test]
async fn a_batch_is_decided_one_by_one_with_one_question() {
    let app = App::new().await;
    let mut contents = vec!["HELLO".to_owned()];
    for number in 1..=3 {
        contents.push(app.code(number, 1).await.content);
    }
    app.registered(2, 2, RegistrationState::Active);
    app.revoke(registration(3)).await.expect("revoked");
    contents.push(format!("{}\r\n", contents[1]));
    let asked = app.registrations.languages().len();
    let told: Vec<_> = decisions(&app, contents.clone()).await.expect("decisions");
    let verdicts: Vec<_> = told.iter().map(pb::VerifyQrCodeResponse::verdict).collect();
    let expected =
        [Verdict::Malformed, Verdict::Valid, Verdict::Superseded, Verdict::Revoked, Verdict::Valid];
    assert_eq!(verdicts, expected);
    assert_eq!(app.registrations.languages().len(), asked + 1);
    for (decision, content) in told.into_iter().zip(&contents) {
        let alone = app.decision(content).await;
        let verification = decision.verification.clone();
        assert_eq!(decision, pb::VerifyQrCodeResponse { verification, ..alone });
    }

    decisions(&app, vec!["HELLO".to_owned(); 100]).await.expect("nothing to ask for");
    assert_eq!(app.registrations.languages().len(), asked + 5, "each code by itself, and no other text");
    app.registrations.break_with(tonic::Code::Unavailable);
    let told = decisions(&app, contents).await.expect("decisions");
    let verdicts: Vec<_> = told.iter().map(pb::VerifyQrCodeResponse::verdict).collect();
    let unasked = [
        Verdict::Malformed,
        Verdict::CannotDecide,
        Verdict::CannotDecide,
        Verdict::Revoked,
        Verdict::CannotDecide,
    ];
    assert_eq!(verdicts, unasked);
}

#[tokio::test]
async fn a_request_is_refused_with_all_that_is_wrong() {
    let app = App::new().await;
    let wrong = pb::VerifyQrCodeRequest {
        content: String::new(),
        checkpoint: "gate 3".to_owned(),
        request_id: "a b".to_owned(),
    };
    let refused = Refusal::from(app.client().verify_qr_code(wrong).await.expect_err("wrong all over"));
    assert_eq!(refused.broken, ["content REQUIRED", "checkpoint FORMAT", "request_id FORMAT"]);
    let refused = decisions(&app, vec!["A".to_owned(), String::new(), "A".repeat(4097)]).await;
    assert_eq!(refused.expect_err("wrong").broken, ["contents[1] REQUIRED", "contents[2] LENGTH"]);
    for count in [0, 101] {
        let refused = decisions(&app, vec!["A".to_owned(); count]).await.expect_err("too few or too many");
        assert_eq!(refused.broken, ["contents LENGTH"], "{count}");
    }
}
