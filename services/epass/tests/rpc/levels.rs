//! What a checkpoint is told of electronic passes.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{self as pb, PassLevel, ReviewDecision as Decision},
    registration::v1::{DocumentType, GetRegistrationFactsResponse, RegistrationState},
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use tonic::Code;

use crate::harness::{App, Person, decision};

const UNKNOWN: &str = "registrations/00000000-0000-7000-8000-000000000001";

async fn levels(app: &App, names: &[&str]) -> Result<Vec<pb::ElectronicPassLevel>, Refusal> {
    let registrations = names.iter().map(|name| (*name).to_owned()).collect();
    let request = pb::GetElectronicPassLevelsRequest { registrations };
    Ok(app.client().get_electronic_pass_levels(request).await?.into_inner().levels)
}

/// Person `number`, whose card is of `home_division`.
fn person(app: &App, number: u128, home_division: &str, fever_declared: bool) -> Person {
    let person = app.person(number);
    app.registrations.put(GetRegistrationFactsResponse {
        registration: person.registration.clone(),
        traveller: person.traveller.clone(),
        state: RegistrationState::Active.into(),
        revision: 1,
        document_type: DocumentType::ResidentIdCard.into(),
        home_division: home_division.to_owned(),
        fever_declared,
        fever_declared_time: fever_declared.then(|| timestamp(app.clock.now())),
        ..GetRegistrationFactsResponse::default()
    });
    person
}

/// Gives `person` a pass, the `number`-th.
async fn approve(app: &App, number: usize, person: &Person) {
    let application = app.apply(&format!("a-{number}"), person).await.expect("offered");
    let approval = decision(&format!("d-{number}"), &application, Decision::Approve);
    app.review(approval).await.expect("approved");
}

#[tokio::test]
async fn each_person_has_the_level_of_their_own_pass() {
    let app = App::new().await;
    let table = [
        ("4406", false, true, PassLevel::AllowLocal),
        ("4401", false, true, PassLevel::AllowVisitor),
        ("", false, true, PassLevel::AllowVisitor),
        ("4406", true, true, PassLevel::Temporary),
        ("4406", false, false, PassLevel::None),
        ("4401", true, false, PassLevel::None),
    ];
    let (mut names, mut expected) = (vec![UNKNOWN.to_owned()], vec![PassLevel::None]);
    for (number, (home_division, fever, pass, level)) in table.into_iter().enumerate() {
        let person = person(&app, number as u128, home_division, fever);
        if pass {
            approve(&app, number, &person).await;
        }
        assert_eq!(app.get(&person).await.expect("known").level(), level, "{home_division} {fever} {pass}");
        names.push(person.registration);
        expected.push(level);
    }
    // In the order of the request, also backwards and with one of them twice.
    names.push(names[1].clone());
    expected.push(expected[1]);
    for _ in 0..2 {
        let asked: Vec<_> = names.iter().map(String::as_str).collect();
        let told = levels(&app, &asked).await.expect("levels");
        let told: Vec<_> = told.iter().map(|one| (one.registration.clone(), one.level())).collect();
        assert_eq!(told, names.iter().cloned().zip(expected.iter().copied()).collect::<Vec<_>>());
        names.reverse();
        expected.reverse();
    }
}

#[tokio::test]
async fn a_pass_of_another_channel_and_one_under_another_registration_count() {
    let app = App::new().await;
    let first = person(&app, 1, "4406", false);
    app.registrations.own("440699198501010016", &first.traveller);
    app.record(app.external_pass("r-1", "440699198501010016")).await.expect("recorded");
    // The same person's next entry, by passport.
    let next =
        Person { registration: person(&app, 2, "", false).registration, traveller: first.traveller.clone() };
    app.registrations.put(GetRegistrationFactsResponse {
        registration: next.registration.clone(),
        traveller: next.traveller.clone(),
        state: RegistrationState::Active.into(),
        document_type: DocumentType::Passport.into(),
        ..GetRegistrationFactsResponse::default()
    });
    let told = levels(&app, &[&first.registration, &next.registration]).await.expect("levels");
    let told: Vec<_> = told.iter().map(pb::ElectronicPassLevel::level).collect();
    assert_eq!(told, [PassLevel::AllowLocal, PassLevel::AllowVisitor]);
}

#[tokio::test]
async fn a_batch_costs_one_call_and_is_limited() {
    let app = App::new().await;
    let person = person(&app, 1, "4406", false);
    let all = vec![person.registration.as_str(); 100];
    assert_eq!(levels(&app, &all).await.expect("levels").len(), 100);
    assert_eq!(app.registrations.languages().len(), 1);

    let too_many = vec![UNKNOWN; 101];
    let table: [(&[&str], &[&str]); 3] = [
        (&[], &["registrations LENGTH"]),
        (&too_many, &["registrations LENGTH"]),
        (&["", UNKNOWN, "travellers/7"], &["registrations[0] REQUIRED", "registrations[2] FORMAT"]),
    ];
    for (names, broken) in table {
        assert_eq!(levels(&app, names).await.expect_err("refused").broken, broken);
    }
    let down = levels(&App::alone().await, &[UNKNOWN]).await.expect_err("down");
    assert_eq!(down.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
}

#[tokio::test]
async fn whoever_is_known_to_nobody_is_no_reason_to_have_no_policy() {
    let app = App::new().await;
    let levels = levels(&app, &[UNKNOWN]).await.expect("levels");
    assert_eq!(levels.len(), 1);
    assert_eq!(levels[0].level(), PassLevel::None);
}
