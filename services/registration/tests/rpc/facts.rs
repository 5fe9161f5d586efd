//! What a neighbour learns of a registration: where it stands, and nothing of the person.

use entrypass_ambient::Clock as _;
use entrypass_proto::registration::v1::{
    self as pb, DocumentType, RegistrationState,
    health_declaration::{Answer, Symptom},
};
use entrypass_registration::Config;
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use prost::Message as _;
use time::Duration;
use tonic::Code;

use crate::harness::{App, amendment, config, form};

#[tokio::test]
async fn facts_follow_the_registration_to_its_end() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let facts = app.facts(&registration.name).await.expect("known");
    assert_eq!((facts.state(), facts.revision), (RegistrationState::Active, 1));
    assert_eq!((&facts.registration, &facts.traveller), (&registration.name, &registration.traveller));
    assert_eq!(facts.document_type(), DocumentType::Passport);
    assert_eq!(facts.expire_time, registration.expire_time);

    app.update(amendment(&registration, 5)).await.expect("amended");
    let facts = app.facts(&registration.name).await.expect("known");
    assert_eq!((facts.state(), facts.revision), (RegistrationState::Active, 2));

    app.clock.advance(Duration::days(31));
    let facts = app.facts(&registration.name).await.expect("known for good");
    assert_eq!((facts.state(), facts.revision), (RegistrationState::Expired, 2));
}

#[tokio::test]
async fn a_cancellation_is_a_fact() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    app.cancel(&registration).await.expect("cancelled");
    app.clock.advance(Duration::days(31));
    let facts = app.facts(&registration.name).await.expect("known");
    assert_eq!((facts.state(), facts.revision), (RegistrationState::Cancelled, 2));
}

#[tokio::test]
async fn the_facts_of_many_are_told_at_once_and_what_there_is_not_is_left_out() {
    let app = App::new().await;
    let nobody = "registrations/0193a1b2-0000-7000-8000-000000000000".to_owned();
    let (mut names, mut expected) = (vec![nobody.clone()], Vec::new());
    for nth in 1..=3 {
        let registration = app.register(&format!("X000000{nth}")).await;
        expected.push(app.facts(&registration.name).await.expect("known"));
        names.push(registration.name);
    }
    names.push(names[1].clone());
    let batch = async |registrations: Vec<String>| {
        let request = pb::BatchGetRegistrationFactsRequest { registrations, ..Default::default() };
        app.client().batch_get_registration_facts(request).await
    };
    let mut told = batch(names).await.expect("facts").into_inner().facts;
    told.sort_by(|one, other| one.registration.cmp(&other.registration));
    expected.sort_by(|one, other| one.registration.cmp(&other.registration));
    assert_eq!(told, expected);

    for (names, broken) in [
        (vec![], "registrations LENGTH"),
        (vec![nobody.clone(); 101], "registrations LENGTH"),
        (vec![nobody, "registrations/7".to_owned()], "registrations[1] FORMAT"),
    ] {
        assert_eq!(Refusal::from(batch(names).await.expect_err("refused")).broken, [broken]);
    }
}

#[tokio::test]
async fn a_resident_identity_card_tells_its_city_and_the_health_block_a_fever() {
    let app = App::configured(Config { collect_health: true, ..config() }).await;
    let declared = |symptom: Symptom| pb::HealthDeclaration {
        contact_with_cases: Answer::No.into(),
        symptoms: vec![symptom.into()],
        ..Default::default()
    };
    let passport = pb::RegistrationForm { health: Some(declared(Symptom::Fever)), ..form() };
    let passport = app.submit(app.submission("passport", "X0000001", passport)).await.expect("registered");
    let card = pb::RegistrationForm {
        chinese_name: "王小明".to_owned(),
        surname: String::new(),
        given_names: String::new(),
        sex: pb::Sex::Male.into(),
        nationality: "CHN".to_owned(),
        health: Some(declared(Symptom::None)),
        ..form()
    };
    let document = pb::Document {
        r#type: DocumentType::ResidentIdCard.into(),
        number: "440699198501010016".to_owned(),
        issuing_state: String::new(),
    };
    let card = app.submission("card", "X0000002", card);
    let card = pb::SubmitRegistrationRequest { document: Some(document), ..card };
    let card = app.submit(card).await.expect("registered");
    for (name, expected) in [(passport.name, ("", true)), (card.name, ("4406", false))] {
        let facts = app.facts(&name).await.expect("known");
        assert_eq!((facts.home_division.as_str(), facts.fever_declared), expected);
    }
}

