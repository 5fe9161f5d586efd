//! Who somebody is: what the identity service is asked, and what of its answer leaves this service.

use entrypass_proto::{
    identity::v1::{VerifyIdentityRequest, VerifyIdentityResponse},
    registration::v1::{
        self as pb, IdentityCheck, IdentityOutcome as Outcome, IdentityStrength as Strength,
        identity_check::Result as Found,
    },
};
use entrypass_testkit::Refusal;
use prost::Message as _;
use time::Duration;
use tonic::Code;

use crate::harness::{App, amendment, form, passport};

const ANNA: &str = "SMITH ANNA MARIA";

fn wanted(registration: &str, strength: Strength) -> pb::VerifyTravellerIdentityRequest {
    pb::VerifyTravellerIdentityRequest {
        request_id: "application-1".to_owned(),
        registration: registration.to_owned(),
        strength: strength.into(),
        evidence: Vec::new(),
    }
}

impl App {
    async fn verify(
        &self,
        request: pb::VerifyTravellerIdentityRequest,
    ) -> Result<pb::VerifyTravellerIdentityResponse, Refusal> {
        Ok(self.client().verify_traveller_identity(request).await?.into_inner())
    }

    /// The ids of all that the identity service was asked, in order.
    fn asked(&self) -> Vec<String> {
        self.identity.questions().into_iter().map(|question| question.request_id).collect()
    }
}

#[tokio::test]
async fn the_identity_service_is_asked_what_was_declared_and_the_answer_names_nobody() {
    let app = App::new().await;
    app.identity.know("X0000001", ANNA);
    let registration = app.register("X0000001").await;
    let request = pb::VerifyTravellerIdentityRequest {
        evidence: b"session".to_vec(),
        ..wanted(&registration.name, Strength::RealName)
    };
    let answer = app.verify(request).await.expect("a verdict");
    assert_eq!((answer.outcome(), answer.strength()), (Outcome::Verified, Strength::RealName));
    assert_eq!((answer.revision, answer.checks.len()), (1, 1));
    let told = String::from_utf8_lossy(&answer.encode_to_vec()).into_owned();
    for value in ["X0000001", "SMITH", "ANNA", "1985", "GBR", "session"] {
        assert!(!told.contains(value), "{value}");
    }
    let form = form();
    let asked = app.identity.questions();
    let expected = VerifyIdentityRequest {
        request_id: asked[0].request_id.clone(),
        strength: Strength::RealName.into(),
        document: Some(passport("X0000001")),
        chinese_name: String::new(),
        surname: form.surname,
        given_names: form.given_names,
        sex: form.sex,
        birth_date: form.birth_date,
        nationality: form.nationality,
        evidence: b"session".to_vec(),
    };
    assert!(asked == [expected], "it is asked other things than those declared");
    let id = &asked[0].request_id;
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

#[tokio::test]
async fn what_does_not_agree_and_what_cannot_be_verified_are_answers() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let unknown = app.verify(wanted(&registration.name, Strength::RealName)).await.expect("a verdict");
    assert_eq!((unknown.outcome(), unknown.strength()), (Outcome::CannotVerify, Strength::Unspecified));
    app.identity.know("X0000001", "SMITH JOHN");
    let other = app.verify(wanted(&registration.name, Strength::RealName)).await.expect("a verdict");
    assert_eq!((other.outcome(), other.strength()), (Outcome::Mismatch, Strength::Unspecified));
    assert_eq!(other.checks[0].result(), Found::Failed);
    app.identity.know("X0000001", ANNA);
    let weak = app.verify(wanted(&registration.name, Strength::RealPerson)).await.expect("a verdict");
    assert_eq!((weak.outcome(), weak.strength()), (Outcome::CannotVerify, Strength::RealName));
}

#[tokio::test]
async fn tries_of_one_verification_have_one_id_on_every_copy_and_others_have_others() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let request = wanted(&registration.name, Strength::RealName);
    app.verify(request.clone()).await.expect("a verdict");
    app.another().await.verify(request.clone()).await.expect("a verdict");
    let id = app.asked()[0].clone();
    assert_eq!(app.asked(), [id.clone(), id.clone()]);
    assert!(!id.contains("application-1"));
    let others = [
        pb::VerifyTravellerIdentityRequest { request_id: "application-2".to_owned(), ..request.clone() },
        pb::VerifyTravellerIdentityRequest { evidence: vec![1], ..request.clone() },
        wanted(&registration.name, Strength::Formal),
        wanted(&app.register("X0000002").await.name, Strength::RealName),
    ];
    for other in others {
        app.verify(other).await.expect("a verdict");
    }
    // What was declared has changed: another revision is verified.
    app.update(amendment(&registration, 9)).await.expect("amended");
    app.verify(request).await.expect("a verdict");
    let mut ids = app.asked().split_off(1);
    assert_eq!(ids.len(), 6);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[tokio::test]
