//! Quarantines, follow-ups of a fever, and what they do to levels.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{self as pb, FollowUpOutcome as Outcome, PassLevel},
    registration::v1::registration_change::Kind,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::{Duration, OffsetDateTime};
use tonic::Code;

use crate::harness::{App, KEEP_CIRCUMSTANCES, Person};

const NOBODY: &str = "travellers/00000000-0000-7000-8000-000000000001";

/// A quarantine of the holder of `registration`, from and until so many days from now.
fn quarantine(
    app: &App,
    request_id: &str,
    person: &Person,
    from: i64,
    until: i64,
) -> pb::RecordQuarantineRequest {
    let days = |days| Some(timestamp(app.clock.now() + Duration::days(days)));
    pb::RecordQuarantineRequest {
        request_id: request_id.to_owned(),
        registration: person.registration.clone(),
        traveller: String::new(),
        from_time: days(from),
        until_time: days(until),
    }
}

async fn record(app: &App, request: pb::RecordQuarantineRequest) -> Result<pb::Quarantine, Refusal> {
    let answer = app.client().record_quarantine(request).await?.into_inner();
    Ok(answer.quarantine.expect("a quarantine"))
}

async fn end(app: &App, request_id: &str, quarantine: &str) -> Result<pb::Quarantine, Refusal> {
    let (request_id, quarantine) = (request_id.to_owned(), quarantine.to_owned());
    let answer = app.client().end_quarantine(pb::EndQuarantineRequest { request_id, quarantine }).await?;
    Ok(answer.into_inner().quarantine.expect("a quarantine"))
}

async fn follow_up(
    app: &App,
    request_id: &str,
    person: &Person,
    outcome: Outcome,
) -> Result<pb::FollowUp, Refusal> {
    let request = pb::RecordFollowUpRequest {
        request_id: request_id.to_owned(),
        registration: String::new(),
        traveller: person.traveller.clone(),
        outcome: outcome.into(),
    };
    Ok(app.client().record_follow_up(request).await?.into_inner().follow_up.expect("a follow-up"))
}

async fn circumstances(app: &App, person: &Person) -> pb::ListCircumstancesResponse {
    let request =
        pb::ListCircumstancesRequest { registration: person.registration.clone(), ..Default::default() };
    app.client().list_circumstances(request).await.expect("known").into_inner()
}

/// Somebody with a pass of another channel, which does not end by itself.
async fn holder(app: &App) -> Person {
    let person = app.person(1);
    app.registrations.own("440699198501010016", &person.traveller);
    app.record(app.external_pass("holder", "440699198501010016")).await.expect("recorded");
    person
}

fn at(app: &App, days: i64) -> OffsetDateTime {
    (app.clock.now() + Duration::days(days)).truncate_to_microsecond()
}

#[tokio::test]
async fn a_quarantine_denies_and_lifts_by_itself() {
    let app = App::new().await;
    let person = holder(&app).await;
    app.declares(&person, None);
    let recorded = record(&app, quarantine(&app, "q", &person, 0, 14)).await.expect("recorded");
    assert_eq!(recorded.traveller, person.traveller);
    let until = Some(at(&app, 14));
    assert_eq!(app.level(&person).await, (PassLevel::Deny, until));
    let read = app.get(&person).await.expect("known");
    assert_eq!((read.level(), read.level_until_time), (PassLevel::Deny, recorded.until_time));

    app.clock.advance(Duration::days(14));
    assert_eq!(app.level(&person).await, (PassLevel::AllowLocal, None));
}

#[tokio::test]
async fn a_quarantine_that_is_over_is_recorded_once_and_its_repetition_has_the_first_answer() {
    let app = App::new().await;
    let person = holder(&app).await;
    let request = quarantine(&app, "q", &person, 0, 14);
    let first = record(&app, request.clone()).await.expect("recorded");
    // So that the first answer is kept.
    app.stopped().await;
    app.clock.advance(Duration::days(15));
    assert_eq!(record(&app, request.clone()).await, Ok(first));
    let late = pb::RecordQuarantineRequest { request_id: "q-2".to_owned(), ..request };
    assert_eq!(record(&app, late).await.expect_err("over").broken, ["until_time OUT_OF_RANGE"]);
}

