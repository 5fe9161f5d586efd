//! What becomes of an electronic pass: one from the other channel, a quarantine that ends, a fever that nobody follows up, a pass that is suspended,
//! revoked or given up; and how other systems hear of it.

use std::time::Duration as Wait;

use entrypass_ambient::Clock as _;
use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    epass::v1::{
        self as epass, ElectronicPass, FollowUpOutcome, PassLevel, PassReason, ReviewDecision,
        electronic_pass::State, electronic_pass_change::Kind, external_pass_result::Outcome,
        offer_reason::Code as Reason,
    },
    gateway::v1 as pb,
    registration::v1::{
        HealthDeclaration,
        health_declaration::{Answer, Symptom},
        watch_registrations_request::Start,
    },
};
use entrypass_rpc::{instant, timestamp};
use entrypass_testkit::Refusal;
use time::{Duration, OffsetDateTime};
use tonic::{Code, Streaming};

journeys!(
    passes_of_the_other_channel_count_here,
    a_quarantine_ends_and_the_pass_counts_again,
    a_fever_that_nobody_follows_up_closes_the_way,
    a_pass_is_suspended_and_revoked_and_another_applied_for,
    a_holder_gives_the_pass_up,
);

const SETTINGS: &str = "[registration]\ncollect_health = true\n";

/// Registers a traveller who declares `symptom`; gives the resource name of the registration.
async fn registered(system: &System, mut traveller: Traveller, symptom: Option<Symptom>) -> String {
    traveller.form.health = symptom.map(|symptom| HealthDeclaration {
        contact_with_cases: Answer::No.into(),
        symptoms: vec![symptom.into()],
        ..HealthDeclaration::default()
    });
    let pass = traveller.register(system, "register").await.expect("registered");
    pass.registration.expect("a registration").name
}

/// What the other channel tells of the pass of `traveller`.
fn external(traveller: &Traveller, pass_number: &str, now: OffsetDateTime) -> epass::ExternalPass {
    epass::ExternalPass {
        document: Some(traveller.document.clone()),
        issuer: "南海通".to_owned(),
        pass_number: pass_number.to_owned(),
        issue_time: Some(timestamp(now - Duration::DAY)),
        expire_time: None,
    }
}

/// Gives the holder of `registration` a pass, by way of an application.
async fn issued(system: &System, registration: &str, request_id: &str) -> ElectronicPass {
    let application = system.applied(request_id, registration).await;
    let decided = system.reviewed(&application, ReviewDecision::Approve, "").await;
    decided.electronic_pass.expect("a pass")
}

/// What the holder is shown.
async fn shown(system: &System, registration: &str) -> pb::GetElectronicPassResponse {
    let request = pb::GetElectronicPassRequest { registration: registration.to_owned() };
    system.pass.clone().get_electronic_pass(request).await.expect("shown").into_inner()
}

/// The level that the holder is shown, and until when it holds.
async fn level(system: &System, registration: &str) -> (PassLevel, Option<OffsetDateTime>) {
    let shown = shown(system, registration).await;
    (shown.level(), shown.level_until_time.as_ref().and_then(instant))
}

/// Another system that hears what happens to passes.
struct Listener(Streaming<pb::WatchElectronicPassesResponse>);

impl Listener {
    async fn begin(system: &System) -> Self {
        let request = pb::WatchElectronicPassesRequest { cursor: String::new(), start: Start::Oldest.into() };
        Self(system.pass.clone().watch_electronic_passes(request).await.expect("a stream").into_inner())
    }

    /// Waits until it hears of a change that is as it should be.
    async fn hears(&mut self, wanted: impl Fn(&epass::ElectronicPassChange) -> bool) {
        let heard = async {
            loop {
                let answer = self.0.message().await.expect("a stream that goes on").expect("an answer");
                if answer.changes.iter().any(&wanted) {
                    break;
                }
            }
        };
        tokio::time::timeout(Wait::from_secs(30), heard).await.expect("it is heard in time");
    }

    /// Waits until it hears that the level of somebody is `level`.
    async fn hears_level(&mut self, level: PassLevel) {
        self.hears(|change| change.kind() == Kind::LevelChanged && change.level() == level).await;
    }
}

