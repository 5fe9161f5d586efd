//! One traveller over many visits: who comes back with another passport, whose data was read wrongly, and what cannot be changed any more once a
//! checkpoint has seen it.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::Verdict,
    registration::v1::{
        CheckOutcome, CorrectionDecision, CorrectionState, Entry, Registration, RegistrationForm,
        RegistrationState, Stay, registration_revision::Kind,
    },
};
use entrypass_testkit::{Refusal, eventually};
use prost_types::FieldMask;
use time::Duration;
use tonic::Code;

journeys!(
    a_passport_is_renewed_between_two_visits,
    a_misread_birth_date_is_corrected,
    a_mistyped_number_is_corrected_and_free_again,
    what_a_checkpoint_has_seen_stays,
);

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }
}

async fn registered(system: &System, who: &Traveller, request_id: &str) -> (Registration, String) {
    let pass = who.register(system, request_id).await.expect("registered");
    (pass.registration.expect("a registration"), pass.qr_code.expect("a code").content)
}

/// The next entry of the holder of `old`, in December, who now carries `new`.
async fn comes_again(
    system: &System,
    request_id: &str,
    old: &Traveller,
    new: Option<&Traveller>,
) -> pb::SubmitNextRegistrationRequest {
    let RegistrationForm { entry, destination, .. } = old.form.clone();
    let form = RegistrationForm {
        entry: entry.map(|entry| Entry { entry_date: "2026-12-24".to_owned(), ..entry }),
        travel_history: vec![Stay {
            country: "SGP".to_owned(),
            first_date: "2026-12-01".to_owned(),
            last_date: "2026-12-24".to_owned(),
        }],
        destination,
        mobile_phone: "+447700900002".to_owned(),
        ..RegistrationForm::default()
    };
    pb::SubmitNextRegistrationRequest {
        request_id: request_id.to_owned(),
        document: Some(old.document.clone()),
        holder_name: old.name(),
        form: Some(form),
        update_mask: Some(mask(&["entry", "travel_history", "destination", "mobile_phone"])),
        acknowledged_notice_version: system.notice_version().await,
        truth_declared: true,
        new_document: new.map(|new| new.document.clone()),
    }
}

/// The names of all entries that `who` is told of, by document and name.
async fn entries(system: &System, who: &Traveller) -> Vec<(String, RegistrationState)> {
    let request = pb::ListRegistrationsRequest {
        document: Some(who.document.clone()),
        holder_name: who.name(),
        ..Default::default()
    };
    let listed = system.pass.clone().list_registrations(request).await.expect("a list").into_inner();
    listed.registrations.into_iter().map(|one| (one.name.clone(), one.state())).collect()
}

async fn a_passport_is_renewed_between_two_visits(mode: Mode) {
    let system = System::start(mode).await;
    let (old, new) = (Traveller::passport("X0000001"), Traveller::passport("X0000002"));
    let (first, _) = registered(&system, &old, "first").await;
    // While she is here, there is no second entry.
    let early = comes_again(&system, "early", &old, Some(&new)).await;
    let status = system.pass.clone().submit_next_registration(early).await.expect_err("the first one counts");
    assert_eq!(Refusal::from(status).is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));

    // A month later she comes with another passport, and declares only what has changed.
    system.clock.advance(Duration::days(31));
    assert_eq!(old.check(&system).await.outcome(), CheckOutcome::New);
    let other = Traveller::passport("X0000005");
    let mut shifted = other.clone();
    shifted.form.entry.as_mut().expect("an entry").entry_date = "2026-12-24".to_owned();
    shifted.form.travel_history[0].last_date = "2026-12-24".to_owned();
    registered(&system, &shifted, "somebody-else").await;
    let taken = comes_again(&system, "taken", &old, Some(&other)).await;
    let status = system.pass.clone().submit_next_registration(taken).await.expect_err("somebody else's");
    assert_eq!(Refusal::from(status).is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));

    let request = comes_again(&system, "next", &old, Some(&new)).await;
    let answer = system.pass.clone().submit_next_registration(request.clone()).await.expect("registered");
    let pass = answer.into_inner().entry_pass.expect("an entry pass");
    let second = pass.registration.expect("a registration");
    assert_eq!(second.traveller, first.traveller, "one person");
    let form = second.form.clone().expect("a form");
    assert_eq!((form.surname.as_str(), form.mobile_phone.as_str()), ("SMITH", "+447700900002"));
    assert_eq!(form.domestic_contact, first.form.expect("a form").domestic_contact, "as last time");
    assert_eq!(system.verdict(&pass.qr_code.expect("a code").content).await, Verdict::Valid);

    // By either passport she is found, and never two of her.
    for found_by in [&old, &new] {
        assert_eq!(found_by.check(&system).await.outcome(), CheckOutcome::Registered);
        let found = found_by.entry_pass(&system).await.expect("found").registration.expect("one");
        assert_eq!(found.name, second.name);
        let expected = [
            (second.name.clone(), RegistrationState::Active),
            (first.name.clone(), RegistrationState::Expired),
        ];
        assert_eq!(entries(&system, found_by).await, expected);
    }
    let again = system.pass.clone().submit_next_registration(request).await.expect("the first answer");
    assert_eq!(again.into_inner().entry_pass.expect("a pass").registration, Some(second));
}