#[tokio::test]
async fn a_quarantine_is_announced_ended_and_given_up() {
    let app = App::new().await;
    let person = holder(&app).await;
    app.declares(&person, None);
    let first = record(&app, quarantine(&app, "q-1", &person, 2, 14)).await.expect("recorded");
    assert_eq!(app.level(&person).await, (PassLevel::AllowLocal, Some(at(&app, 2))));
    app.clock.advance(Duration::days(3));
    assert_eq!(app.level(&person).await.0, PassLevel::Deny);
    let ended = end(&app, "e-1", &first.name).await.expect("it holds");
    assert_eq!(ended.end_time, Some(timestamp(app.clock.now().truncate_to_microsecond())));
    assert_eq!(app.level(&person).await, (PassLevel::AllowLocal, None));
    // The first answer again, and by another request the refusal.
    assert_eq!(end(&app, "e-1", &first.name).await, Ok(ended));
    let over = end(&app, "e-2", &first.name).await.expect_err("over");
    assert_eq!(over.is(), (Code::FailedPrecondition, "QUARANTINE_OVER"));

    let second = record(&app, quarantine(&app, "q-2", &person, 5, 9)).await.expect("recorded");
    end(&app, "e-3", &second.name).await.expect("it has not begun");
    app.clock.advance(Duration::days(6));
    assert_eq!(app.level(&person).await, (PassLevel::AllowLocal, None));
    let names: Vec<_> =
        circumstances(&app, &person).await.quarantines.into_iter().map(|it| it.name).collect();
    assert_eq!(names, [second.name, first.name]);
}

#[tokio::test]
async fn a_fever_that_nobody_follows_up_denies_after_three_days() {
    let app = App::new().await;
    let person = holder(&app).await;
    let since = app.clock.now().truncate_to_microsecond();
    app.declares(&person, Some(since));
    let due = since + Duration::days(3);
    assert_eq!(app.level(&person).await, (PassLevel::Temporary, Some(due)));
    assert_eq!(app.get(&person).await.expect("known").follow_up_due_time, Some(timestamp(due)));
    app.clock.advance(Duration::days(3));
    assert_eq!(app.level(&person).await, (PassLevel::Deny, None));
    assert_eq!(app.get(&person).await.expect("known").follow_up_due_time, Some(timestamp(due)));

    follow_up(&app, "f-1", &person, Outcome::SeeAgain).await.expect("recorded");
    assert_eq!(app.level(&person).await, (PassLevel::Temporary, Some(at(&app, 3))));
    app.clock.advance(Duration::days(4));
    assert_eq!(app.level(&person).await, (PassLevel::Deny, None));
    let cleared = follow_up(&app, "f-2", &person, Outcome::Cleared).await.expect("recorded");
    assert_eq!(app.level(&person).await, (PassLevel::AllowLocal, None));
    assert_eq!(app.get(&person).await.expect("known").follow_up_due_time, None);
    assert_eq!(circumstances(&app, &person).await.follow_ups[0], cleared);

    // A fever that is declared after it is another one.
    app.clock.advance(Duration::HOUR);
    app.declares(&person, Some(app.clock.now()));
    assert_eq!(app.level(&person).await, (PassLevel::Temporary, Some(at(&app, 3))));
}

