//! What a review of a correction makes of the registration, and of a mistyped number.

use entrypass_proto::registration::v1::{
    self as pb, CorrectionDecision, CorrectionState, registration_change::Kind, registration_revision,
    watch_registrations_request::Start,
};
use prost_types::FieldMask;
use time::Duration;
use tonic::Code;

use crate::{
    corrections::{WHY, ask, deciding, listed, read, review, wish},
    feed::{Following, from},
    harness::{App, amendment, form, passport},
    travellers::replacement,
};

async fn found(app: &App, number: &str) -> Option<String> {
    let request = pb::GetRegistrationRequest {
        document: Some(passport(number)),
        holder_name: "SMITH ANNA MARIA".to_owned(),
        ..Default::default()
    };
    let answer = app.client().get_registration(request).await.ok()?.into_inner();
    answer.registration.map(|registration| registration.name)
}

/// The request that says that the number of `registration` is `number` in truth.
fn mistyped(registration: &pb::Registration, number: &str) -> pb::RequestCorrectionRequest {
    pb::RequestCorrectionRequest {
        form: None,
        update_mask: None,
        document: Some(passport(number)),
        ..wish(registration, &format!("mistyped-{number}"))
    }
}

#[tokio::test]
async fn an_approval_makes_a_revision_of_its_own_with_its_reason() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let correction = ask(&app, wish(&registration, "ask")).await.expect("asked for");
    let expected = pb::Correction {
        name: correction.name.clone(),
        registration: registration.name.clone(),
        state: CorrectionState::Pending.into(),
        etag: correction.etag.clone(),
        form: Some(pb::RegistrationForm { birth_date: "1985-07-01".to_owned(), ..Default::default() }),
        changed_paths: vec!["birth_date".to_owned()],
        correction_reason: WHY.to_owned(),
        create_time: registration.create_time,
        ..Default::default()
    };
    assert_eq!(correction, expected);
    assert!(correction.name.starts_with("corrections/"));
    let beside = read(&app, &correction.name).await.expect("read");
    assert_eq!(beside.correction.as_ref(), Some(&correction));
    assert_eq!(beside.registration.as_ref(), Some(&registration), "nothing has changed yet");
    assert_eq!(listed(&app, CorrectionState::Pending).await, [correction.name.as_str()]);

    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    app.clock.advance(Duration::HOUR);
    let request = deciding(&correction, "approve", CorrectionDecision::Approve);
    let (approved, corrected) = review(&app, request.clone()).await.expect("approved");
    assert_eq!((approved.state(), approved.revision), (CorrectionState::Approved, 2));
    assert_eq!(approved.note, "compared with the passport");
    assert!(approved.end_time.is_some() && approved.etag != correction.etag);
    assert_eq!((corrected.revision, corrected.etag != registration.etag), (2, true));
    let form = corrected.form.clone().expect("a form");
    assert_eq!(
        form,
        pb::RegistrationForm { birth_date: "1985-07-01".to_owned(), ..registration.form.expect("one") }
    );
    assert_eq!(
        (corrected.expire_time, corrected.create_time),
        (registration.expire_time, registration.create_time)
    );
    let told: Vec<_> = following.changes(2).await.iter().map(|one| (one.kind(), one.revision)).collect();
    assert_eq!(told, [(Kind::Registered, 1), (Kind::Corrected, 2)]);
    assert_eq!(review(&app, request).await, Ok((approved, corrected)), "the first answer");

    let history =
        pb::ListRegistrationRevisionsRequest { registration: registration.name, ..Default::default() };
    let history = app.client().list_registration_revisions(history).await.expect("history").into_inner();
    let last = &history.revisions[0];
    assert_eq!(
        (last.kind(), last.changed_paths.as_slice()),
        (registration_revision::Kind::Corrected, &["birth_date".to_owned()][..])
    );
    assert_eq!((last.correction_reason.as_str(), history.revisions[1].correction_reason.as_str()), (WHY, ""));
    assert_eq!(listed(&app, CorrectionState::Pending).await, [""; 0]);
}

