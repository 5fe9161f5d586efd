//! What is somebody else's: documents that are tried one after the other, and the etag, the `request_id`, the page token and the bond of another.

use entrypass_e2e::{Mode, System, TRUST_DOMAIN, Traveller};
use entrypass_proto::{gateway::v1 as pb, registration::v1 as form};
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use tonic::Code;

/// Another caller than the tests, who may do as much.
const PARTNER: &str = r#"
[[callers]]
name = "partner"
identity = "spiffe://entrypass.test/partner"
rpcs = ["entrypass.gateway.v1.EntryPassService/*"]
personal_data = "full"

[registration]
failed_proofs_per_document = 3
failed_proofs_per_caller = 12
"#;

fn read(traveller: &Traveller, holder_name: &str) -> pb::GetEntryPassRequest {
    pb::GetEntryPassRequest {
        document: Some(traveller.document.clone()),
        holder_name: holder_name.to_owned(),
        ..Default::default()
    }
}

async fn registered(system: &System, traveller: &Traveller, request_id: &str) -> form::Registration {
    traveller.register(system, request_id).await.expect("registered").registration.expect("a registration")
}

#[tokio::test]
async fn documents_are_tried_in_vain_and_soon_no_more() {
    let system = System::configured(Mode::Sockets, PARTNER).await;
    let smith = Traveller::passport("X0000001");
    registered(&system, &smith, "smith").await;
    let mut partner = system.called_as(&[&format!("{TRUST_DOMAIN}/partner")]).pass;
    // One of them is registered; the attacker knows common names.
    let told = |refusal: &Refusal| {
        (refusal.code, refusal.reason.clone(), refusal.message.clone(), refusal.descriptions.clone())
    };
    let mut answers = Vec::new();
    for number in 0..4 {
        for name in ["SMITH JOHN", "WANG XIAOMING", "LI FANG"] {
            let traveller = Traveller::passport(&format!("X000000{number}"));
            let status = partner.get_entry_pass(read(&traveller, name)).await.expect_err("a wrong name");
            answers.push(told(&Refusal::from(status)));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for a wrong name and for nobody");
    assert_eq!(answers[0].1, "HOLDER_NOT_FOUND");
    // Now the right name is of no use either, to this caller for any document, and for the document by any caller.
    for document in [&smith, &Traveller::passport("X0000099")] {
        let status = partner.get_entry_pass(read(document, &smith.name())).await.expect_err("too often");
        let refusal = Refusal::from(status);
        assert_eq!(refusal.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
        assert!(refusal.retry_after.is_some());
    }
    let refused =
        Refusal::from(smith.entry_pass(&system).await.expect_err("its document was tried too often"));
    assert_eq!(refused.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
}

#[tokio::test]
async fn the_first_answer_is_for_who_asked_first() {
    let system = System::configured(Mode::Sockets, PARTNER).await;
    let wang = Traveller::wang();
    let first = registered(&system, &wang, "one-id").await;
    let mut partner = system.called_as(&[&format!("{TRUST_DOMAIN}/partner")]).pass;
    let same = wang.submission("one-id", &system.notice_version().await);
    // The same bytes under the same request_id, by another: not the first answer, with which a registration would be opened.
    let refusal = Refusal::from(partner.submit_registration(same).await.expect_err("registered already"));
    assert_eq!(refusal.is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
    assert!(!format!("{refusal:?}").contains(&first.name), "{refusal:?}");
    // And their own intent under it is their own.
    let li = Traveller::li().submission("one-id", &system.notice_version().await);
    partner.submit_registration(li).await.expect("another caller's request_id");
}

#[tokio::test]
async fn a_page_token_of_accesses_is_of_no_use_to_another_or_about_another() {
    let system = System::configured(Mode::Sockets, PARTNER).await;
    let hers = registered(&system, &Traveller::li(), "li").await;
    let his = registered(&system, &Traveller::wang(), "wang").await;
    let list = |traveller: &str, page_token: &str| pb::ListAccessRequest {
        traveller: traveller.to_owned(),
        page_size: 1,
        page_token: page_token.to_owned(),
        ..Default::default()
    };
    let mut client = system.pass.clone();
    // To ask is to leave a record, so that there is a second page from the second time on.
    client.list_access(list(&hers.traveller, "")).await.expect("her records");
    let page = client.list_access(list(&hers.traveller, "")).await.expect("her records").into_inner();
    let token = page.next_page_token;
    let status = client.list_access(list(&his.traveller, &token)).await.expect_err("about him");
    let mut partner = system.called_as(&[&format!("{TRUST_DOMAIN}/partner")]).pass;
    let by_another = partner.list_access(list(&hers.traveller, &token)).await.expect_err("by another");
    for refusal in [status, by_another].map(Refusal::from) {
        assert_eq!(refusal.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
        assert_eq!(refusal.broken, ["page_token BAD_PAGE_TOKEN"]);
    }
    let rest = client.list_access(list(&hers.traveller, &token)).await.expect("the rest").into_inner();
    assert_eq!(rest.records.len(), 1);
}

#[tokio::test]
async fn etags_tokens_and_bonds_of_another_open_nothing() {
    let system = System::configured(Mode::Sockets, PARTNER).await;
    let (wang, li, chan) = (Traveller::wang(), Traveller::li(), Traveller::chan());
    let hers = registered(&system, &li, "li").await;
    let his = registered(&system, &wang, "wang").await;
    let third = registered(&system, &chan, "chan").await;
    let mut client = system.pass.clone();

    let update = |registration: &form::Registration, etag: &str, request_id: &str, days| {
        pb::UpdateRegistrationRequest {
            request_id: request_id.to_owned(),
            registration: registration.name.clone(),
            etag: etag.to_owned(),
            form: Some(form::RegistrationForm { stay_days: days, ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["stay_days".to_owned()] }),
        }
    };
    let status =
        client.update_registration(update(&his, &hers.etag, "steal", 3)).await.expect_err("her etag");
    assert_eq!(Refusal::from(status).is(), (Code::Aborted, "ETAG_MISMATCH"));

    let amended = client.update_registration(update(&hers, &hers.etag, "hers", 3)).await.expect("amended");
    assert_eq!(amended.into_inner().entry_pass.expect("one").registration.expect("hers").revision, 2);
    let list = |registration: &form::Registration, page_token: &str| pb::ListRegistrationRevisionsRequest {
        registration: registration.name.clone(),
        page_size: 1,
        page_token: page_token.to_owned(),
    };
    let page = client.list_registration_revisions(list(&hers, "")).await.expect("her history").into_inner();
    let stolen = client.list_registration_revisions(list(&his, &page.next_page_token)).await;
    // Her token, his history: what it shows is his, and at most what he could read anyway.
    let shown = stolen.map(|answer| answer.into_inner().revisions).unwrap_or_default();
    let number =
        |revision: &form::RegistrationRevision| revision.document.clone().expect("a document").number;
    assert!(shown.iter().all(|revision| number(revision) == wang.document.number));

    let (pass, code) = system.bind(wang.binding("bind", &his.name, &li)).await.expect("bound");
    let bond = pass.companions[0].name.clone();
    assert!(pass.companions[0].qr_code.is_none(), "he cannot show the code of somebody who has not agreed");
    let unbind = pb::UnbindCompanionRequest {
        request_id: "unbind".to_owned(),
        registration: third.name.clone(),
        companion: bond,
    };
    let status = client.unbind_companion(unbind).await.expect_err("neither side");
    assert_eq!(Refusal::from(status).is(), (Code::NotFound, "COMPANION_NOT_FOUND"));
    for (other, who) in [(&his, "the holder's side cannot agree for her"), (&third, "nor can a third")] {
        let status = system.confirm(&other.reference, &other.name, &code).await.expect_err(who);
        assert_eq!(Refusal::from(status).is(), (Code::NotFound, "CONFIRMATION_CODE_WRONG"));
    }
    // Whoever has her registration but not the code guesses, and soon no more.
    for guess in 0..3 {
        let status = system.confirm(&format!("guess-{guess}"), &hers.name, &format!("0000-000{guess}")).await;
        assert_eq!(Refusal::from(status.expect_err("a guess")).reason, "CONFIRMATION_CODE_WRONG");
    }
    let status = system.confirm("right", &hers.name, &code).await.expect_err("too often");
    assert_eq!(Refusal::from(status).is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
}