#[tokio::test]
async fn it_may_be_recorded_of_anybody_but_not_of_nobody() {
    let app = App::new().await;
    let person = app.person(1);
    record(&app, quarantine(&app, "q-1", &person, 0, 1)).await.expect("without a pass");
    assert_eq!(app.level(&person).await, (PassLevel::None, None));
    // By another channel's pass alone.
    app.record(app.external_pass("r", "440699198501010016")).await.map(drop).expect("recorded");
    let holder = app.record(app.external_pass("r", "440699198501010016")).await.expect("the same").traveller;
    let by_name = pb::RecordQuarantineRequest {
        registration: String::new(),
        traveller: holder,
        ..quarantine(&app, "q-2", &person, 0, 1)
    };
    record(&app, by_name.clone()).await.expect("somebody with a pass");

    let nobody =
        pb::RecordQuarantineRequest { request_id: "q-3".to_owned(), traveller: NOBODY.to_owned(), ..by_name };
    let refused = record(&app, nobody).await.expect_err("nobody");
    assert_eq!(refused.is(), (Code::NotFound, "TRAVELLER_NOT_FOUND"));
    let refused = end(&app, "e", "quarantines/00000000-0000-7000-8000-000000000001").await.expect_err("none");
    assert_eq!(refused.is(), (Code::NotFound, "QUARANTINE_NOT_FOUND"));
}

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let app = App::new().await;
    let person = app.person(1);
    let good = quarantine(&app, "q", &person, 0, 1);
    let table = [
        (
            pb::RecordQuarantineRequest { registration: String::new(), ..good.clone() },
            vec!["registration REQUIRED"],
        ),
        (
            pb::RecordQuarantineRequest { traveller: NOBODY.to_owned(), ..good.clone() },
            vec!["traveller EXCLUDED"],
        ),
        (
            pb::RecordQuarantineRequest::default(),
            vec!["request_id REQUIRED", "registration REQUIRED", "from_time REQUIRED", "until_time REQUIRED"],
        ),
        (quarantine(&app, "q", &person, 0, 0), vec!["until_time OUT_OF_RANGE"]),
        (quarantine(&app, "q", &person, -100, -1), vec!["from_time OUT_OF_RANGE", "until_time OUT_OF_RANGE"]),
    ];
    for (request, broken) in table {
        assert_eq!(record(&app, request).await.expect_err("refused").broken, broken);
    }
    let refused =
        app.client().record_follow_up(pb::RecordFollowUpRequest::default()).await.expect_err("refused");
    let broken = ["request_id REQUIRED", "registration REQUIRED", "outcome REQUIRED"];
    assert_eq!(Refusal::from(refused).broken, broken);
}

#[tokio::test]
async fn what_is_long_over_is_forgotten_and_what_is_of_somebody_goes_with_them() {
    let app = App::new().await;
    let (person, _) = app.with_pass(1).await;
    record(&app, quarantine(&app, "q-1", &person, 0, 14)).await.expect("recorded");
    app.declares(&person, Some(app.clock.now()));
    follow_up(&app, "f-1", &person, Outcome::SeeAgain).await.expect("recorded");
    app.wait();
    follow_up(&app, "f-2", &person, Outcome::Cleared).await.expect("recorded");
    app.clock.advance(KEEP_CIRCUMSTANCES + Duration::DAY);
    record(&app, quarantine(&app, "q-2", &person, 0, 14)).await.expect("recorded");
    app.stopped().await;
    let restarted = app.again().await;
    entrypass_testkit::eventually("the follow-up is forgotten", async || app.count("follow_ups").await == 1)
        .await;
    assert_eq!(app.count("quarantines").await, 2);
    assert_eq!(app.texts("SELECT outcome FROM follow_ups").await, ["CLEARED"], "the last one stays");
    restarted.clock.advance(Duration::days(15));
    assert_eq!(restarted.level(&person).await.0, PassLevel::AllowLocal, "the fever does not come back");

    restarted.changed(&person, Kind::TravellerErased).await;
    for table in ["passes", "pass_steps", "quarantines", "follow_ups", "levels", "applications"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    let gone = record(&restarted, quarantine(&app, "q-3", &person, 0, 1)).await.expect_err("erased");
    assert_eq!(gone.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));
}
