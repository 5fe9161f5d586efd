//! One person over all their entries and documents.

use std::collections::BTreeSet;

use entrypass_proto::registration::v1 as pb;
use entrypass_testkit::Refusal;
use tokio::task::JoinSet;
use tonic::Code;

use crate::harness::{App, passport};

/// The request that puts the passport `new` in place of `old` in `registration`, as it was read.
pub fn replacement(registration: &pb::Registration, old: &str, new: &str) -> pb::ReplaceDocumentRequest {
    pb::ReplaceDocumentRequest {
        request_id: format!("replace-{}-{new}", registration.etag),
        registration: registration.name.clone(),
        etag: registration.etag.clone(),
        old_document: Some(passport(old)),
        holder_name: "Smith Anna Maria".to_owned(),
        new_document: Some(passport(new)),
        ..pb::ReplaceDocumentRequest::default()
    }
}

#[tokio::test]
async fn somebody_made_known_by_document_is_the_one_who_registers_later() {
    let app = App::new().await;
    let traveller = app.resolve("X0000001").await.expect("made known");
    assert!(traveller.starts_with("travellers/"));
    for spelling in ["X0000001", "x0000001", " X 000-0001"] {
        assert_eq!(app.resolve(spelling).await.as_ref(), Ok(&traveller), "{spelling:?}");
    }
    assert_eq!(app.register("X0000001").await.traveller, traveller);
    assert_eq!(app.resolve("X0000001").await.as_ref(), Ok(&traveller));
    assert_ne!(app.resolve("X0000002").await.expect("somebody else"), traveller);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_made_known_by_16_at_once_is_one() {
    let app = App::new().await;
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let mut client = app.client();
        let request = pb::ResolveTravellerRequest { document: Some(passport("X0000001")) };
        callers.spawn(async move { client.resolve_traveller(request).await });
    }
    let answers = callers.join_all().await.into_iter().map(|answer| answer.expect("an answer").into_inner());
    assert_eq!(answers.map(|answer| answer.traveller).collect::<BTreeSet<_>>().len(), 1);
}

#[tokio::test]
async fn a_person_is_found_by_every_document_they_ever_had() {
    let app = App::new().await;
    let first = app.register("X0000001").await;
    let second = app.replace(replacement(&first, "X0000001", "X0000002")).await.expect("replaced");
    let third = app.replace(replacement(&second, "X0000002", "X0000003")).await.expect("replaced again");
    assert_eq!((third.revision, third.masked_number.as_str()), (3, "X0****03"));
    for number in ["X0000001", "X0000002", "X0000003"] {
        assert_eq!(app.resolve(number).await.as_ref(), Ok(&first.traveller), "{number}");
    }
}

#[tokio::test]
async fn an_earlier_document_may_be_taken_up_again_and_the_present_one_need_not() {
    let app = App::new().await;
    let first = app.register("X0000001").await;
    let second = app.replace(replacement(&first, "X0000001", "X0000002")).await.expect("replaced");
    let same = app.replace(replacement(&second, "X0000002", "X0000002")).await.expect_err("the present one");
    assert_eq!(same.is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
    let back = app.replace(replacement(&second, "X0000002", "X0000001")).await.expect("taken up again");
    assert_eq!((back.revision, back.document), (3, first.document));
}

#[tokio::test]
async fn a_document_of_somebody_who_never_registered_is_not_available_either() {
    let app = App::new().await;
    let somebody = app.resolve("X0000009").await.expect("made known");
    let registration = app.register("X0000001").await;
    let refused = app.replace(replacement(&registration, "X0000001", "X0000009")).await;
    let refused = refused.expect_err("somebody's");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
    assert_eq!(app.resolve("X0000009").await, Ok(somebody));
}

#[tokio::test]
async fn nobody_is_made_known_by_what_is_no_document() {
    let app = App::new().await;
    let refused = app.resolve("X1").await.expect_err("too short");
    assert_eq!(refused.broken, ["document.number DOCUMENT_NUMBER_LENGTH"]);
    let nothing = app.client().resolve_traveller(pb::ResolveTravellerRequest { document: None }).await;
    let refused: Refusal = nothing.expect_err("no document").into();
    assert_eq!(refused.broken, ["document REQUIRED"]);
}
