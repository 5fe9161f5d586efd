//! Drafts, withdrawals, and what ends because nobody touches it.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{
        ListElectronicPassApplicationsRequest as List, ReviewDecision as Decision,
        WithdrawElectronicPassApplicationRequest, electronic_pass_application::State,
    },
    registration::v1::registration_change::Kind,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, eventually};
use time::{Duration, OffsetDateTime, macros::datetime};
use tonic::Code;

use crate::harness::{App, codes, decision, insistent};

/// When ends what the traveller got on the first day.
const LAPSE: OffsetDateTime = datetime!(2026-12-22 16:00 UTC);

/// How many applications stand at `state` in the database, whatever the hour says.
async fn written(app: &App, state: &str) -> i64 {
    app.count(&format!("applications WHERE state = '{state}'")).await
}

#[tokio::test]
async fn a_draft_waits_for_its_submission() {
    let app = App::new().await;
    let person = app.person(1);
    let draft = app.draft("d-1", &person).await.expect("offered");
    assert_eq!((draft.state(), draft.submission_count, draft.promise_time), (State::Draft, 0, None));
    assert_eq!(draft.lapse_time, Some(timestamp(LAPSE)));
    assert_eq!(app.draft("d-1", &person).await.expect("a repetition"), draft);
    let offer = app.offer(&person).await.expect("known");
    assert_eq!((offer.offered, codes(&offer)), (true, vec!["CODE_APPLICATION_DRAFTED"]));
    assert_eq!(offer.application, Some(draft.clone()));
    let second = app.draft("d-2", &person).await.expect_err("one is open");
    assert_eq!(second.is(), (Code::FailedPrecondition, "ELECTRONIC_PASS_NOT_OFFERED"));
    assert_eq!(second.fact("reasons"), "APPLICATION_IN_PROGRESS");

    let submitted = app.submit("a-1", &person).await.expect("a draft");
    assert_eq!((&submitted.name, submitted.submission_count), (&draft.name, 1));
    assert_eq!((submitted.create_time, submitted.lapse_time), (draft.create_time, None));
    assert_ne!(submitted.etag, draft.etag);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_drafts_and_submissions_at_once_one_application_is_made() {
    let app = App::new().await;
    let person = app.person(1);
    let copies = [app.again().await, app.again().await];
    let tries = (0..12).map(|number: usize| {
        let (copy, person, request_id) = (&copies[number % 2], &person, format!("r-{number}"));
        insistent(async move || match number % 3 {
            0 => copy.draft(&request_id, person).await,
            _ => copy.submit(&request_id, person).await,
        })
    });
    let done = futures_util::future::join_all(tries).await;
    let mut names: Vec<_> =
        done.iter().filter_map(|it| it.as_ref().ok()).map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        (names.len(), app.count("applications").await),
        (1, 1),
        "a draft may be submitted by another call"
    );
    for refusal in done.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.is(), (Code::FailedPrecondition, "ELECTRONIC_PASS_NOT_OFFERED"));
    }
}

#[tokio::test]
async fn whoever_applied_can_withdraw_until_the_decision() {
    let app = App::new().await;
    let person = app.person(1);
    let draft = app.draft("d-1", &person).await.expect("offered");
    let withdrawn = app.withdraw("w-1", &draft).await.expect("open");
    assert_eq!((withdrawn.state(), withdrawn.lapse_time), (State::Withdrawn, None));
    assert_eq!(app.withdraw("w-1", &draft).await.expect("a repetition"), withdrawn);
    let again = app.withdraw("w-2", &withdrawn).await.expect_err("it is over");
    assert_eq!(
        (again.is(), again.fact("state")),
        ((Code::FailedPrecondition, "ILLEGAL_TRANSITION"), "WITHDRAWN")
    );
    assert_eq!(codes(&app.offer(&person).await.expect("known")), ["CODE_ELIGIBLE"]);

    let waiting = app.apply("a-1", &person).await.expect("offered");
    assert_eq!(app.withdraw("w-3", &draft).await.expect_err("stale").is(), (Code::Aborted, "ETAG_MISMATCH"));
    app.withdraw("w-4", &waiting).await.expect("open, though a reviewer has it");
    let late = app.review(decision("r-1", &waiting, Decision::Approve)).await.expect_err("withdrawn");
    assert_eq!(late.is(), (Code::Aborted, "ETAG_MISMATCH"));

    let waiting = app.apply("a-2", &person).await.expect("offered");
    app.review(decision("r-2", &waiting, Decision::Approve)).await.expect("under review");
    let issued = app.application(&waiting.name).await.expect("it is there");
    let refusal = app.withdraw("w-5", &issued).await.expect_err("decided");
    assert_eq!(
        (refusal.is(), refusal.fact("state")),
        ((Code::FailedPrecondition, "ILLEGAL_TRANSITION"), "ISSUED")
    );
}

