//! What a neighbour learns of a registration: where it stands, and nothing of the person.

use entrypass_proto::registration::v1::{DocumentType, RegistrationState};
use prost::Message as _;
use time::Duration;
use tonic::Code;

use crate::harness::{App, amendment};

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
