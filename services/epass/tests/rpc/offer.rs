//! Who is offered the electronic pass, and every reason.

use entrypass_proto::registration::v1::{DocumentType, RegistrationState};
use tonic::Code;

use crate::harness::{App, Person, codes};

#[tokio::test]
async fn only_the_holder_of_a_resident_identity_card_is_offered_it() {
    let app = App::new().await;
    let every_type = (0..).map_while(|value| DocumentType::try_from(value).ok());
    let mut offered = Vec::new();
    for (number, document) in (0..).zip(every_type) {
        let offer =
            app.offer(&app.person_with(number, document, RegistrationState::Active)).await.expect("known");
        if offer.offered {
            assert_eq!(codes(&offer), ["CODE_ELIGIBLE"]);
            offered.push(document);
        } else {
            assert_eq!(codes(&offer), ["CODE_DOCUMENT_TYPE_NOT_ELIGIBLE"], "{document:?}");
        }
    }
    assert_eq!(offered, [DocumentType::ResidentIdCard]);
}

#[tokio::test]
async fn only_an_active_registration_is_offered_it() {
    let app = App::new().await;
    for (state, expected) in [
        (RegistrationState::Active, "CODE_ELIGIBLE"),
        (RegistrationState::Expired, "CODE_REGISTRATION_NOT_ACTIVE"),
        (RegistrationState::Cancelled, "CODE_REGISTRATION_NOT_ACTIVE"),
        (RegistrationState::Unspecified, "CODE_REGISTRATION_NOT_ACTIVE"),
    ] {
        let person = app.person_with(1, DocumentType::ResidentIdCard, state);
        assert_eq!(codes(&app.offer(&person).await.expect("known")), [expected], "{state:?}");
    }
}

#[tokio::test]
async fn every_reason_is_given_in_both_languages() {
    let app = App::new().await;
    let person = app.person_with(1, DocumentType::HkMacaoTaiwanResidencePermit, RegistrationState::Expired);
    let offer = app.offer(&person).await.expect("known");
    assert!(!offer.offered);
    assert_eq!(codes(&offer), ["CODE_REGISTRATION_NOT_ACTIVE", "CODE_DOCUMENT_TYPE_NOT_ELIGIBLE"]);
    let texts: Vec<_> =
        offer.reasons.iter().map(|it| (it.text_zh_cn.as_str(), it.text_en.as_str())).collect();
    assert_eq!(texts[0], ("登记已过期或已取消", "the registration has expired or was cancelled"));
    assert!(texts[1].0.contains("港澳台居民居住证") && texts[1].1.contains("residence permit"), "{texts:?}");
}

#[tokio::test]
async fn what_there_is_not_is_left_out() {
    let app = App::new().await;
    let answer = app.get(&app.person(1)).await.expect("known");
    let offer = answer.offer.expect("an offer");
    assert!(offer.offered && offer.application.is_none());
    assert!(answer.electronic_pass.is_none() && offer.electronic_pass.is_none());
}

#[tokio::test]
async fn an_unknown_registration_is_not_found() {
    let app = App::new().await;
    let registration = "registrations/00000000-0000-7000-8000-000000000001".to_owned();
    let nobody = Person { registration, traveller: String::new() };
    let expected = (Code::NotFound, "REGISTRATION_NOT_FOUND");
    assert_eq!(app.offer(&nobody).await.expect_err("unknown").is(), expected);
    assert_eq!(app.get(&nobody).await.expect_err("unknown").is(), expected);
    assert_eq!(app.apply("r-1", &nobody).await.expect_err("unknown").is(), expected);
}

#[tokio::test]
async fn a_malformed_name_is_a_violation_and_not_asked_for() {
    let app = App::new().await;
    for (name, reason) in [("", "REQUIRED"), ("registrations/1", "FORMAT"), ("travellers/x", "FORMAT")] {
        let malformed = Person { registration: name.to_owned(), traveller: String::new() };
        let broken = [format!("registration {reason}")];
        assert_eq!(app.offer(&malformed).await.expect_err("malformed").broken, broken);
        assert_eq!(app.get(&malformed).await.expect_err("malformed").broken, broken);
        assert_eq!(app.apply("r-1", &malformed).await.expect_err("malformed").broken, broken);
    }
    assert!(app.registrations.languages().is_empty(), "the neighbour was asked");
}

#[tokio::test]
async fn a_neighbour_that_is_down_makes_the_call_unavailable_for_a_while() {
    let app = App::alone().await;
    let person = app.person(1);
    let refusals = [
        app.offer(&person).await.expect_err("down"),
        app.get(&person).await.expect_err("down"),
        app.apply("r-1", &person).await.expect_err("down"),
        app.record(app.external_pass("r-2", "440699198501010016")).await.expect_err("down"),
    ];
    for refusal in refusals {
        assert_eq!(refusal.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
        assert_eq!(refusal.fact("service"), "registration");
        assert!(refusal.retry_after.is_some(), "{refusal:?}");
    }
}
