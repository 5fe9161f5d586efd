//! The reviewer's queue.

use entrypass_proto::epass::v1::{
    ListElectronicPassApplicationsRequest as List, ReviewDecision as Decision,
    electronic_pass_application::State,
};
use tonic::Code;

use crate::harness::{App, decision};

async fn applications(app: &App, count: u128) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..count {
        names.push(app.apply(&format!("a-{number}"), &app.person(number)).await.expect("offered").name);
        app.wait();
    }
    names
}

async fn pages(app: &App, state: State, page_size: i32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let answer = app
            .list(List { state: state.into(), page_size, page_token, ..List::default() })
            .await
            .expect("a page");
        pages.push(answer.applications.into_iter().map(|it| it.name).collect());
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_oldest_first_without_gap_or_repetition() {
    let app = App::new().await;
    assert_eq!(pages(&app, State::Unspecified, 2).await, [Vec::<String>::new()]);
    let names = applications(&app, 5).await;
    for (size, lengths) in [(2, vec![2, 2, 1]), (5, vec![5]), (4, vec![4, 1]), (0, vec![5])] {
        let pages = pages(&app, State::Unspecified, size).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), lengths, "{size}");
        assert_eq!(pages.concat(), names, "{size}");
    }
}

#[tokio::test]
async fn a_page_that_is_being_read_is_not_disturbed_by_new_applications() {
    let app = App::new().await;
    let mut names = applications(&app, 3).await;
    let first = app.list(List { page_size: 2, ..List::default() }).await.expect("a page");
    names.push(app.apply("later", &app.person(9)).await.expect("offered").name);
    let rest = app.list(List { page_token: first.next_page_token, ..List::default() }).await.expect("a page");
    let read: Vec<_> = first.applications.into_iter().chain(rest.applications).map(|it| it.name).collect();
    assert_eq!(read, names);
}

#[tokio::test]
async fn one_state_is_listed_alone() {
    let app = App::new().await;
    let names = applications(&app, 4).await;
    let all = app.list(List::default()).await.expect("a page").applications;
    app.review(decision("b-0", &all[0], Decision::Approve)).await.expect("under review");
    app.review(decision("b-1", &all[1], Decision::Reject)).await.expect("under review");
    app.review(decision("b-2", &all[2], Decision::ReturnForCorrection)).await.expect("under review");
    let states = [State::Issued, State::Rejected, State::ReturnedForCorrection, State::UnderReview];
    for (state, name) in states.into_iter().zip(names) {
        assert_eq!(pages(&app, state, 1).await, [[name]], "{state:?}");
    }
}

#[tokio::test]
async fn a_listed_application_can_be_decided_on() {
    let app = App::new().await;
    applications(&app, 1).await;
    let listed = app.list(List::default()).await.expect("a page").applications.remove(0);
    app.review(decision("b-1", &listed, Decision::Approve)).await.expect("the etag is current");
}

#[tokio::test]
async fn all_violations_of_a_list_come_at_once() {
    let app = App::new().await;
    let wrong = List { state: 99, page_size: -1, page_token: "x".into(), ..List::default() };
    let refusal = app.list(wrong).await.expect_err("all wrong");
    assert_eq!(refusal.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    let expected = ["state UNKNOWN_VALUE", "page_size OUT_OF_RANGE", "page_token BAD_PAGE_TOKEN"];
    assert_eq!(refusal.broken, expected);
}