/// The correction of `registration` that `form` and `paths`, or a document, ask for.
async fn asked(
    system: &System,
    request: pb::RequestCorrectionRequest,
) -> entrypass_proto::registration::v1::Correction {
    let answer = system.pass.clone().request_correction(request).await.expect("asked for");
    answer.into_inner().correction.expect("a correction")
}

fn birth_date(of: &Registration, request_id: &str) -> pb::RequestCorrectionRequest {
    pb::RequestCorrectionRequest {
        request_id: request_id.to_owned(),
        registration: of.name.clone(),
        etag: of.etag.clone(),
        form: Some(RegistrationForm { birth_date: "1985-07-01".to_owned(), ..Default::default() }),
        update_mask: Some(mask(&["birth_date"])),
        document: None,
        correction_reason: "the 7 was read as a 1".to_owned(),
    }
}

/// What a reviewer finds in the queue, and decides on it.
async fn reviewed(system: &System, request_id: &str, decision: CorrectionDecision) -> Registration {
    let queue = pb::ListCorrectionsRequest { state: CorrectionState::Pending.into(), ..Default::default() };
    let queue = system.pass.clone().list_corrections(queue).await.expect("a queue").into_inner();
    let [waiting] = <[_; 1]>::try_from(queue.corrections).expect("one waits");
    let beside = pb::GetCorrectionRequest { correction: waiting.name.clone() };
    let beside = system.pass.clone().get_correction(beside).await.expect("read").into_inner();
    assert_eq!(beside.registration.expect("what is registered").name, waiting.registration);
    let review = pb::ReviewCorrectionRequest {
        request_id: request_id.to_owned(),
        correction: waiting.name,
        etag: waiting.etag,
        decision: decision.into(),
        note: "compared with the passport at the desk".to_owned(),
    };
    let answer = system.pass.clone().review_correction(review).await.expect("decided").into_inner();
    answer.registration.expect("a registration")
}

async fn a_misread_birth_date_is_corrected(mode: Mode) {
    let system = System::start(mode).await;
    let smith = Traveller::smith();
    let (registration, shown) = registered(&system, &smith, "smith").await;
    // She cannot change it herself, and is told what to do.
    let amend = pb::UpdateRegistrationRequest {
        request_id: "amend".to_owned(),
        registration: registration.name.clone(),
        etag: registration.etag.clone(),
        form: birth_date(&registration, "").form,
        update_mask: Some(mask(&["birth_date"])),
    };
    let refused = Refusal::from(system.pass.clone().update_registration(amend).await.expect_err("identity"));
    assert_eq!(refused.broken, ["form.birth_date IDENTITY_FIELD"]);
    assert!(refused.descriptions[0].contains("RequestCorrection"), "{refused:?}");

    // A first try is rejected, with a reason; a second one is approved.
    let first = asked(&system, birth_date(&registration, "first")).await;
    let second = system.pass.clone().request_correction(birth_date(&registration, "second")).await;
    let refused = Refusal::from(second.expect_err("one waits already"));
    assert_eq!(refused.is(), (Code::AlreadyExists, "CORRECTION_PENDING"));
    assert_eq!(reviewed(&system, "reject", CorrectionDecision::Reject).await, registration);
    let told = pb::GetCorrectionRequest { correction: first.name };
    let told = system.pass.clone().get_correction(told).await.expect("read").into_inner();
    assert_eq!(told.correction.expect("the first").note, "compared with the passport at the desk");
    assert_eq!(system.verdict(&shown).await, Verdict::Valid);

    asked(&system, birth_date(&registration, "third")).await;
    let corrected = reviewed(&system, "approve", CorrectionDecision::Approve).await;
    assert_eq!((corrected.revision, corrected.form.expect("a form").birth_date.as_str()), (2, "1985-07-01"));
    assert_eq!(system.verdict(&shown).await, Verdict::Superseded);
    let fresh = smith.entry_pass(&system).await.expect("shown").qr_code.expect("a new code");
    assert_eq!(system.verdict(&fresh.content).await, Verdict::Valid);

    let history =
        pb::ListRegistrationRevisionsRequest { registration: registration.name, ..Default::default() };
    let history =
        system.pass.clone().list_registration_revisions(history).await.expect("history").into_inner();
    let last = &history.revisions[0];
    assert_eq!((last.kind(), last.correction_reason.as_str()), (Kind::Corrected, "the 7 was read as a 1"));
}