#[tokio::test]
async fn a_withdrawal_and_a_decision_at_once_are_one_of_both() {
    for round in 0..4 {
        let app = App::new().await;
        let waiting = app.apply("a-1", &app.person(1)).await.expect("offered");
        let (withdrawn, decided) = tokio::join!(
            app.withdraw("w-1", &waiting),
            app.review(decision("r-1", &waiting, Decision::Approve)),
        );
        assert!(withdrawn.is_ok() != decided.is_ok(), "{round}");
        let state = app.application(&waiting.name).await.expect("it is there").state();
        let expected = if withdrawn.is_ok() { State::Withdrawn } else { State::Issued };
        assert_eq!((state, app.count("passes").await), (expected, i64::from(decided.is_ok())), "{round}");
    }
}

#[tokio::test]
async fn what_nobody_touches_is_over_at_its_time_before_it_is_written_down() {
    let app = App::new().await;
    let (person, other) = (app.person(1), app.person(2));
    let draft = app.draft("d-1", &person).await.expect("offered");
    app.wait();
    let waiting = app.apply("a-2", &other).await.expect("offered");
    app.review(decision("r-1", &waiting, Decision::ReturnForCorrection)).await.expect("under review");
    app.stopped().await;
    let lapse = draft.lapse_time.expect("a draft ends by itself");
    app.clock.advance(LAPSE - app.clock.now() - Duration::MICROSECOND);
    assert_eq!(app.application(&draft.name).await.expect("it is there"), draft);
    app.clock.advance(Duration::MICROSECOND);

    let over = app.application(&draft.name).await.expect("it is there");
    assert_eq!((over.state(), over.update_time, over.lapse_time), (State::Expired, Some(lapse), None));
    assert_eq!((written(&app, "DRAFT").await, written(&app, "EXPIRED").await), (1, 0));
    assert_eq!(app.withdraw("w-1", &over).await.expect_err("it is over").fact("state"), "EXPIRED");
    let listed = async |state: State| {
        let page = app.list(List { state: state.into(), ..List::default() }).await.expect("a page");
        page.applications.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    assert_eq!(listed(State::Draft).await, Vec::<String>::new());
    assert_eq!(listed(State::ReturnedForCorrection).await, Vec::<String>::new());
    assert_eq!(listed(State::Expired).await, [draft.name.clone(), waiting.name.clone()]);
    for person in [&person, &other] {
        assert_eq!(codes(&app.offer(person).await.expect("known")), ["CODE_ELIGIBLE"]);
    }
    // A new one takes the place of one that is over by time alone.
    let next = app.draft("d-2", &person).await.expect("offered");
    assert_ne!(next.name, draft.name);
    assert_eq!(app.application(&draft.name).await.expect("it is there"), over);
    assert_eq!((written(&app, "DRAFT").await, written(&app, "EXPIRED").await), (1, 1));
}

#[tokio::test]
async fn what_is_over_is_written_down_and_stays_as_it_was_shown() {
    let app = App::new().await;
    let mut shown = Vec::new();
    for number in 1..=3 {
        let draft = app.draft(&format!("d-{number}"), &app.person(number)).await.expect("offered");
        shown.push(draft.name);
    }
    app.stopped().await;
    app.clock.advance(Duration::days(31));
    let mut over = Vec::new();
    for name in &shown {
        over.push(app.application(name).await.expect("it is there"));
    }
    let _upkeep = app.again().await;
    eventually("it is written down", async || written(&app, "EXPIRED").await == 3).await;
    for expected in over {
        assert_eq!(app.application(&expected.name).await.expect("it is there"), expected);
    }
}

#[tokio::test]
async fn more_than_one_batch_is_over_once_however_many_copies_write_it_down() {
    const MANY: i64 = 230;
    let app = App::new().await;
    app.stopped().await;
    for number in 0..MANY {
        let person = app.person(u128::try_from(number).expect("not negative"));
        app.draft(&format!("d-{number}"), &person).await.expect("offered");
    }
    app.clock.advance(Duration::days(31));
    let (_one, _other) = (app.again().await, app.again().await);
    eventually("all is written down", async || written(&app, "EXPIRED").await == MANY).await;
    assert_eq!(app.count("applications WHERE revision = 2").await, MANY);
    assert_eq!(app.count("changes WHERE state = 'EXPIRED'").await, MANY, "each is told once");
}

#[tokio::test]
async fn what_cannot_be_read_keeps_nothing_from_being_over() {
    let app = App::new().await;
    app.draft("d-1", &app.person(1)).await.expect("offered");
    app.meddle("UPDATE applications SET identity_outcome = 'PERHAPS'").await;
    app.draft("d-2", &app.person(2)).await.expect("offered");
    app.stopped().await;
    app.clock.advance(Duration::days(31));
    let copy = app.again().await;
    eventually("the sound one is over", async || written(&app, "EXPIRED").await == 1).await;
    // What is wrong with it is mended, and an hour later it is over as well.
    app.meddle("UPDATE applications SET identity_outcome = NULL").await;
    copy.stopped().await;
    app.clock.advance(Duration::HOUR);
    let _upkeep = app.again().await;
    eventually("both are over", async || written(&app, "EXPIRED").await == 2).await;
}

#[tokio::test]
async fn what_the_release_before_moved_on_does_not_lapse() {
    let app = App::new().await;
    let waiting = app.apply("a-1", &app.person(1)).await.expect("offered");
    app.review(decision("r-1", &waiting, Decision::ReturnForCorrection)).await.expect("under review");
    // As its copies resubmit, beside ours: they know neither column.
    app.meddle("UPDATE applications SET state = 'UNDER_REVIEW', revision = revision + 1").await;
    app.stopped().await;
    app.clock.advance(Duration::days(31));
    let copy = app.again().await;
    let draft = copy.draft("d-2", &app.person(2)).await.expect("offered");
    assert_eq!(copy.application(&waiting.name).await.expect("it is there").state(), State::UnderReview);
    let list = List { state: State::Expired.into(), ..List::default() };
    assert_eq!(copy.list(list).await.expect("a page").applications, []);
    let offer = copy.offer(&app.person(1)).await.expect("known");
    assert_eq!(codes(&offer), ["CODE_APPLICATION_IN_PROGRESS"], "nor is a new one offered");
    let claimed = copy.claim("c-1", "reviewer-1", 20).await.expect("one");
    assert_eq!(claimed.iter().map(|it| &it.name).collect::<Vec<_>>(), [&waiting.name]);
    app.clock.advance(Duration::days(31));
    copy.stopped().await;
    let _upkeep = app.again().await;
    eventually("the draft is over", async || written(&app, "EXPIRED").await == 1).await;
    assert_eq!(app.application(&draft.name).await.expect("it is there").state(), State::Expired);
    assert_eq!(written(&app, "UNDER_REVIEW").await, 1);
}

#[tokio::test]
async fn the_end_of_a_registration_after_the_lapse_changes_nothing() {
    let app = App::new().await;
    let person = app.person(1);
    let draft = app.draft("d-1", &person).await.expect("offered");
    app.clock.advance(Duration::days(31));
    let over = app.application(&draft.name).await.expect("it is there");
    app.changed(&person, Kind::Cancelled).await;
    assert_eq!(app.application(&draft.name).await.expect("it is there"), over);
    assert_eq!(over.state(), State::Expired);
}

#[tokio::test]
async fn what_there_is_not_and_what_is_malformed_is_said() {
    let app = App::new().await;
    let unknown = "applications/00000000-0000-7000-8000-000000000001";
    let refusal = app.application(unknown).await.expect_err("unknown");
    assert_eq!(refusal.is(), (Code::NotFound, "APPLICATION_NOT_FOUND"));
    assert_eq!(app.application("x").await.expect_err("no name").broken, ["application FORMAT"]);
    let nothing = WithdrawElectronicPassApplicationRequest::default();
    let refusal =
        app.client().withdraw_electronic_pass_application(nothing).await.expect_err("nothing given");
    let required = ["request_id", "application", "etag"].map(|field| format!("{field} REQUIRED"));
    assert_eq!(Refusal::from(refusal).broken, required);
}
