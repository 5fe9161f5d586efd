//! Identity verification (核验) before an electronic pass is approved: by the service that ships, and by a city's own register of real names.

use std::sync::Arc;

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::registration::v1::{
    IdentityOutcome as Outcome, IdentityStrength as Strength, VerifyTravellerIdentityRequest,
    VerifyTravellerIdentityResponse, identity_check::Result as Found,
};
use entrypass_testkit::{RealNames, Refusal};
use tonic::Code;

journeys!(
    what_ships_checks_the_form_and_says_that_nobody_was_asked,
    a_city_connects_its_register_of_real_names,
    a_register_that_does_not_answer_is_asked_again_under_the_same_number,
    an_identity_service_that_was_away_answers_when_it_is_back,
);

/// Registers `traveller`, and gives the name of the registration.
async fn registered(system: &System, traveller: &Traveller) -> String {
    let pass = traveller.register(system, &traveller.document.number).await.expect("registered");
    pass.registration.expect("a registration").name
}

async fn verify(
    system: &System,
    registration: &str,
    strength: Strength,
) -> Result<VerifyTravellerIdentityResponse, Refusal> {
    let request = VerifyTravellerIdentityRequest {
        request_id: "application-1".to_owned(),
        registration: registration.to_owned(),
        strength: strength.into(),
        evidence: Vec::new(),
    };
    Ok(system.registration.clone().verify_traveller_identity(request).await?.into_inner())
}

fn verdict(answer: &VerifyTravellerIdentityResponse) -> (Outcome, Strength) {
    (answer.outcome(), answer.strength())
}

async fn what_ships_checks_the_form_and_says_that_nobody_was_asked(mode: Mode) {
    let system = System::start(mode).await;
    // 王小明's number has his birth date and his sex, and they are those that he declared.
    let wang = registered(&system, &Traveller::wang()).await;
    let formal = verify(&system, &wang, Strength::Formal).await.expect("a verdict");
    assert_eq!(verdict(&formal), (Outcome::Verified, Strength::Formal));
    // Whether there is such a person, the service does not know; it does not pretend to.
    let real = verify(&system, &wang, Strength::RealName).await.expect("a verdict");
    assert_eq!(verdict(&real), (Outcome::CannotVerify, Strength::Formal));
    for answer in [formal, real] {
        let register = answer.checks.iter().find(|check| check.check == "REGISTER").expect("listed");
        assert_eq!(register.result(), Found::NotPerformed);
        assert!(register.text_en.starts_with("No register was asked"), "{}", register.text_en);
        assert!(register.text_zh_cn.starts_with("未向任何登记机构查询"), "{}", register.text_zh_cn);
    }
}

async fn a_city_connects_its_register_of_real_names(mode: Mode) {
    let register = Arc::new(RealNames::default());
    let (wang, li, smith) = (Traveller::wang(), Traveller::li(), Traveller::smith());
    register.know(&wang.document.number, "王小明");
    register.know(&li.document.number, "李芬");
    let system = System::asking(mode, register.routes()).await;
    // The register has 王小明 as he registered.
    let answer = verify(&system, &registered(&system, &wang).await, Strength::RealName).await;
    assert_eq!(verdict(&answer.expect("a verdict")), (Outcome::Verified, Strength::RealName));
    // It has somebody else under 李芳's number.
    let answer = verify(&system, &registered(&system, &li).await, Strength::RealName).await;
    assert_eq!(verdict(&answer.expect("a verdict")), (Outcome::Mismatch, Strength::Unspecified));
    // It has no foreigners.
    let answer = verify(&system, &registered(&system, &smith).await, Strength::RealName).await;
    assert_eq!(verdict(&answer.expect("a verdict")), (Outcome::CannotVerify, Strength::Unspecified));
    assert_eq!(register.questions().len(), 3);
}

async fn a_register_that_does_not_answer_is_asked_again_under_the_same_number(mode: Mode) {
    let register = Arc::new(RealNames::default());
    let wang = Traveller::wang();
    register.know(&wang.document.number, "王小明");
    let system = System::asking(mode, register.routes()).await;
    let wang = registered(&system, &wang).await;
    register.break_with(Code::Unavailable);
    // No verdict is guessed: whoever asked is told to come again.
    let refused = verify(&system, &wang, Strength::RealName).await.expect_err("no verdict");
    assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(refused.fact("service"), "identity");
    register.mend();
    let answer = verify(&system, &wang, Strength::RealName).await.expect("a verdict");
    assert_eq!(verdict(&answer), (Outcome::Verified, Strength::RealName));
    // A register that charges for each verification charges for one.
    let mut numbers: Vec<_> = register.questions().into_iter().map(|question| question.request_id).collect();
    assert!(numbers.len() > 1, "{numbers:?}");
    numbers.dedup();
    assert_eq!(numbers.len(), 1);
}

async fn an_identity_service_that_was_away_answers_when_it_is_back(mode: Mode) {
    let mut system = System::start(mode).await;
    let wang = registered(&system, &Traveller::wang()).await;
    if mode != Mode::InProcess {
        system.stop(entrypass_identity::SERVICE_NAME).await;
        let refused = verify(&system, &wang, Strength::Formal).await.expect_err("nobody to ask");
        assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
        // Everything else goes on.
        Traveller::li().register(&system, "li").await.expect("registered");
        system.restart(entrypass_identity::SERVICE_NAME).await;
        system.until_serving(entrypass_identity::SERVICE_NAME).await;
    }
    let answer = verify(&system, &wang, Strength::Formal).await.expect("a verdict");
    assert_eq!(verdict(&answer), (Outcome::Verified, Strength::Formal));
}
