//! Who has what of the queue.

use std::collections::HashSet;

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{
        ClaimElectronicPassApplicationsRequest, ElectronicPassApplication,
        ListElectronicPassApplicationsRequest as List, ReleaseElectronicPassApplicationRequest,
        ReviewDecision as Decision, ReviewElectronicPassApplicationRequest as Review,
        electronic_pass_application::State,
    },
    registration::v1::registration_change::Kind,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::Duration;
use tonic::{Code, Request};

use crate::harness::{App, CLAIMS_LAST, REVIEWER, decision, insistent};

/// So many applications that wait for a decision, oldest first.
async fn waiting(app: &App, count: u128) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..count {
        let person = app.person(number);
        names.push(app.await_review(&format!("a-{number}"), &person).await.expect("offered").name);
        app.wait();
    }
    names
}

fn names(applications: &[ElectronicPassApplication]) -> Vec<&str> {
    applications.iter().map(|application| application.name.as_str()).collect()
}

fn by(reviewer: &str, request: Review) -> Review {
    Review { reviewer: reviewer.to_owned(), ..request }
}

#[tokio::test]
async fn reviewers_take_from_the_front_and_never_the_same() {
    let app = App::new().await;
    let all = waiting(&app, 5).await;
    let first = app.claim("c-1", "r-1", 2).await.expect("two");
    assert_eq!(names(&first), all[..2]);
    let claim = first[0].claim.as_ref().expect("a claim");
    assert_eq!(claim.reviewer, "r-1");
    assert_eq!(claim.expire_time, Some(timestamp(app.clock.now() + CLAIMS_LAST)));
    assert_eq!(names(&app.claim("c-2", "r-2", 20).await.expect("three")), all[2..]);
    assert_eq!(app.claim("c-3", "r-3", 1).await.expect("none"), []);
    let free = List { unclaimed: true, ..List::default() };
    assert_eq!(app.list(free.clone()).await.expect("a page").applications, []);
    app.release("l-1", &first[1], "r-1").await.expect("it is theirs");
    assert_eq!(names(&app.list(free).await.expect("a page").applications), all[1..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_claims_at_once_no_two_have_the_same_application() {
    let app = App::new().await;
    let all = waiting(&app, 12).await;
    let copies = [app.again().await, app.again().await, app.again().await];
    let claims = (0..12).map(|number| {
        let copy = &copies[number % copies.len()];
        let (request_id, reviewer) = (format!("c-{number}"), format!("r-{number}"));
        insistent(async move || copy.claim(&request_id, &reviewer, 2).await)
    });
    let mut taken: Vec<_> = futures_util::future::join_all(claims)
        .await
        .into_iter()
        .flat_map(|claimed| claimed.expect("a claim"))
        .map(|application| application.name)
        .collect();
    // Whoever passed over what was about to be given away may have found less: the rest is still there.
    taken.extend(app.claim("rest", "r-rest", 20).await.expect("the rest").into_iter().map(|it| it.name));
    assert_eq!(taken.len(), all.len());
    assert_eq!(taken.into_iter().collect::<HashSet<_>>(), all.into_iter().collect());
}

#[tokio::test]
async fn nobody_decides_but_the_reviewer_who_has_it() {
    let app = App::new().await;
    waiting(&app, 1).await;
    let seen = app.list(List::default()).await.expect("a page").applications.remove(0);
    let approve = |request_id: &str| decision(request_id, &seen, Decision::Approve);
    let unclaimed = app.review(approve("d-1")).await.expect_err("nobody has it");
    assert_eq!(unclaimed.is(), (Code::FailedPrecondition, "NOT_CLAIMED"));
    app.claim("c-1", REVIEWER, 1).await.expect("one");
    let other = app.review(by("reviewer-2", approve("d-2"))).await.expect_err("another has it");
    assert_eq!(other.is(), (Code::FailedPrecondition, "NOT_CLAIMED"));
    assert_eq!(app.release("l-1", &seen, "reviewer-2").await.expect_err("not theirs").reason, "NOT_CLAIMED");
    let released = app.release("l-2", &seen, REVIEWER).await.expect("theirs");
    assert_eq!((released.claim, &released.etag), (None, &seen.etag));
    app.review(approve("d-3")).await.expect_err("given back");
    app.claim("c-2", REVIEWER, 1).await.expect("one");
    let issued = app.review(approve("d-4")).await.expect("theirs").application.expect("an application");
    assert_eq!((issued.state(), issued.claim), (State::Issued, None));
}

#[tokio::test]
async fn what_another_caller_calls_by_the_same_word_is_another_reviewer() {
    let app = App::new().await;
    waiting(&app, 1).await;
    let theirs = app.claim("c-1", REVIEWER, 1).await.expect("one").remove(0);
    let by_other = |message| {
        let mut request = Request::new(message);
        request.metadata_mut().insert("entrypass-caller", "other-desk".parse().expect("a name"));
        request
    };
    let request = by_other(decision("d-1", &theirs, Decision::Approve));
    let refused = app.client().review_electronic_pass_application(request).await.expect_err("not theirs");
    assert_eq!(Refusal::from(refused).reason, "NOT_CLAIMED");
    app.review(decision("d-2", &theirs, Decision::Approve)).await.expect("whoever claimed it");
}

#[tokio::test]
async fn a_claim_that_has_ended_is_the_next_reviewers() {
    let app = App::new().await;
    waiting(&app, 1).await;
    let claimed = app.claim("c-1", "r-1", 1).await.expect("one").remove(0);
    app.clock.advance(CLAIMS_LAST - Duration::SECOND);
    assert_eq!(app.claim("c-2", "r-2", 1).await.expect("none"), []);
    app.clock.advance(Duration::SECOND);
    let late = by("r-1", decision("d-1", &claimed, Decision::Reject));
    assert_eq!(app.review(late).await.expect_err("it has ended").reason, "NOT_CLAIMED");
    let next = app.claim("c-3", "r-2", 1).await.expect("one").remove(0);
    assert_eq!((&next.name, &next.etag), (&claimed.name, &claimed.etag));
    app.review(by("r-2", decision("d-2", &claimed, Decision::Reject))).await.expect("theirs");
}

#[tokio::test]
async fn a_repeated_claim_gives_the_same_applications_as_they_are_now() {
    let app = App::new().await;
    let all = waiting(&app, 3).await;
    let first = app.claim("c-1", REVIEWER, 2).await.expect("two");
    app.review(decision("d-1", &first[0], Decision::Reject)).await.expect("theirs");
    let again = app.claim("c-1", REVIEWER, 2).await.expect("a repetition");
    assert_eq!(
        (names(&again), again[0].state()),
        (all[..2].iter().map(String::as_str).collect(), State::Rejected)
    );
    app.changed(&app.person(1), Kind::TravellerErased).await;
    assert_eq!(names(&app.claim("c-1", REVIEWER, 2).await.expect("a repetition")), all[..1]);
}

#[tokio::test]
async fn what_is_owed_and_late_comes_first() {
    let app = App::new().await;
    let mut all = waiting(&app, 1).await;
    // The first is decided on, and no longer owed.
    app.claim("c-1", REVIEWER, 1).await.expect("one");
    let old = app.application(&all[0]).await.expect("it is there");
    app.review(decision("d-1", &old, Decision::Reject)).await.expect("theirs");
    for (number, day) in [(2, 0), (3, 1), (4, 3)] {
        app.clock.advance(Duration::days(day));
        let person = app.person(number);
        all.push(app.await_review(&format!("b-{number}"), &person).await.expect("offered").name);
    }
    // Four days after the second, three after the third was submitted.
    let [rejected, second, third, fourth] = [0, 1, 2, 3].map(|place: usize| all[place].clone());
    let list = |page_size, page_token| List { page_size, page_token, ..List::default() };
    let page = app.list(list(0, String::new())).await.expect("a page").applications;
    assert_eq!(names(&page), [&second, &rejected, &third, &fourth]);
    assert_eq!(page.iter().map(|it| it.overdue).collect::<Vec<_>>(), [true, false, false, false]);
    // What becomes late while the pages are read keeps its place.
    let first = app.list(list(2, String::new())).await.expect("a page");
    assert_eq!(names(&first.applications), [&second, &rejected]);
    app.clock.advance(Duration::DAY);
    let rest = app.list(list(2, first.next_page_token)).await.expect("a page");
    assert_eq!((names(&rest.applications), rest.next_page_token.as_str()), (vec![&*third, &fourth], ""));
    let late = app.list(List { overdue: true, ..List::default() }).await.expect("a page");
    assert_eq!(names(&late.applications), [&second, &third]);
    assert_eq!(names(&app.claim("c-2", REVIEWER, 2).await.expect("two")), [&second, &third]);
}

#[tokio::test]
async fn all_violations_of_a_claim_come_at_once() {
    let app = App::new().await;
    for count in [0, -1, 21] {
        let refusal = app.claim("c 1", "审核员", count).await.expect_err("all wrong");
        assert_eq!(refusal.broken, ["request_id FORMAT", "reviewer FORMAT", "count OUT_OF_RANGE"]);
    }
    let nothing = ClaimElectronicPassApplicationsRequest::default();
    let refusal = app.client().claim_electronic_pass_applications(nothing).await.expect_err("nothing given");
    let required = ["request_id REQUIRED", "reviewer REQUIRED", "count OUT_OF_RANGE"];
    assert_eq!(Refusal::from(refusal).broken, required);
    let nothing = ReleaseElectronicPassApplicationRequest::default();
    let refusal = app.client().release_electronic_pass_application(nothing).await.expect_err("nothing given");
    let required = ["request_id", "application", "reviewer"].map(|field| format!("{field} REQUIRED"));
    assert_eq!(Refusal::from(refusal).broken, required);
}