async fn passes_of_the_other_channel_count_here(mode: Mode) {
    let system = System::start(mode).await;
    let mut office = system.epass.clone();
    let (wang, li) = (Traveller::wang(), Traveller::li());
    let now = system.clock.now();
    // The other channel sends its list; one number has a slip in it.
    let mut slip = external(&wang, "NH-000003", now);
    slip.document.as_mut().expect("a document").number = "440699198501010017".to_owned();
    let list = epass::RecordExternalPassesRequest {
        request_id: "list-1".to_owned(),
        passes: vec![external(&wang, "NH-000001", now), slip, external(&li, "NH-000002", now)],
    };
    let results = office.record_external_passes(list.clone()).await.expect("answered").into_inner().results;
    let outcomes: Vec<_> = results.iter().map(epass::ExternalPassResult::outcome).collect();
    assert_eq!(outcomes, [Outcome::Recorded, Outcome::Refused, Outcome::Recorded]);
    let refusal = results[1].refusal.as_ref().expect("why");
    assert_eq!(refusal.violations[0].field, "passes[1].document.number");

    // Tomorrow it sends the same list again, and nothing is recorded twice.
    system.clock.advance(Duration::DAY);
    let again = epass::RecordExternalPassesRequest { request_id: "list-2".to_owned(), ..list };
    let again = office.record_external_passes(again).await.expect("answered").into_inner().results;
    assert_eq!(again[0].outcome(), Outcome::Known);
    assert_eq!(again[0].electronic_pass, results[0].electronic_pass);

    // When Mr Wang comes, he has his pass already, and need not apply.
    let wang = registered(&system, wang, None).await;
    let shown = shown(&system, &wang).await;
    let pass = shown.electronic_pass.clone().expect("the pass");
    assert_eq!((pass.issuer.as_str(), pass.pass_number.as_str()), ("南海通", "NH-000001"));
    assert_eq!((shown.level(), pass.state()), (PassLevel::AllowLocal, State::Active));
    let offer = shown.offer.expect("an offer");
    assert_eq!((offer.offered, offer.reasons[0].code()), (false, Reason::AlreadyCompleted));
}

async fn a_quarantine_ends_and_the_pass_counts_again(mode: Mode) {
    let system = System::start(mode).await;
    let mut office = system.epass.clone();
    let mut listener = Listener::begin(&system).await;
    let wang = registered(&system, Traveller::wang(), None).await;
    issued(&system, &wang, "apply").await;
    assert_eq!(level(&system, &wang).await, (PassLevel::AllowLocal, None));
    listener.hears_level(PassLevel::AllowLocal).await;

    // The authority puts Mr Wang into quarantine for 14 days: red, and it says until when.
    let now = system.clock.now();
    let end = now + Duration::days(14);
    let request = epass::RecordQuarantineRequest {
        request_id: "quarantine".to_owned(),
        registration: wang.clone(),
        traveller: String::new(),
        from_time: Some(timestamp(now)),
        until_time: Some(timestamp(end)),
    };
    office.record_quarantine(request).await.expect("recorded");
    assert_eq!(level(&system, &wang).await, (PassLevel::Deny, Some(end)));
    listener.hears_level(PassLevel::Deny).await;
    // He keeps his pass all the same, and is offered no other.
    let offer = shown(&system, &wang).await.offer.expect("an offer");
    assert_eq!((offer.offered, offer.reasons[0].code()), (false, Reason::AlreadyCompleted));

    // A moment before the end it is still red; at the end it is green by itself, and everybody who listens hears of it.
    system.clock.advance(Duration::days(14) - Duration::SECOND);
    assert_eq!(level(&system, &wang).await.0, PassLevel::Deny);
    system.clock.advance(Duration::SECOND);
    assert_eq!(level(&system, &wang).await, (PassLevel::AllowLocal, None));
    listener.hears_level(PassLevel::AllowLocal).await;
}

async fn a_fever_that_nobody_follows_up_closes_the_way(mode: Mode) {
    let system = System::configured(mode, SETTINGS).await;
    let mut office = system.epass.clone();
    let mut listener = Listener::begin(&system).await;
    let declared = system.clock.now();
    let li = registered(&system, Traveller::li(), Some(Symptom::Fever)).await;
    issued(&system, &li, "apply").await;

    // Ms Li declared a fever: yellow for three days, in which the community has to follow it up.
    let due = declared + Duration::days(3);
    assert_eq!(level(&system, &li).await, (PassLevel::Temporary, Some(due)));
    assert_eq!(shown(&system, &li).await.follow_up_due_time, Some(timestamp(due)));
    listener.hears_level(PassLevel::Temporary).await;

    // Nobody does: red from the third day on.
    system.clock.advance(Duration::days(3));
    assert_eq!(level(&system, &li).await, (PassLevel::Deny, None));
    listener.hears_level(PassLevel::Deny).await;

    // Then somebody comes, and wants to see her again: yellow for three more days.
    let mut follow_up = epass::RecordFollowUpRequest {
        request_id: "first-visit".to_owned(),
        registration: li.clone(),
        traveller: String::new(),
        outcome: FollowUpOutcome::SeeAgain.into(),
    };
    office.record_follow_up(follow_up.clone()).await.expect("recorded");
    let due = system.clock.now() + Duration::days(3);
    assert_eq!(level(&system, &li).await, (PassLevel::Temporary, Some(due)));

    // At the second visit she is well.
    system.clock.advance(Duration::days(2));
    follow_up.request_id = "second-visit".to_owned();
    follow_up.outcome = FollowUpOutcome::Cleared.into();
    office.record_follow_up(follow_up).await.expect("recorded");
    let now = shown(&system, &li).await;
    assert!([PassLevel::AllowLocal, PassLevel::AllowVisitor].contains(&now.level()), "{:?}", now.level());
    assert_eq!((now.level_until_time, now.follow_up_due_time), (None, None));
}