#[tokio::test]
async fn the_facts_of_persons_are_those_of_the_registration_that_counts() {
    let app = App::new().await;
    let ended = app.register("X0000001").await;
    app.clock.advance(Duration::SECOND);
    let cancelled = app.cancel(&ended).await.expect("cancelled");
    let other = app.register("X0000002").await;
    let told = async |travellers: &[&String]| {
        let travellers = travellers.iter().map(|name| (*name).clone()).collect();
        let request = pb::BatchGetRegistrationFactsRequest { travellers, ..Default::default() };
        let facts = app.client().batch_get_registration_facts(request).await?.into_inner().facts;
        let mut told: Vec<_> = facts.into_iter().map(|one| (one.registration.clone(), one.state())).collect();
        told.sort_unstable();
        Ok::<_, Refusal>(told)
    };
    let nobody = "travellers/0193a1b2-0000-7000-8000-000000000000".to_owned();
    let both = told(&[&ended.traveller, &nobody, &other.traveller, &ended.traveller]).await.expect("facts");
    let mut expected =
        [(cancelled.name, RegistrationState::Cancelled), (other.name.clone(), RegistrationState::Active)];
    expected.sort_unstable();
    assert_eq!(both, expected);

    app.clock.advance(Duration::SECOND);
    let request = app.submission("next-entry", "X0000001", form());
    let next = app.submit(request).await.expect("registered");
    assert_eq!(next.traveller, ended.traveller);
    let told = told(&[&ended.traveller]).await.expect("facts");
    assert_eq!(told, [(next.name, RegistrationState::Active)]);

    let too_many = vec![nobody.clone(); 101];
    let table = [
        (vec![other.name.clone()], vec![nobody.clone()], vec!["travellers EXCLUDED"]),
        (vec![], too_many, vec!["travellers LENGTH"]),
        (vec![], vec![nobody, "travellers/7".to_owned()], vec!["travellers[1] FORMAT"]),
    ];
    for (registrations, travellers, broken) in table {
        let request = pb::BatchGetRegistrationFactsRequest { registrations, travellers };
        let refused = app.client().batch_get_registration_facts(request).await.expect_err("refused");
        assert_eq!(Refusal::from(refused).broken, broken);
    }
}

#[tokio::test]
async fn a_fever_is_told_with_the_time_since_which_it_has_been_declared() {
    let app = App::configured(Config { collect_health: true, ..config() }).await;
    let with = |symptom: Symptom| pb::RegistrationForm {
        health: Some(pb::HealthDeclaration {
            contact_with_cases: Answer::No.into(),
            symptoms: vec![symptom.into()],
            ..Default::default()
        }),
        ..form()
    };
    let mut registration =
        app.submit(app.submission("well", "X0000001", with(Symptom::None))).await.expect("registered");
    let steps = [
        (with(Symptom::Fever), "health", Some(1)),
        // Whatever else is amended meanwhile.
        (pb::RegistrationForm { stay_days: 9, ..with(Symptom::Fever) }, "stay_days", Some(1)),
        (with(Symptom::None), "health", None),
        (with(Symptom::Fever), "health", Some(4)),
    ];
    let begin = app.clock.now();
    assert_eq!(app.facts(&registration.name).await.expect("known").fever_declared_time, None);
    for (step, (form, path, since)) in steps.into_iter().enumerate() {
        app.clock.advance(Duration::HOUR);
        let request = pb::UpdateRegistrationRequest {
            request_id: format!("step-{step}"),
            form: Some(form),
            update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
            ..amendment(&registration, 9)
        };
        registration = app.update(request).await.expect("amended");
        let facts = app.facts(&registration.name).await.expect("known");
        let expected = since.map(|hours| timestamp(begin + Duration::hours(hours)));
        assert_eq!((facts.fever_declared, facts.fever_declared_time), (since.is_some(), expected), "{step}");
    }
}

#[tokio::test]
async fn what_rules_ask_for_is_told() {
    let app = App::configured(Config { collect_health: true, ..config() }).await;
    let ill = |symptoms: &[Symptom]| pb::RegistrationForm {
        health: Some(pb::HealthDeclaration {
            contact_with_cases: Answer::No.into(),
            symptoms: symptoms.iter().map(|symptom| (*symptom).into()).collect(),
            ..Default::default()
        }),
        ..form()
    };
    let table: [(&[Symptom], (bool, bool)); 4] = [
        (&[Symptom::None], (false, false)),
        (&[Symptom::Fever], (true, false)),
        (&[Symptom::Fever, Symptom::Headache], (true, true)),
        (&[Symptom::DryCough], (false, true)),
    ];
    for (number, (symptoms, expected)) in (1..).zip(table) {
        let submission = app.submission(&format!("s-{number}"), &format!("X000000{number}"), ill(symptoms));
        let registration = app.submit(submission).await.expect("registered");
        let facts = app.facts(&registration.name).await.expect("known");
        assert!(facts.health_declared);
        assert_eq!((facts.fever_declared, facts.symptoms_declared), expected, "{symptoms:?}");
        let declared = registration.form.expect("a form");
        assert_eq!(facts.entry_date, declared.entry.expect("an entry").entry_date);
        assert_eq!(facts.guardian_declared, Some(false));
    }
}

