//! The change feed of passes as other systems see it.

use std::time::Duration as Wait;

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{
        self as pb, PassLevel, PassReason, electronic_pass::State as PassState,
        electronic_pass_application::State as ApplicationState, electronic_pass_change::Kind,
    },
    registration::v1::{registration_change::Kind as RegistrationKind, watch_registrations_request::Start},
};
use entrypass_rpc::{instant, timestamp};
use entrypass_testkit::{Refusal, eventually};
use time::Duration;
use tonic::{Code, Streaming};

use crate::harness::{App, KEEP_CHANGES, Person, VALID_FOR};

/// Longest wait for what must come.
const LIMIT: Wait = Wait::from_secs(20);

/// A follower's stream, read with patience.
struct Following(Streaming<pb::WatchElectronicPassesResponse>);

impl Following {
    async fn from(app: &App, start: Start) -> Self {
        Self::begin(app, String::new(), start).await.expect("a stream")
    }

    async fn begin(app: &App, cursor: String, start: Start) -> Result<Self, Refusal> {
        let request = pb::WatchElectronicPassesRequest { cursor, start: start.into() };
        Ok(Self(app.client().watch_electronic_passes(request).await?.into_inner()))
    }

    async fn answer(&mut self) -> Result<pb::WatchElectronicPassesResponse, Refusal> {
        let next = tokio::time::timeout(LIMIT, self.0.message()).await.expect("an answer in time");
        Ok(next?.expect("a stream that goes on"))
    }

    /// The next change of a level: the level, and until when.
    async fn level(&mut self) -> (PassLevel, Option<time::OffsetDateTime>) {
        loop {
            let answer = self.answer().await.expect("an answer");
            if let Some(change) = answer.changes.iter().find(|it| it.kind() == Kind::LevelChanged) {
                return (change.level(), change.level_until_time.as_ref().and_then(instant));
            }
        }
    }
}

/// Has a person in quarantine for so many days from now on.
async fn quarantine(app: &App, person: &Person, days: i64) {
    let request = pb::RecordQuarantineRequest {
        request_id: format!("q-{days}"),
        registration: person.registration.clone(),
        traveller: String::new(),
        from_time: Some(timestamp(app.clock.now())),
        until_time: Some(timestamp(app.clock.now() + Duration::days(days))),
    };
    app.client().record_quarantine(request).await.expect("recorded");
}

#[tokio::test]
async fn every_change_of_an_application_and_a_pass_is_told_with_the_state_after_it() {
    let app = App::new().await;
    let (person, pass) = app.with_pass(1).await;
    let request = pb::RevokeElectronicPassRequest {
        request_id: "r".to_owned(),
        electronic_pass: pass.name.clone(),
        etag: pass.etag.clone(),
        reason: PassReason::HealthOrder.into(),
        note: String::new(),
    };
    app.client().revoke_electronic_pass(request).await.expect("active");
    let mut following = Following::from(&app, Start::Oldest).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|last: &pb::ElectronicPassChange| last.pass_state() != PassState::Revoked) {
        let changes = following.answer().await.expect("an answer").changes;
        told.extend(changes.into_iter().filter(|it| it.kind() != Kind::LevelChanged));
    }
    assert!(told.iter().all(|it| it.traveller == person.traveller && it.change_time.is_some()));
    let seen: Vec<_> = told.iter().map(|it| (it.kind(), it.application_state(), it.pass_state())).collect();
    let application = |state| (Kind::ApplicationChanged, state, PassState::Unspecified);
    let expected = [
        application(ApplicationState::Submitted),
        application(ApplicationState::IdentityVerifying),
        application(ApplicationState::UnderReview),
        application(ApplicationState::Approved),
        (Kind::PassIssued, ApplicationState::Unspecified, PassState::Active),
        application(ApplicationState::Issued),
        (Kind::PassChanged, ApplicationState::Unspecified, PassState::Revoked),
    ];
    assert_eq!(seen, expected);
    assert!(told[..4].iter().all(|it| it.application == told[0].application && !it.application.is_empty()));
    assert!([&told[4], &told[6]].iter().all(|it| it.electronic_pass == pass.name));
}

#[tokio::test]
async fn a_level_is_told_when_it_changes_for_whatever_reason() {
    let app = App::new().await;
    let person = app.person(1);
    app.declares(&person, None);
    let mut following = Following::from(&app, Start::Oldest).await;
    app.registrations.own("440699198501010016", &person.traveller);
    app.record(app.external_pass("r", "440699198501010016")).await.expect("recorded");
    assert_eq!(following.level().await, (PassLevel::AllowLocal, None));

    let now = app.clock.now().truncate_to_microsecond();
    quarantine(&app, &person, 14).await;
    assert_eq!(following.level().await, (PassLevel::Deny, Some(now + Duration::days(14))));
    // By time alone, and from what the registration service tells.
    app.clock.advance(Duration::days(14));
    assert_eq!(following.level().await, (PassLevel::AllowLocal, None));
    let since = app.clock.now().truncate_to_microsecond();
    app.declares(&person, Some(since));
    app.changed(&person, RegistrationKind::Amended).await;
    let due = since + Duration::days(3);
    assert_eq!(following.level().await, (PassLevel::Temporary, Some(due)));
    app.clock.advance(Duration::days(3));
    assert_eq!(following.level().await, (PassLevel::Deny, None));
    let request = pb::RecordFollowUpRequest {
        request_id: "f".to_owned(),
        registration: person.registration.clone(),
        traveller: String::new(),
        outcome: pb::FollowUpOutcome::Cleared.into(),
    };
    app.client().record_follow_up(request).await.expect("recorded");
    assert_eq!(following.level().await, (PassLevel::AllowLocal, None));
}