#[tokio::test]
async fn a_rejection_says_why_and_changes_nothing() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let correction = ask(&app, wish(&registration, "ask")).await.expect("asked for");
    let silent = pb::ReviewCorrectionRequest {
        note: " ".to_owned(),
        ..deciding(&correction, "silent", CorrectionDecision::Reject)
    };
    assert_eq!(review(&app, silent).await.expect_err("why?").broken, ["note REQUIRED"]);
    let (rejected, same) =
        review(&app, deciding(&correction, "reject", CorrectionDecision::Reject)).await.expect("rejected");
    assert_eq!((rejected.state(), rejected.revision), (CorrectionState::Rejected, 0));
    assert_eq!(same, registration);
    // And there is room for another one.
    ask(&app, wish(&registration, "again")).await.expect("asked for again");
}

#[tokio::test]
async fn a_mistyped_number_finds_this_person_no_more_and_is_free_for_whose_it_is() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let correction = ask(&app, mistyped(&registration, "X0000007")).await.expect("asked for");
    assert_eq!(correction.document, Some(passport("X0000007")));
    assert_eq!(
        (correction.changed_paths.as_slice(), &correction.form),
        (&[][..], &Some(pb::RegistrationForm::default()))
    );
    assert_eq!(found(&app, "X0000007").await, None, "not before it is approved");
    let (_, corrected) =
        review(&app, deciding(&correction, "approve", CorrectionDecision::Approve)).await.expect("approved");
    assert_eq!(
        (corrected.document, corrected.masked_number.as_str()),
        (Some(passport("X0000007")), "X0****07")
    );
    assert_eq!(found(&app, "X0000007").await.as_ref(), Some(&registration.name));
    assert_eq!(found(&app, "X0000001").await, None);
    assert_eq!(app.resolve("X0000007").await.as_ref(), Ok(&registration.traveller));
    let owner = app.submit(app.submission("owner", "X0000001", form())).await.expect("whose it is");
    assert_ne!(owner.traveller, registration.traveller);
}

#[tokio::test]
async fn a_number_of_somebody_else_is_refused_when_it_is_to_be_approved_and_the_correction_waits_on() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let other = app.register("X0000002").await;
    // Who asks learns nothing: an unknown number and somebody's are taken alike.
    let correction = ask(&app, mistyped(&registration, "X0000002")).await.expect("asked for");
    let refused = review(&app, deciding(&correction, "approve", CorrectionDecision::Approve)).await;
    let refused = refused.expect_err("somebody else's");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
    assert!(
        !format!("{refused:?}").contains(&other.name) && !format!("{refused:?}").contains(&other.traveller)
    );
    let now = read(&app, &correction.name).await.expect("read");
    assert_eq!(now.correction, Some(correction.clone()), "it waits");
    assert_eq!(now.registration, Some(registration.clone()));
    assert_eq!(found(&app, "X0000001").await.as_ref(), Some(&registration.name));
    assert_eq!(found(&app, "X0000002").await.as_ref(), Some(&other.name));
    review(&app, deciding(&correction, "reject", CorrectionDecision::Reject)).await.expect("rejected");
}

/// Has it approved that the number of `registration` is `number` in truth.
async fn put_right(app: &App, registration: &pb::Registration, number: &str) -> pb::Registration {
    let correction = ask(app, mistyped(registration, number)).await.expect("asked for");
    let request_id = format!("approve-{number}");
    let request = deciding(&correction, &request_id, CorrectionDecision::Approve);
    review(app, request).await.expect("approved").1
}

#[tokio::test]
async fn a_number_that_was_theirs_before_stays_theirs() {
    let app = App::new().await;
    let later = || app.clock.advance(Duration::SECOND);
    // With which another entry was registered, and is still, or was before the passport was renewed.
    for (kept, renewed, right) in [("X0000001", None, "X0000007"), ("X0000011", Some("X0000012"), "X0000012")]
    {
        let mut first = app.register(kept).await;
        if let Some(renewed) = renewed {
            later();
            first = app.replace(replacement(&first, kept, renewed)).await.expect("replaced");
        }
        app.cancel(&first).await.expect("cancelled");
        later();
        let second = app.submit(app.submission(&format!("second-{kept}"), kept, form())).await;
        put_right(&app, &second.expect("registered"), right).await;
        for number in [kept, right] {
            assert_eq!(app.resolve(number).await.as_ref(), Ok(&first.traveller), "{number}");
        }
    }
    // Which this entry had before.
    let first = app.register("X0000021").await;
    later();
    let renewed = app.replace(replacement(&first, "X0000021", "X0000022")).await.expect("replaced");
    later();
    let back = app.replace(replacement(&renewed, "X0000022", "X0000021")).await.expect("replaced");
    put_right(&app, &back, "X0000022").await;
    for number in ["X0000021", "X0000022"] {
        assert_eq!(app.resolve(number).await.as_ref(), Ok(&first.traveller), "{number}");
    }
    // By which somebody was known who had not registered.
    let known = app.resolve("X0000031").await.expect("made known");
    later();
    let registered = app.register("X0000031").await;
    put_right(&app, &registered, "X0000032").await;
    for number in ["X0000031", "X0000032"] {
        assert_eq!(app.resolve(number).await.as_ref(), Ok(&known), "{number}");
    }
}