#[tokio::test]
async fn who_was_not_asked_about_health_has_declared_nothing_and_grows_older() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let facts = app.facts(&registration.name).await.expect("known");
    assert_eq!((facts.health_declared, facts.fever_declared, facts.symptoms_declared), (false, false, false));
    let birth = registration.form.expect("a form").birth_date;
    let years = |date: &str| date[..4].parse::<i32>().expect("a year");
    let today = app.clock.now().to_offset(time::UtcOffset::from_hms(8, 0, 0).expect("an offset")).date();
    let had_birthday = today.to_string()[5..] >= birth[5..];
    let age = years(&today.to_string()) - years(&birth) - i32::from(!had_birthday);
    assert_eq!(facts.age, Some(age));
    app.clock.advance(Duration::days(366));
    assert_eq!(app.facts(&registration.name).await.expect("known for good").age, Some(age + 1));
}

#[tokio::test]
async fn the_facts_of_everybody_are_listed_once_a_person() {
    let app = App::new().await;
    let list = async |page_size, page_token: &str| {
        let request = pb::ListRegistrationFactsRequest { page_size, page_token: page_token.to_owned() };
        Ok::<_, Refusal>(app.client().list_registration_facts(request).await?.into_inner())
    };
    let nobody = list(0, "").await.expect("a page");
    assert_eq!((nobody.facts, nobody.next_page_token), (Vec::new(), String::new()));
    let (mut expected, mut registered) = (Vec::new(), Vec::new());
    for number in 1..=4 {
        let registration = app.register(&format!("X000000{number}")).await;
        app.clock.advance(Duration::SECOND);
        expected.push((registration.traveller.clone(), registration.name.clone(), RegistrationState::Active));
        registered.push(registration);
    }
    app.cancel(&registered[1]).await.expect("cancelled");
    expected[1].2 = RegistrationState::Cancelled;
    // The first comes again, and the last is nobody any more.
    app.cancel(&registered[0]).await.expect("cancelled");
    app.clock.advance(Duration::SECOND);
    let again = app.submit(app.submission("again", "X0000001", form())).await.expect("registered");
    expected[0].1 = again.name;
    let (traveller, ..) = expected.pop().expect("the last");
    let erase = pb::EraseTravellerRequest { request_id: "e".to_owned(), traveller, ..Default::default() };
    app.client().erase_traveller(erase).await.expect("erased");
    expected.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    for size in 1..=4 {
        let (mut told, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = list(size, &token).await.expect("a page");
            told.extend(
                page.facts.iter().map(|it| (it.traveller.clone(), it.registration.clone(), it.state())),
            );
            (token, pages) = (page.next_page_token, pages + 1);
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(told, expected, "{size}");
        // A full last page is the last one.
        assert_eq!(pages, 3_usize.div_ceil(usize::try_from(size).expect("a size")), "{size}");
    }
    let one = list(1, "").await.expect("a page").facts;
    assert_eq!(one[0], app.facts(&expected[0].1).await.expect("known"), "the same facts");
    let forged = list(-1, "x").await.expect_err("forged");
    assert_eq!(forged.broken, ["page_size OUT_OF_RANGE", "page_token BAD_PAGE_TOKEN"]);
}

#[tokio::test]
async fn facts_hold_nothing_of_the_person() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let whole = registration.encode_to_vec();
    let facts = app.facts(&registration.name).await.expect("known").encode_to_vec();
    for personal in ["X0000001", "X0", "SMITH", "ANNA", "1985", "7700900001", "祖庙路", "张三", "GBR"] {
        let shows =
            |message: &[u8]| message.windows(personal.len()).any(|bytes| bytes == personal.as_bytes());
        assert!(shows(&whole) && !shows(&facts), "{personal}");
    }
}

#[tokio::test]
async fn what_is_no_registration_has_no_facts() {
    let app = App::new().await;
    let unknown = app.facts("registrations/0193a1b2-0000-7000-8000-000000000000").await;
    let unknown = unknown.expect_err("no such registration");
    assert_eq!(unknown.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    for (name, reason) in [("", "REQUIRED"), ("registrations/7", "FORMAT"), ("travellers/7", "FORMAT")] {
        let refused = app.facts(name).await.expect_err(name);
        assert_eq!(refused.broken, [format!("registration {reason}")]);
    }
}