async fn an_identity_service_that_cannot_be_had_is_asked_again_later() {
    let app = App::new().await;
    app.identity.know("X0000001", ANNA);
    let registration = app.register("X0000001").await;
    for code in [Code::Unavailable, Code::ResourceExhausted] {
        app.identity.break_with(code);
        let refused = app.verify(wanted(&registration.name, Strength::RealName)).await.expect_err("broken");
        assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"), "{code:?}");
        assert_eq!(refused.fact("service"), "identity");
    }
    app.identity.break_with(Code::InvalidArgument);
    let refused = app.verify(wanted(&registration.name, Strength::RealName)).await.expect_err("broken");
    assert_eq!(refused.is(), (Code::Internal, "INTERNAL"));
    app.identity.mend();
    let answer = app.verify(wanted(&registration.name, Strength::RealName)).await.expect("a verdict");
    assert_eq!(answer.outcome(), Outcome::Verified);
    let ids = app.asked();
    assert!(ids.len() > 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

fn check(result: Found) -> IdentityCheck {
    IdentityCheck {
        check: "REGISTER".to_owned(),
        result: result.into(),
        text_zh_cn: "已查询。".to_owned(),
        text_en: "It was asked.".to_owned(),
    }
}

fn answer(outcome: Outcome, strength: Strength, checks: Vec<IdentityCheck>) -> VerifyIdentityResponse {
    VerifyIdentityResponse { outcome: outcome.into(), strength: strength.into(), checks }
}

#[tokio::test]
async fn a_verdict_that_breaks_the_contract_is_none() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let (passed, failed) = (check(Found::Passed), check(Found::Failed));
    let verified = |check| answer(Outcome::Verified, Strength::RealName, vec![check]);
    let telling = "X0000001 is in the register.".to_owned();
    let broken = [
        ("no outcome", answer(Outcome::Unspecified, Strength::RealName, vec![passed.clone()])),
        ("unknown outcome", VerifyIdentityResponse { outcome: 9, ..verified(passed.clone()) }),
        ("unknown strength", VerifyIdentityResponse { strength: 9, ..verified(passed.clone()) }),
        ("too weak", answer(Outcome::Verified, Strength::Formal, vec![passed.clone()])),
        ("verified, and failed", verified(failed.clone())),
        ("mismatch without one", answer(Outcome::Mismatch, Strength::Unspecified, vec![passed.clone()])),
        ("unable, and able", answer(Outcome::CannotVerify, Strength::RealName, vec![passed.clone()])),
        ("unable, and failed", answer(Outcome::CannotVerify, Strength::Formal, vec![failed])),
        ("no checks", answer(Outcome::Verified, Strength::RealName, Vec::new())),
        ("many checks", answer(Outcome::Verified, Strength::RealName, vec![passed.clone(); 51])),
        ("check without a name", verified(IdentityCheck { check: String::new(), ..passed.clone() })),
        ("check with a long name", verified(IdentityCheck { check: "A".repeat(51), ..passed.clone() })),
        (
            "check in small letters",
            verified(IdentityCheck { check: "register".to_owned(), ..passed.clone() }),
        ),
        ("check without a result", verified(check(Found::Unspecified))),
        ("check without a text", verified(IdentityCheck { text_en: String::new(), ..passed.clone() })),
        (
            "check with a long text",
            verified(IdentityCheck { text_zh_cn: "长".repeat(501), ..passed.clone() }),
        ),
        ("a number in a text", verified(IdentityCheck { text_en: telling, ..passed.clone() })),
    ];
    for (what, answer) in broken {
        app.identity.answer_with(answer);
        let refused = app.verify(wanted(&registration.name, Strength::RealName)).await.expect_err(what);
        assert_eq!(refused.is(), (Code::Internal, "INTERNAL"), "{what}");
    }
    app.identity.answer_with(answer(Outcome::Verified, Strength::RealPerson, vec![passed]));
    let more = app.verify(wanted(&registration.name, Strength::RealName)).await.expect("more than wanted");
    assert_eq!(more.strength(), Strength::RealPerson);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_nobody_is_told_of_it() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let nothing = app.verify(pb::VerifyTravellerIdentityRequest::default()).await.expect_err("nothing");
    assert_eq!(nothing.broken, ["request_id REQUIRED", "registration REQUIRED", "strength REQUIRED"]);
    let wrong = pb::VerifyTravellerIdentityRequest {
        strength: 9,
        evidence: vec![0; 4097],
        ..wanted(&registration.name, Strength::Formal)
    };
    let wrong = app.verify(wrong).await.expect_err("too much");
    assert_eq!(wrong.broken, ["strength UNKNOWN_VALUE", "evidence LENGTH"]);
    let nobody = "registrations/0193a1b2-0000-7000-8000-000000000000";
    let nobody = app.verify(wanted(nobody, Strength::Formal)).await.expect_err("nobody");
    assert_eq!(nobody.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    app.clock.advance(Duration::days(31));
    let ended = app.verify(wanted(&registration.name, Strength::Formal)).await.expect_err("ended");
    assert_eq!(ended.is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
    assert_eq!(app.asked(), Vec::<String>::new());
}