async fn a_pass_is_suspended_and_revoked_and_another_applied_for(mode: Mode) {
    let system = System::start(mode).await;
    let mut office = system.epass.clone();
    let mut listener = Listener::begin(&system).await;
    let wang = registered(&system, Traveller::wang(), None).await;
    let pass = issued(&system, &wang, "apply").await;

    // Somebody else seems to show Mr Wang's pass. It does not count while that is looked into.
    let suspend = epass::SuspendElectronicPassRequest {
        request_id: "suspend".to_owned(),
        electronic_pass: pass.name.clone(),
        etag: pass.etag.clone(),
        reason: PassReason::LostOrCopied.into(),
        note: String::new(),
    };
    let suspended = office.suspend_electronic_pass(suspend).await.expect("active").into_inner();
    let suspended = suspended.electronic_pass.expect("a pass");
    assert_eq!((suspended.state(), level(&system, &wang).await.0), (State::Suspended, PassLevel::None));
    listener.hears(|change| change.pass_state() == State::Suspended).await;
    // He cannot slip away from it by giving the pass up.
    let cancel = pb::CancelElectronicPassRequest {
        request_id: "cancel".to_owned(),
        registration: wang.clone(),
        etag: suspended.etag.clone(),
    };
    let refused = system.pass.clone().cancel_electronic_pass(cancel).await.expect_err("suspended");
    let refused = Refusal::from(refused);
    assert_eq!(refused.is(), (Code::FailedPrecondition, "ILLEGAL_PASS_TRANSITION"));

    // It was copied indeed: it is revoked, and Mr Wang may apply for another.
    let revoke = epass::RevokeElectronicPassRequest {
        request_id: "revoke".to_owned(),
        electronic_pass: suspended.name.clone(),
        etag: suspended.etag,
        reason: PassReason::LostOrCopied.into(),
        note: "见案卷12号".to_owned(),
    };
    office.revoke_electronic_pass(revoke).await.expect("suspended");
    listener.hears(|change| change.pass_state() == State::Revoked).await;
    assert!(shown(&system, &wang).await.offer.expect("an offer").offered);
    system.clock.advance(Duration::MINUTE);
    let another = issued(&system, &wang, "apply-again").await;
    assert_ne!(another.pass_number, pass.pass_number);
    assert_eq!(level(&system, &wang).await.0, PassLevel::AllowLocal);

    // The office sees both, and why the first one ended.
    let list = epass::ListElectronicPassesRequest { registration: wang, ..Default::default() };
    let passes = office.list_electronic_passes(list).await.expect("known").into_inner().passes;
    let ended: Vec<_> = passes[1].steps.iter().map(|step| (step.state(), step.reason())).collect();
    let reason = PassReason::LostOrCopied;
    assert_eq!((passes.len(), ended), (2, vec![(State::Suspended, reason), (State::Revoked, reason)]));
}

async fn a_holder_gives_the_pass_up(mode: Mode) {
    let system = System::start(mode).await;
    let mut listener = Listener::begin(&system).await;
    let wang = registered(&system, Traveller::wang(), None).await;
    let pass = issued(&system, &wang, "apply").await;
    let cancel = pb::CancelElectronicPassRequest {
        request_id: "cancel".to_owned(),
        registration: wang.clone(),
        etag: pass.etag,
    };
    let cancelled = system.pass.clone().cancel_electronic_pass(cancel.clone()).await.expect("active");
    let cancelled = cancelled.into_inner();
    assert_eq!(cancelled.electronic_pass.clone().unwrap_or_default().state(), State::Cancelled);
    let again = system.pass.clone().cancel_electronic_pass(cancel).await.expect("the first answer");
    assert_eq!(again.into_inner(), cancelled);
    listener.hears(|change| change.pass_state() == State::Cancelled).await;
    let shown = shown(&system, &wang).await;
    assert_eq!((shown.level(), shown.offer.expect("an offer").offered), (PassLevel::None, true));
}
