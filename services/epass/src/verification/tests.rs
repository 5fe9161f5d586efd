//! What becomes of an application once it is known who its holder is, where the policy needs no reviewer.

use std::sync::Arc;

use entrypass_ambient::{Random as _, SystemRandom, TestClock};
use entrypass_db::Database;
use entrypass_feed::Feed;
use entrypass_policy::Policy;
use entrypass_proto::registration::v1::{
    DocumentType, GetRegistrationFactsResponse, RegistrationState,
    registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{EdgeLayer, Neighbour};
use entrypass_testkit::{Registrations, TestDatabase};
use time::{Duration, OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Verification, pause_after};
use crate::{
    application::{Applicant, Application, Finding, Outcome, State, Strength},
    issuing::Issuing,
    pass::{ExternalPass, Pass, Step},
    policies::Policies,
    policy::{Activation, By, Deciding},
    samples::approving,
    store::{self, Migrator},
    text::{ChannelNumber, Issuer},
    wire,
};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

async fn verification() -> (TestDatabase, Verification) {
    let (place, verification, _) = beside_registrations().await;
    decides_by(&verification, 2, &approving(2, "FORMAL")).await;
    (place, verification)
}

/// From now on this policy decides, by the activation `ordinal`.
async fn decides_by(of: &Verification, ordinal: i64, policy: &Policy) {
    let reader = of.database.reader();
    let by = By { caller: "operator".to_owned(), time: NOW };
    assert!(store::policies::insert(reader, policy, &by).await.expect("a database"));
    let activation = Activation {
        ordinal,
        policy: Deciding::of(policy),
        applies_from: NOW,
        activated: Some(by),
        reason: "a test".to_owned(),
    };
    assert!(store::policies::insert_activation(reader, &activation).await.expect("a database"));
}

/// As shipped: a reviewer decides on every application.
async fn beside_registrations() -> (TestDatabase, Verification, Arc<Registrations>) {
    let place = TestDatabase::migrated::<Migrator>("epass").await;
    let database = Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await;
    let database = database.expect("a database");
    let clock = Arc::new(TestClock::at(NOW));
    let registrations = Arc::new(Registrations::default());
    let transport = registrations.transport(&EdgeLayer::new(Uuid::nil));
    let verification = Verification {
        database: database.clone(),
        clock: clock.clone(),
        feed: Feed::new(database.clone(), clock, Arc::new(SystemRandom), store::CHANNEL),
        issuing: Issuing { random: Arc::new(SystemRandom), sealer: TestDatabase::sealer(), valid_for: None },
        policies: Policies::default(),
        city_divisions: vec!["4406".to_owned()],
        registration: Neighbour::new(RegistrationServiceClient::new(transport)),
        submitted: Arc::default(),
        stopping: CancellationToken::new(),
    };
    (place, verification, registrations)
}

/// Somebody's application while their identity is verified. Drawn: the tests of one run share their locks.
async fn verifying(of: &Verification) -> Application {
    let [id, registration, traveller] = std::array::from_fn(|_| SystemRandom.uuid_v7(NOW));
    let applicant = Applicant { registration, traveller, ..Applicant::sample() };
    let draft = Application::drafted(id, &applicant, None, NOW + Duration::DAY, NOW);
    let submitted = draft.submitted(registration, None, NOW).expect("a draft");
    let verifying = submitted.verifying(NOW + Duration::MINUTE, NOW).expect("submitted");
    let (database, sealer) = (&of.database, of.database.sealer());
    assert!(store::insert_application(database.reader(), sealer, &verifying).await.expect("a database"));
    store::due::set_evidence(database.reader(), sealer, id, b"a token").await.expect("kept");
    assert_eq!(store::due::evidence(database.reader(), sealer, id).await.expect("kept"), b"a token");
    verifying
}

/// Whoever applied, as their registration has it.
fn applicant(taken: &Application) -> Applicant {
    Applicant { registration: taken.registration, traveller: taken.traveller, ..Applicant::sample() }
}

fn finding(outcome: Outcome) -> Finding {
    Finding { outcome, strength: Some(Strength::Formal), failed_checks: Vec::new(), revision: Some(1) }
}

/// Where the application stands, its revision, and whether its person has a pass.
async fn stands(of: &Verification, id: Uuid) -> (State, i32, bool) {
    let (reader, sealer) = (of.database.reader(), of.database.sealer());
    let found = store::application(reader, sealer, id).await.expect("readable").expect("it is there");
    let evidence = store::due::evidence(reader, sealer, id).await.expect("readable");
    assert_eq!(evidence, b"", "it is of no more use");
    let pass = store::pass_of(reader, found.traveller, NOW).await.expect("readable");
    (found.state, found.revision, pass.is_some())
}

#[tokio::test]
async fn whoever_is_verified_and_no_one_else_gets_the_pass_without_a_reviewer() {
    let table = [
        (Outcome::Verified, Some(Strength::Formal), true, (State::Issued, 5, true)),
        (Outcome::Verified, Some(Strength::RealName), true, (State::UnderReview, 4, false)),
        (Outcome::Verified, None, true, (State::UnderReview, 4, false)),
        (Outcome::Verified, Some(Strength::Formal), false, (State::UnderReview, 4, false)),
        (Outcome::CannotVerify, Some(Strength::Formal), true, (State::UnderReview, 4, false)),
        (Outcome::Mismatch, Some(Strength::Formal), true, (State::VerificationFailed, 4, false)),
    ];
    let (_place, verification) = verification().await;
    for (outcome, strength, known, expected) in table {
        let taken = verifying(&verification).await;
        let finding = Finding { strength, ..finding(outcome) };
        let applicant = known.then(|| applicant(&taken));
        verification.conclude(&taken, &finding, applicant.as_ref()).await.expect("done");
        assert_eq!(stands(&verification, taken.id).await, expected, "{outcome:?} {strength:?} {known}");
    }
}

#[tokio::test]
async fn the_policy_that_applies_when_the_answer_is_there_decides() {
    let (_place, verification, registrations) = beside_registrations().await;
    let mut ordinal = 1;
    for (strength, expected) in [
        ("FORMAL", (State::Issued, 5, true)),
        ("REAL_PERSON", (State::UnderReview, 4, false)),
        ("FORMAL", (State::Issued, 5, true)),
    ] {
        let taken = verifying(&verification).await;
        registrations.put(GetRegistrationFactsResponse {
            registration: wire::render_registration_name(taken.registration),
            traveller: wire::render_traveller_name(taken.traveller),
            state: RegistrationState::Active.into(),
            revision: 1,
            document_type: DocumentType::ResidentIdCard.into(),
            ..GetRegistrationFactsResponse::default()
        });
        let (finding, applicant) = verification.found(&taken, Strength::Formal).await.expect("an answer");
        assert_eq!(finding.verified(), Some(Strength::Formal));
        // While the neighbour was asked another policy came.
        ordinal += 1;
        let version = u32::try_from(ordinal).expect("a small number");
        decides_by(&verification, ordinal, &approving(version, strength)).await;
        verification.conclude(&taken, &finding, applicant.as_ref()).await.expect("done");
        assert_eq!(stands(&verification, taken.id).await, expected, "{ordinal}");
    }
}

#[tokio::test]
async fn a_pass_that_came_from_elsewhere_meanwhile_is_for_a_reviewer_to_see() {
    let (_place, verification) = verification().await;
    let taken = verifying(&verification).await;
    let external = ExternalPass {
        issuer: Issuer::new("南海通").expect("a good name"),
        number: ChannelNumber::new("NH-1").expect("a good number"),
        issue_time: NOW,
        expire_time: None,
    };
    let pass = Pass::recorded(Uuid::from_u128(1), taken.traveller, external, NOW);
    assert!(store::insert_pass(verification.database.reader(), &pass).await.expect("a database"));
    verification.conclude(&taken, &finding(Outcome::Verified), Some(&applicant(&taken))).await.expect("done");
    assert_eq!(stands(&verification, taken.id).await, (State::UnderReview, 4, true));
    let kept = store::pass_of(verification.database.reader(), taken.traveller, NOW).await.expect("readable");
    assert_eq!(kept, Some(pass));
}

#[tokio::test]
async fn who_was_revoked_once_gets_no_other_pass_without_a_reviewer() {
    let (_place, verification) = verification().await;
    let taken = verifying(&verification).await;
    let pass = Pass::issued(&SystemRandom, taken.traveller, None, NOW);
    let revoked = pass.stepped(Step::Revoke, NOW).expect("active");
    assert!(store::insert_pass(verification.database.reader(), &revoked).await.expect("a database"));
    verification.conclude(&taken, &finding(Outcome::Verified), Some(&applicant(&taken))).await.expect("done");
    assert_eq!(stands(&verification, taken.id).await, (State::UnderReview, 4, true));
}

#[tokio::test]
async fn nobody_gets_a_pass_under_a_registration_whose_end_is_known() {
    let (_place, verification) = verification().await;
    let taken = verifying(&verification).await;
    let now = verification.clock.now();
    store::note_end(verification.database.reader(), taken.registration, now).await.expect("noted");
    verification.conclude(&taken, &finding(Outcome::Verified), Some(&applicant(&taken))).await.expect("done");
    assert_eq!(stands(&verification, taken.id).await, (State::UnderReview, 4, false));
}

#[tokio::test]
async fn what_comes_after_the_end_of_an_application_changes_nothing() {
    let (_place, verification) = verification().await;
    let taken = verifying(&verification).await;
    let withdrawn = taken.withdrawn(NOW).expect("open");
    let (reader, sealer) = (verification.database.reader(), verification.database.sealer());
    assert!(store::update_application(reader, sealer, &withdrawn).await.expect("a database"));
    verification
        .conclude(&taken, &finding(Outcome::Verified), Some(&applicant(&taken)))
        .await
        .expect("nothing to do");
    assert_eq!(stands(&verification, taken.id).await, (State::Withdrawn, 4, false));
}

#[test]
fn pauses_grow_and_have_an_end() {
    let table = [(1, 2), (2, 4), (3, 8), (9, 512), (10, 600), (40, 600), (i32::MAX, 600)];
    for (tries, seconds) in table {
        assert_eq!(pause_after(tries), Duration::seconds(seconds), "{tries}");
    }
}
