//! The history in pages.

use entrypass_proto::registration::v1 as pb;
use entrypass_testkit::Refusal;
use tonic::Code;

use crate::harness::{App, amendment};

/// The revision numbers on one page, and the token of the next.
async fn page(app: &App, registration: &str, size: i32, token: &str) -> Result<(Vec<i32>, String), Refusal> {
    let request = pb::ListRegistrationRevisionsRequest {
        registration: registration.to_owned(),
        page_size: size,
        page_token: token.to_owned(),
    };
    let answer = app.client().list_registration_revisions(request).await?.into_inner();
    Ok((answer.revisions.iter().map(|revision| revision.revision).collect(), answer.next_page_token))
}

/// A registration in its revision `revision`.
async fn amended_to(app: &App, revision: i32) -> pb::Registration {
    let mut registration = app.register("X0000001").await;
    while registration.revision < revision {
        registration = app.update(amendment(&registration, registration.revision)).await.expect("amended");
    }
    registration
}

#[tokio::test]
async fn a_page_has_20_revisions_unless_another_size_is_asked_for() {
    let app = App::new().await;
    let name = amended_to(&app, 21).await.name;
    let (first, token) = page(&app, &name, 0, "").await.expect("a page");
    assert_eq!(first, (2..=21).rev().collect::<Vec<_>>());
    assert_eq!(page(&app, &name, 0, &token).await, Ok((vec![1], String::new())));
    let (whole, token) = page(&app, &name, i32::MAX, "").await.expect("a page");
    assert_eq!((whole.len(), token.as_str()), (21, ""));
}

#[tokio::test]
async fn a_page_that_ends_with_the_submission_is_the_last() {
    let app = App::new().await;
    let name = amended_to(&app, 2).await.name;
    assert_eq!(page(&app, &name, 2, "").await, Ok((vec![2, 1], String::new())));
}

#[tokio::test]
async fn a_revision_made_while_somebody_turns_pages_moves_none() {
    let app = App::new().await;
    let registration = amended_to(&app, 3).await;
    let (first, token) = page(&app, &registration.name, 1, "").await.expect("a page");
    app.update(amendment(&registration, 9)).await.expect("amended");
    let (second, _) = page(&app, &registration.name, 1, &token).await.expect("a page");
    assert_eq!((first, second), (vec![3], vec![2]));
}

#[tokio::test]
async fn a_token_that_was_made_up_shows_nothing_or_is_refused() {
    let app = App::new().await;
    let name = amended_to(&app, 2).await.name;
    for well_formed in ["0".repeat(32), "f".repeat(32)] {
        assert_eq!(page(&app, &name, 0, &well_formed).await, Ok((vec![], String::new())), "{well_formed}");
    }
    for forged in ["2", "next", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "' OR 1 = 1"] {
        let refused = page(&app, &name, 0, forged).await.expect_err(forged);
        assert_eq!(refused.broken, ["page_token BAD_PAGE_TOKEN"], "{forged}");
    }
    let unknown = page(&app, "registrations/0193a1b2-0000-7000-8000-000000000000", 0, "").await;
    let unknown = unknown.expect_err("no such registration");
    assert_eq!(unknown.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
}