#[tokio::test]
async fn a_correction_of_a_document_that_was_replaced_meanwhile_is_only_rejected() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let correction = ask(&app, mistyped(&registration, "X0000007")).await.expect("asked for");
    let replaced = app.replace(replacement(&registration, "X0000001", "X0000002")).await.expect("replaced");
    let refused = review(&app, deciding(&correction, "approve", CorrectionDecision::Approve)).await;
    let refused = refused.expect_err("nobody said that the new one is wrong");
    assert_eq!(refused.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    assert_eq!(refused.broken, ["document REPLACED_SINCE"]);
    let now = read(&app, &correction.name).await.expect("read");
    assert_eq!((now.correction.as_ref(), now.registration), (Some(&correction), Some(replaced)));
    for number in ["X0000001", "X0000002"] {
        assert_eq!(found(&app, number).await.as_ref(), Some(&registration.name), "{number}");
    }
    assert_eq!(found(&app, "X0000007").await, None);
    review(&app, deciding(&correction, "reject", CorrectionDecision::Reject)).await.expect("rejected");
}

#[tokio::test]
async fn a_replacement_that_was_a_mistake_is_corrected_back() {
    let app = App::new().await;
    let first = app.register("X0000001").await;
    let replaced = app.replace(replacement(&first, "X0000001", "X0000003")).await.expect("replaced");
    let correction = ask(&app, mistyped(&replaced, "X0000001")).await.expect("asked for");
    let (_, back) =
        review(&app, deciding(&correction, "approve", CorrectionDecision::Approve)).await.expect("approved");
    assert_eq!((back.revision, back.document), (3, first.document));
    assert_eq!(found(&app, "X0000003").await, None);
}

#[tokio::test]
async fn an_approval_is_judged_by_what_is_registered_then_and_takes_only_what_was_asked_for() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let named = pb::RequestCorrectionRequest {
        form: Some(pb::RegistrationForm {
            chinese_name: "史安娜".to_owned(),
            birth_date: "1900-01-01".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask { paths: vec!["chinese_name".to_owned()] }),
        ..wish(&registration, "ask")
    };
    let correction = ask(&app, named).await.expect("asked for");
    let contact = pb::RegistrationForm {
        domestic_contact: Some(pb::Contact {
            name: "史安娜".to_owned(), phone: "+8613800138001".to_owned()
        }),
        ..Default::default()
    };
    let amend = |form, request_id: &str, of: &pb::Registration| pb::UpdateRegistrationRequest {
        request_id: request_id.to_owned(),
        form: Some(form),
        update_mask: Some(FieldMask { paths: vec!["domestic_contact".to_owned()] }),
        ..amendment(of, 1)
    };
    let amended = app.update(amend(contact, "contact", &registration)).await.expect("amended");
    let refused = review(&app, deciding(&correction, "early", CorrectionDecision::Approve)).await;
    assert_eq!(refused.expect_err("herself").broken, ["form.domestic_contact.name CONTACT_IS_TRAVELLER"]);

    let other = pb::RegistrationForm { domestic_contact: form().domestic_contact, ..Default::default() };
    let amended = app.update(amend(other, "other", &amended)).await.expect("amended");
    let amended = app.update(amendment(&amended, 9)).await.expect("amended");
    let (approved, corrected) =
        review(&app, deciding(&correction, "now", CorrectionDecision::Approve)).await.expect("approved");
    assert_eq!((approved.revision, corrected.revision), (5, 5));
    let expected =
        pb::RegistrationForm { chinese_name: "史安娜".to_owned(), ..amended.form.expect("a form") };
    assert_eq!(corrected.form, Some(expected), "with what was amended meanwhile");
}
