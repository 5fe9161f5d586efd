//! What the audit of this service keeps of its calls.

use entrypass_epass::SERVICE_NAME;
use entrypass_proto::epass::v1::{self as pb, ReviewDecision as Decision};
use entrypass_testkit::call_every_method;
use uuid::Uuid;

use crate::harness::{App, decision};

#[tokio::test]
async fn no_method_is_without_its_record() {
    let app = App::new().await;
    for (method, answered) in call_every_method(app.transport(), SERVICE_NAME).await {
        let outcome = if answered.is_ok() { "OK" } else { "INVALID_FIELDS" };
        let records = app.audited(method.rsplit('/').next().expect("a name")).await;
        assert_eq!(records, [(None, None, outcome.to_owned())], "{method}");
    }
}

#[tokio::test]
async fn a_record_says_whose_pass_was_asked_for_and_decided() {
    let app = App::new().await;
    let person = app.person(1);
    let application = app.apply("a", &person).await.expect("offered");
    app.submit("a", &person).await.expect("answered as the first time");
    app.get(&person).await.expect("read");
    app.review(decision("d", &application, Decision::Approve)).await.expect("approved");
    let registrations = vec![person.registration.clone()];
    let levels = pb::GetElectronicPassLevelsRequest { registrations };
    app.client().get_electronic_pass_levels(levels).await.expect("levels");
    let list = pb::ListElectronicPassApplicationsRequest::default();
    app.client().list_electronic_pass_applications(list).await.expect("a list");
    let traveller = person.traveller.strip_prefix("travellers/").expect("a person");
    let subject = Uuid::try_parse(traveller).expect("an id");
    let one = (Some(person.registration.clone()), Some(subject), "OK".to_owned());
    for method in [
        "GetElectronicPass",
        "ClaimElectronicPassApplications",
        "ReviewElectronicPassApplication",
        "GetElectronicPassLevels",
        "ListElectronicPassApplications",
    ] {
        assert_eq!(app.audited(method).await, std::slice::from_ref(&one), "{method}");
    }
    // The write, and the reading of its answer.
    assert_eq!(app.audited("ApplyForElectronicPass").await, [one.clone(), one]);
}
