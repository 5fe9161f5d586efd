//! A traveller who comes back: registered still, or again after the first registration has ended.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::Verdict,
    registration::v1::{CheckOutcome, RegistrationState},
};
use entrypass_testkit::Refusal;
use time::Duration;
use tonic::Code;

journeys!(
    a_second_submission_is_told_that_one_is_registered,
    an_ended_registration_makes_room_for_the_next_with_prefill,
    a_displayed_code_expires_long_before_its_registration,
    a_cancelled_registration_has_a_revoked_code_and_can_be_followed_by_another,
    a_renewed_passport_keeps_the_traveller,
    a_document_that_shows_another_name_asks_for_it,
    a_clock_that_was_set_back_hides_no_registration,
);

async fn a_second_submission_is_told_that_one_is_registered(mode: Mode) {
    let system = System::start(mode).await;
    Traveller::chan().register(&system, "first").await.expect("registered");
    // The renewal count on a newer card changes nothing: it is the same person.
    let mut renewed = Traveller::chan();
    renewed.document.number = "h00000000-01".to_owned();
    let status = renewed.register(&system, "second").await.expect_err("registered already");
    assert_eq!(Refusal::from(status).is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
}

async fn an_ended_registration_makes_room_for_the_next_with_prefill(mode: Mode) {
    let system = System::start(mode).await;
    let li = Traveller::li();
    let first = li.register(&system, "first").await.expect("registered").registration.expect("one");
    let prefill = pb::GetPrefillRequest { document: Some(li.document.clone()), holder_name: li.name() };
    let early = system.pass.clone().get_prefill(prefill.clone()).await.expect_err("still active");
    assert_eq!(Refusal::from(early).is(), (Code::NotFound, "HOLDER_NOT_FOUND"));

    system.clock.advance(Duration::days(31));
    let check = li.check(&system).await;
    assert_eq!((check.outcome(), check.prefill_available), (CheckOutcome::New, true));
    let status = li.entry_pass(&system).await.expect_err("ended");
    assert_eq!(Refusal::from(status).reason, "HOLDER_NOT_FOUND");

    let prefilled = system.pass.clone().get_prefill(prefill).await.expect("prefill").into_inner();
    let mut form = prefilled.form.expect("a form");
    assert_eq!((form.chinese_name.as_str(), form.entry.as_ref()), ("李芳", None));
    let mut entry = li.form.entry.clone().expect("an entry");
    entry.entry_date = "2026-12-24".to_owned();
    form.entry = Some(entry);
    form.travel_history = li.form.travel_history.clone();
    form.travel_history[0].last_date = "2026-12-20".to_owned();
    let next = Traveller { form, ..li.clone() }.register(&system, "next").await.expect("registered again");
    let next = next.registration.expect("one");
    assert_eq!(next.traveller, first.traveller, "one person");
    assert_ne!(next.name, first.name, "two entries");

    let old = pb::GetEntryPassRequest { registration: first.name, ..Default::default() };
    let old = system.pass.clone().get_entry_pass(old).await.expect("history").into_inner();
    let old = old.entry_pass.expect("a pass");
    assert_eq!(old.registration.expect("one").state(), RegistrationState::Expired);
    assert_eq!(old.qr_code, None);
}

async fn a_displayed_code_expires_long_before_its_registration(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let shown = wang.register(&system, "wang").await.expect("registered").qr_code.expect("a code");
    system.clock.advance(Duration::minutes(14));
    assert_eq!(system.verdict(&shown.content).await, Verdict::Valid);
    system.clock.advance(Duration::minutes(1));
    assert_eq!(system.verdict(&shown.content).await, Verdict::Expired);

    let fresh = wang.entry_pass(&system).await.expect("shown").qr_code.expect("a code");
    assert_eq!(fresh.code_id, shown.code_id);
    assert_eq!(system.verdict(&fresh.content).await, Verdict::Valid);
    system.clock.advance(Duration::days(31));
    assert_eq!(system.verdict(&fresh.content).await, Verdict::Expired);
}

async fn a_cancelled_registration_has_a_revoked_code_and_can_be_followed_by_another(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let pass = wang.register(&system, "first").await.expect("registered");
    let registration = pass.registration.expect("one");
    let cancel = pb::CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration: registration.name,
        etag: registration.etag,
    };
    let answer =
        system.pass.clone().cancel_registration(cancel.clone()).await.expect("cancelled").into_inner();
    assert_eq!(answer.registration.clone().expect("one").state(), RegistrationState::Cancelled);
    assert_eq!(system.verdict(&pass.qr_code.expect("a code").content).await, Verdict::Revoked);
    let again = system.pass.clone().cancel_registration(cancel.clone()).await.expect("the first answer");
    assert_eq!(again.into_inner(), answer);

    let twice = pb::CancelRegistrationRequest {
        request_id: "twice".to_owned(),
        etag: answer.registration.expect("one").etag,
        ..cancel
    };
    let status = system.pass.clone().cancel_registration(twice).await.expect_err("cancelled already");
    assert_eq!(Refusal::from(status).is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
    assert_eq!(wang.check(&system).await.outcome(), CheckOutcome::New);
    wang.register(&system, "second").await.expect("registered again");
}

async fn a_renewed_passport_keeps_the_traveller(mode: Mode) {
    let system = System::start(mode).await;
    let old = Traveller::passport("X0000001");
    let new = Traveller::passport("X0000009");
    let pass = old.register(&system, "old").await.expect("registered");
    let registration = pass.registration.expect("one");
    let replace = pb::ReplaceDocumentRequest {
        request_id: "replace".to_owned(),
        registration: registration.name.clone(),
        etag: registration.etag.clone(),
        old_document: Some(old.document.clone()),
        holder_name: old.name(),
        new_document: Some(new.document.clone()),
        document_expire_date: "2036-01-01".to_owned(),
        ..Default::default()
    };
    let stranger = pb::ReplaceDocumentRequest {
        request_id: "stranger".to_owned(),
        holder_name: "SOMEBODY ELSE".to_owned(),
        ..replace.clone()
    };
    let status = system.pass.clone().replace_document(stranger).await.expect_err("no proof");
    assert_eq!(Refusal::from(status).is(), (Code::NotFound, "HOLDER_NOT_FOUND"));

    let answer = system.pass.clone().replace_document(replace.clone()).await.expect("replaced").into_inner();
    let replaced = answer.entry_pass.expect("a pass").registration.expect("one");
    assert_eq!((replaced.revision, &replaced.traveller), (2, &registration.traveller));
    assert_eq!(replaced.form.as_ref().expect("a form").document_expire_date, "2036-01-01");
    assert_eq!(system.verdict(&pass.qr_code.expect("a code").content).await, Verdict::Superseded);
    for found_by in [&old, &new] {
        let found = found_by.entry_pass(&system).await.expect("found").registration.expect("one");
        assert_eq!(found.name, registration.name);
    }

    Traveller::passport("X0000005").register(&system, "other").await.expect("another person");
    let taken = pb::ReplaceDocumentRequest {
        request_id: "taken".to_owned(),
        etag: replaced.etag,
        old_document: Some(new.document),
        new_document: Some(Traveller::passport("X0000005").document),
        ..replace
    };
    let status = system.pass.clone().replace_document(taken).await.expect_err("somebody else's");
    assert_eq!(Refusal::from(status).is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
}

async fn a_document_that_shows_another_name_asks_for_it(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let registration = wang.register(&system, "wang").await.expect("registered").registration.expect("one");
    let mut passport = Traveller::passport("E00000000").document;
    passport.issuing_state = "CHN".to_owned();
    let replace = pb::ReplaceDocumentRequest {
        request_id: "nameless".to_owned(),
        registration: registration.name,
        etag: registration.etag,
        old_document: Some(wang.document.clone()),
        holder_name: wang.name(),
        new_document: Some(passport.clone()),
        chinese_name: "王大明".to_owned(),
        ..Default::default()
    };
    let status = system.pass.clone().replace_document(replace.clone()).await.expect_err("names");
    let expected = ["chinese_name IDENTITY_FIELD", "surname REQUIRED", "given_names REQUIRED"];
    assert_eq!(Refusal::from(status).broken, expected);

    let named = pb::ReplaceDocumentRequest {
        request_id: "named".to_owned(),
        // The registered name in another spelling is no other name.
        chinese_name: "王 小明".to_owned(),
        surname: "Wang".to_owned(),
        given_names: "Xiaoming".to_owned(),
        ..replace
    };
    system.pass.clone().replace_document(named).await.expect("replaced");
    let mut found_by = wang.clone();
    found_by.document = passport;
    found_by.form.chinese_name = String::new();
    (found_by.form.surname, found_by.form.given_names) = ("WANG".to_owned(), "XIAOMING".to_owned());
    found_by.entry_pass(&system).await.expect("found by the new document and name");
}

async fn a_clock_that_was_set_back_hides_no_registration(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let first = wang.register(&system, "first").await.expect("registered").registration.expect("one");
    let cancel = pb::CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration: first.name,
        etag: first.etag,
    };
    system.pass.clone().cancel_registration(cancel).await.expect("cancelled");
    system.clock.advance(-Duration::hours(1));
    let second = wang.register(&system, "second").await.expect("registered again").registration;
    assert_eq!(wang.check(&system).await.outcome(), CheckOutcome::Registered);
    assert_eq!(wang.entry_pass(&system).await.expect("found").registration, second);
}
