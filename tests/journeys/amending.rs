//! Guide, step 6: modify the information. Each change is a revision, and the code shown before is superseded.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::Verdict,
    registration::v1::{Destination, Entry, Registration, RegistrationForm, registration_revision::Kind},
};
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use time::Duration;
use tonic::Code;

journeys!(
    an_amendment_supersedes_the_code_shown_before,
    identity_fields_are_refused_by_name,
    a_stale_etag_changes_nothing,
    every_revision_is_listed_newest_first,
    an_old_entry_date_does_not_stand_in_the_way_of_an_amendment,
    an_entry_declared_ahead_can_be_amended_to_the_end_and_not_put_off_for_ever,
);

fn amendment(of: &Registration, request_id: &str, paths: &[&str]) -> pb::UpdateRegistrationRequest {
    pb::UpdateRegistrationRequest {
        request_id: request_id.to_owned(),
        registration: of.name.clone(),
        etag: of.etag.clone(),
        form: Some(RegistrationForm {
            mobile_phone: "+44 7700 900002".to_owned(),
            birth_date: "1999-09-09".to_owned(),
            stay_days: 5,
            destination: Some(Destination {
                address: "汾江南路9号3座402".to_owned(),
                ..Destination::default()
            }),
            ..RegistrationForm::default()
        }),
        update_mask: Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
    }
}

async fn an_amendment_supersedes_the_code_shown_before(mode: Mode) {
    let system = System::start(mode).await;
    let pass = Traveller::wang().register(&system, "wang").await.expect("registered");
    let before = pass.registration.expect("one");
    let request = amendment(&before, "amend", &["mobile_phone", "destination.address"]);
    let answer = system.pass.clone().update_registration(request).await.expect("amended").into_inner();
    let pass_after = answer.entry_pass.expect("a pass");
    let after = pass_after.registration.expect("one");

    let form = after.form.expect("a form");
    assert_eq!((after.revision, form.mobile_phone.as_str()), (2, "+447700900002"));
    let destination = form.destination.expect("a destination");
    assert_eq!(destination.address, "汾江南路9号3座402");
    assert_eq!(destination.division_code, "440604", "what the mask does not name stays");
    assert_eq!(form.stay_days, 0);
    assert_eq!(form.birth_date, "1985-01-01");
    assert_ne!(after.etag, before.etag);

    let (old, new) = (pass.qr_code.expect("a code"), pass_after.qr_code.expect("a code"));
    assert_ne!(old.code_id, new.code_id);
    assert_eq!(system.verdict(&old.content).await, Verdict::Superseded);
    assert_eq!(system.verdict(&new.content).await, Verdict::Valid);
}

async fn identity_fields_are_refused_by_name(mode: Mode) {
    let system = System::start(mode).await;
    let registration = Traveller::wang().register(&system, "wang").await.expect("registered").registration;
    let request = amendment(
        &registration.expect("one"),
        "amend",
        &["birth_date", "mobile_phone", "chinese_name", "phone"],
    );
    let status = system.pass.clone().update_registration(request).await.expect_err("identity");
    let mut refusal = Refusal::from(status);
    assert_eq!(refusal.code, Code::InvalidArgument);
    refusal.broken.sort();
    let expected = [
        "form.birth_date IDENTITY_FIELD",
        "form.chinese_name IDENTITY_FIELD",
        "update_mask.paths[3] UNKNOWN_PATH",
    ];
    assert_eq!(refusal.broken, expected);
}

async fn a_stale_etag_changes_nothing(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let before = wang.register(&system, "wang").await.expect("registered").registration.expect("one");
    let first = amendment(&before, "first", &["stay_days"]);
    system.pass.clone().update_registration(first).await.expect("amended");
    let second = amendment(&before, "second", &["mobile_phone"]);
    let status = system.pass.clone().update_registration(second).await.expect_err("stale");
    assert_eq!(Refusal::from(status).is(), (Code::Aborted, "ETAG_MISMATCH"));
    let now = wang.entry_pass(&system).await.expect("shown").registration.expect("one");
    let form = now.form.expect("a form");
    assert_eq!((now.revision, form.stay_days, form.mobile_phone.as_str()), (2, 5, "+447700900001"));
}

async fn every_revision_is_listed_newest_first(mode: Mode) {
    let system = System::start(mode).await;
    let mut registration =
        Traveller::wang().register(&system, "wang").await.expect("registered").registration.expect("one");
    for (request_id, path) in [("a", "stay_days"), ("b", "mobile_phone")] {
        let request = amendment(&registration, request_id, &[path]);
        let answer = system.pass.clone().update_registration(request).await.expect("amended").into_inner();
        registration = answer.entry_pass.expect("a pass").registration.expect("one");
    }
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = pb::ListRegistrationRevisionsRequest {
            registration: registration.name.clone(),
            page_size: 2,
            page_token,
        };
        let page = system.pass.clone().list_registration_revisions(page).await.expect("a page").into_inner();
        listed.extend(page.revisions.into_iter().map(|one| (one.revision, one.kind(), one.changed_paths)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let paths = |path: &str| vec![path.to_owned()];
    let expected = [
        (3, Kind::Amended, paths("mobile_phone")),
        (2, Kind::Amended, paths("stay_days")),
        (1, Kind::Registered, Vec::new()),
    ];
    assert_eq!(listed, expected);
}

async fn an_old_entry_date_does_not_stand_in_the_way_of_an_amendment(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let registration = wang.register(&system, "wang").await.expect("registered").registration.expect("one");
    system.clock.advance(Duration::days(20));
    let request = amendment(&registration, "late", &["mobile_phone"]);
    system.pass.clone().update_registration(request).await.expect("amended 20 days after entry");
}

async fn an_entry_declared_ahead_can_be_amended_to_the_end_and_not_put_off_for_ever(mode: Mode) {
    let system = System::start(mode).await;
    let mut wang = Traveller::wang();
    wang.form.entry.as_mut().expect("an entry").entry_date = "2026-12-23".to_owned();
    let registration = wang.register(&system, "ahead").await.expect("registered").registration.expect("one");
    system.clock.advance(Duration::days(29));
    let request = amendment(&registration, "phone", &["mobile_phone"]);
    let answer = system.pass.clone().update_registration(request).await.expect("amended").into_inner();
    let registration = answer.entry_pass.expect("a pass").registration.expect("one");

    let mut put_off = amendment(&registration, "put-off", &["entry.entry_date"]);
    let entry = Entry { entry_date: "2026-12-24".to_owned(), ..Entry::default() };
    put_off.form.as_mut().expect("a form").entry = Some(entry);
    let status = system.pass.clone().update_registration(put_off).await.expect_err("put off too far");
    assert_eq!(Refusal::from(status).broken, ["form.entry.entry_date OUT_OF_RANGE"]);
}