#[tokio::test]
async fn a_level_that_lasts_longer_than_was_told_is_told_again() {
    let app = App::new().await;
    let person = app.person(1);
    let mut following = Following::from(&app, Start::Oldest).await;
    app.registrations.own("440699198501010016", &person.traveller);
    app.record(app.external_pass("r", "440699198501010016")).await.expect("recorded");
    assert_eq!(following.level().await, (PassLevel::AllowVisitor, None));
    let now = app.clock.now().truncate_to_microsecond();
    for days in [7, 14] {
        quarantine(&app, &person, days).await;
        assert_eq!(following.level().await, (PassLevel::Deny, Some(now + Duration::days(days))));
    }
    // What changes nothing is not told: of a shorter one nothing is heard before the end of the longest.
    quarantine(&app, &person, 3).await;
    app.clock.advance(Duration::days(14));
    assert_eq!(following.level().await, (PassLevel::AllowVisitor, None));
}

#[tokio::test]
async fn the_end_of_a_pass_by_time_is_told_of_the_pass_and_the_level() {
    let app = App::new().await;
    let mut following = Following::from(&app, Start::Now).await;
    let (_, pass) = app.with_pass(1).await;
    let end = app.clock.now().truncate_to_microsecond() + VALID_FOR;
    assert_eq!(following.level().await, (PassLevel::AllowVisitor, Some(end)));
    app.clock.advance(VALID_FOR);
    let mut following = Following::from(&app, Start::Oldest).await;
    let mut seen = Vec::new();
    while !(seen.contains(&(Kind::PassChanged, PassState::Expired, PassLevel::Unspecified))
        && seen.contains(&(Kind::LevelChanged, PassState::Unspecified, PassLevel::None)))
    {
        let changes = following.answer().await.expect("an answer").changes;
        seen.extend(changes.iter().map(|it| (it.kind(), it.pass_state(), it.level())));
    }
    assert_eq!(pass.expire_time, Some(timestamp(end)));
}

#[tokio::test]
async fn levels_wait_for_the_registration_service_and_are_told_when_it_answers() {
    let app = App::new().await;
    let (person, _) = app.with_pass(1).await;
    let mut following = Following::from(&app, Start::Oldest).await;
    assert_eq!(following.level().await.0, PassLevel::AllowVisitor);
    app.registrations.break_with(Code::Unavailable);
    let request = pb::RecordQuarantineRequest {
        request_id: "q".to_owned(),
        registration: String::new(),
        traveller: person.traveller.clone(),
        from_time: Some(timestamp(app.clock.now())),
        until_time: Some(timestamp(app.clock.now() + Duration::DAY)),
    };
    app.client().record_quarantine(request).await.expect("who has a pass is known here");
    let before = app.registrations.failed_calls();
    eventually("it was asked in vain", async || app.registrations.failed_calls() > before).await;
    app.registrations.mend();
    assert_eq!(following.level().await.0, PassLevel::Deny);
}

#[tokio::test]
async fn what_happens_at_one_copy_is_heard_at_another() {
    let app = App::new().await;
    let copy = app.again().await;
    let mut following = Following::from(&copy, Start::Now).await;
    assert_eq!(following.answer().await.expect("where that is").changes, []);
    let pass = app.record(app.external_pass("r", "440699198501010016")).await.expect("recorded");
    loop {
        let changes = following.answer().await.expect("an answer").changes;
        if let Some(issued) = changes.iter().find(|it| it.kind() == Kind::PassIssued) {
            assert_eq!((&issued.electronic_pass, &issued.traveller), (&pass.name, &pass.traveller));
            break;
        }
    }
}

#[tokio::test]
async fn an_erasure_is_told_once_of_whom_something_was_known() {
    let app = App::new().await;
    let (person, _) = app.with_pass(1).await;
    let mut following = Following::from(&app, Start::Now).await;
    following.answer().await.expect("a checkpoint");
    app.changed(&app.person(2), RegistrationKind::TravellerErased).await;
    app.changed(&person, RegistrationKind::TravellerErased).await;
    loop {
        let changes = following.answer().await.expect("an answer").changes;
        let erased: Vec<_> = changes.iter().filter(|it| it.kind() == Kind::TravellerErased).collect();
        if let [erased] = erased[..] {
            assert_eq!(erased.traveller, person.traveller);
            break;
        }
        assert!(erased.is_empty());
    }
}

#[tokio::test]
async fn a_follower_goes_on_behind_its_cursor_as_long_as_that_is_kept() {
    let app = App::new().await;
    app.with_pass(1).await;
    let mut following = Following::from(&app, Start::Oldest).await;
    let first = following.answer().await.expect("an answer").changes;
    let mut again =
        Following::begin(&app, first[0].cursor.clone(), Start::Unspecified).await.expect("a stream");
    let rest = again.answer().await.expect("an answer").changes;
    assert!(first.len() > 2 && rest.starts_with(&first[1..]), "{first:?} {rest:?}");

    let Err(refused) = Following::begin(&app, "7".to_owned(), Start::Unspecified).await else {
        panic!("not a cursor");
    };
    assert_eq!(refused.broken, ["cursor BAD_CURSOR"]);
    app.stopped().await;
    app.clock.advance(KEEP_CHANGES + Duration::DAY);
    let restarted = app.again().await;
    restarted.draft("fresh", &app.person(2)).await.expect("offered");
    eventually("old changes are forgotten", async || app.count("changes").await <= 2).await;
    let refused = match Following::begin(&restarted, first[0].cursor.clone(), Start::Unspecified).await {
        Ok(mut following) => following.answer().await.expect_err("forgotten"),
        Err(refused) => refused,
    };
    assert_eq!(refused.is(), (Code::OutOfRange, "CURSOR_OUT_OF_RANGE"));
}