async fn a_mistyped_number_is_corrected_and_free_again(mode: Mode) {
    let system = System::start(mode).await;
    let (typed, right) = (Traveller::passport("X0000001"), Traveller::passport("X0000007"));
    let (registration, shown) = registered(&system, &typed, "typed").await;
    let request = pb::RequestCorrectionRequest {
        form: None,
        update_mask: None,
        document: Some(right.document.clone()),
        ..birth_date(&registration, "number")
    };
    asked(&system, request).await;
    let corrected = reviewed(&system, "approve", CorrectionDecision::Approve).await;
    assert_eq!(corrected.document, Some(right.document.clone()));
    assert_eq!(system.verdict(&shown).await, Verdict::Superseded);
    let found = right.entry_pass(&system).await.expect("found").registration.expect("one");
    assert_eq!(found.name, registration.name);
    let status = typed.entry_pass(&system).await.expect_err("not hers");
    assert_eq!(Refusal::from(status).is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
    // Whose number it is can register.
    assert_eq!(typed.check(&system).await.outcome(), CheckOutcome::New);
    let (owner, _) = registered(&system, &typed, "owner").await;
    assert_ne!(owner.traveller, registration.traveller);
}

async fn what_a_checkpoint_has_seen_stays(mode: Mode) {
    let system = System::start(mode).await;
    let smith = Traveller::smith();
    let (registration, shown) = registered(&system, &smith, "smith").await;
    let amend = |of: &Registration, request_id: &str, paths: &[&str]| pb::UpdateRegistrationRequest {
        request_id: request_id.to_owned(),
        registration: of.name.clone(),
        etag: of.etag.clone(),
        form: Some(RegistrationForm {
            entry: Some(Entry { seat: "12A".to_owned(), ..Entry::default() }),
            mobile_phone: "+447700900002".to_owned(),
            ..RegistrationForm::default()
        }),
        update_mask: Some(mask(paths)),
    };
    // Until a checkpoint has seen it, all of the journey is free; a scan at no checkpoint changes nothing of that.
    assert_eq!(system.verdict(&shown).await, Verdict::Valid);
    let free = amend(&registration, "seat", &["entry.seat"]);
    let answer = system.pass.clone().update_registration(free).await.expect("amended").into_inner();
    let pass = answer.entry_pass.expect("an entry pass");
    let amended = pass.registration.expect("a registration");
    assert_eq!(amended.verified_time, None);

    let scan = pb::VerifyQrCodeRequest {
        content: pass.qr_code.expect("a code").content,
        checkpoint: "nanhai-port/gate-3".to_owned(),
        request_id: String::new(),
    };
    let decision = system.pass.clone().verify_qr_code(scan).await.expect("a decision").into_inner();
    assert_eq!(decision.verdict(), Verdict::Valid);
    eventually("the registration service has been told", async || {
        let found = smith.entry_pass(&system).await.expect("shown").registration.expect("one");
        found.verified_time.is_some()
    })
    .await;

    let mut frozen = amend(&amended, "other-seat", &["entry.seat", "mobile_phone"]);
    frozen.form.as_mut().expect("a form").entry = Some(Entry { seat: "1C".to_owned(), ..Entry::default() });
    let refused = Refusal::from(system.pass.clone().update_registration(frozen).await.expect_err("seen"));
    assert_eq!(refused.is(), (Code::FailedPrecondition, "FROZEN_AFTER_VERIFICATION"));
    assert_eq!(refused.fact("paths"), "entry.seat");
    let phone = amend(&amended, "phone", &["mobile_phone"]);
    let answer = system.pass.clone().update_registration(phone).await.expect("free to the end").into_inner();
    let amended = answer.entry_pass.expect("an entry pass").registration.expect("a registration");
    assert_eq!(amended.form.clone().expect("a form").mobile_phone, "+447700900002");
    // A mistake in who she is can still be put right.
    asked(&system, birth_date(&amended, "late")).await;
    assert_eq!(reviewed(&system, "approve", CorrectionDecision::Approve).await.revision, 4);
}
