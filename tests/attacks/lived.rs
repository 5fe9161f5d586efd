//! A journey in which everything happens that can happen to personal data, told in words that stand nowhere else.

use entrypass_ambient::Clock as _;
use entrypass_e2e::{System, Traveller};
use entrypass_proto::{
    epass::v1::{self as epass, ReviewDecision},
    gateway::v1 as pb,
    registration::v1::{
        self as form, Contact, Document, DocumentType, HealthDeclaration, RegistrationForm, Relationship,
        Sex,
        health_declaration::{Answer, Symptom},
    },
};
use entrypass_rpc::timestamp;
use prost_types::FieldMask;

use crate::scanner::Scanner;

/// Everything of a person that the journey tells, each in no other test: on PostgreSQL all tests share one write-ahead log.
pub const TOLD: [&str; 33] = [
    "440699200402290040",
    "440699201203010055",
    "X7319046",
    "X73 19046",
    "X7319053",
    "X7319068",
    "X7319075",
    "司徒样本",
    "上官样本",
    "ZZYZXOVA",
    "QUILLON",
    "Quillon Zzyzxova",
    "Qwertzova",
    "7700900873",
    "7700900874",
    "7700900875",
    "3639980077",
    "zzyzxova@example.org",
    "Zzyzx Guild",
    "Lamplighter of Zzyzx",
    "Quillonville",
    "样本街七三一号",
    "样本街七三二号",
    "Zzyzx Palace",
    "张样本",
    "a cousin in Zzyzx",
    "papers of Zzyzxova",
    "a session of Zzyzx",
    "X7319082",
    "Quillonia",
    "misread at the Zzyzx desk",
    "as the Zzyzx passport says",
    "ledger of Zzyzxova",
];

/// A resident who tells everything that there is to tell.
pub fn resident() -> Traveller {
    let mut resident = Traveller::wang();
    resident.document.number = "440699200402290040".to_owned();
    let form = &mut resident.form;
    form.chinese_name = "司徒样本".to_owned();
    form.sex = Sex::Female.into();
    form.birth_date = "2004-02-29".to_owned();
    complete(form, "+447700900873");
    resident
}

/// A visitor with the passport `number`.
fn visitor(number: &str, given_names: &str, phone: &str) -> Traveller {
    let mut visitor = Traveller::passport(number);
    visitor.form.surname = "ZZYZXOVA".to_owned();
    visitor.form.given_names = given_names.to_owned();
    complete(&mut visitor.form, phone);
    visitor
}

fn complete(form: &mut RegistrationForm, phone: &str) {
    form.mobile_phone = phone.to_owned();
    form.second_phone = "+33639980077".to_owned();
    form.email = "zzyzxova@example.org".to_owned();
    form.occupation = "Lamplighter of Zzyzx".to_owned();
    form.host = "Zzyzx Guild".to_owned();
    form.entry.as_mut().expect("an entry").departure_city = "Quillonville".to_owned();
    let destination = form.destination.as_mut().expect("a destination");
    destination.address = "样本街七三一号9座1204".to_owned();
    destination.accommodation_name = "Zzyzx Palace".to_owned();
    form.domestic_contact = Some(Contact { name: "张样本".to_owned(), phone: "+447700900875".to_owned() });
    form.health = Some(HealthDeclaration {
        contact_with_cases: Answer::Yes.into(),
        contact_note: "a cousin in Zzyzx".to_owned(),
        symptoms: vec![Symptom::None.into()],
        ..HealthDeclaration::default()
    });
}

/// Gives the quotable reference of one who registered, and the code by which a companion agreed.
pub async fn journey(system: &System) -> (String, String) {
    let (resident, visitor) = (resident(), visitor("X7319046", "QUILLON", "+447700900874"));
    let first = shown(resident.register(system, "resident").await.ok());
    let second = shown(visitor.register(system, "visitor").await.ok());
    resident.register(system, "resident").await.expect("the first answer again");
    applied(system, &first).await;
    looked_into(system, &resident, &first).await;
    let code = accompanied(system, &resident, &first, &visitor).await;
    confirmed(system, &second.name, &code).await;
    let second = corrected(system, second).await;
    amended(system, &second, &visitor).await;
    refused(system, &first).await;
    given_out_and_erased(system, &second).await;
    (first.reference, code)
}

/// The companion agrees, after some tries with what is no code of theirs.
async fn confirmed(system: &System, own: &str, code: &str) {
    system.confirm("by-name", own, "Quillon Zzyzxova").await.expect_err("no code");
    system.confirm("guess", own, "0000-0000").await.expect_err("a wrong code");
    system.confirm("confirm", own, code).await.expect("agreed");
}

/// Everything that is kept of one of them is given out, and then erased.
async fn given_out_and_erased(system: &System, of: &form::Registration) {
    let mut client = system.pass.clone();
    let export = pb::ExportTravellerRequest { registration: of.name.clone(), ..Default::default() };
    let exported = client.export_traveller(export).await.expect("all of it").into_inner();
    assert_eq!(exported.documents.len(), 2);
    let erase = pb::EraseTravellerRequest {
        request_id: "erase".to_owned(),
        registration: of.name.clone(),
        ..Default::default()
    };
    client.erase_traveller(erase).await.expect("erased");
}

fn shown(pass: Option<pb::EntryPass>) -> form::Registration {
    pass.expect("an entry pass").registration.expect("a registration")
}

async fn applied(system: &System, of: &form::Registration) {
    let apply = pb::ApplyForElectronicPassRequest {
        request_id: "apply".to_owned(),
        registration: of.name.clone(),
        evidence: b"a session of Zzyzx".to_vec(),
    };
    let applied = system.pass.clone().apply_for_electronic_pass(apply).await.expect("offered").into_inner();
    let application = system.verified(&applied.application.expect("an application").name).await;
    // Nobody should put that there; somebody will.
    let note = "the papers of Zzyzxova are missing";
    system.reviewed(&application, ReviewDecision::ReturnForCorrection, note).await;
}

/// The resident's pass of another channel is recorded and suspended, and a quarantine of theirs.
async fn looked_into(system: &System, resident: &Traveller, of: &form::Registration) {
    let mut office = system.epass.clone();
    let now = system.clock.now();
    let record = epass::RecordExternalPassesRequest {
        request_id: "record".to_owned(),
        passes: vec![epass::ExternalPass {
            document: Some(resident.document.clone()),
            issuer: "南海通".to_owned(),
            pass_number: "NH-7319".to_owned(),
            issue_time: Some(timestamp(now)),
            expire_time: None,
        }],
    };
    office.record_external_passes(record).await.expect("recorded");
    let list = epass::ListElectronicPassesRequest { registration: of.name.clone(), ..Default::default() };
    let passes = office.list_electronic_passes(list).await.expect("known").into_inner().passes;
    let pass = passes[0].electronic_pass.clone().expect("a pass");
    let suspend = epass::SuspendElectronicPassRequest {
        request_id: "suspend".to_owned(),
        electronic_pass: pass.name,
        etag: pass.etag,
        reason: epass::PassReason::FraudSuspected.into(),
        // Nobody should; somebody will.
        note: "see the ledger of Zzyzxova".to_owned(),
    };
    office.suspend_electronic_pass(suspend).await.expect("suspended");
    let quarantine = epass::RecordQuarantineRequest {
        request_id: "quarantine".to_owned(),
        registration: of.name.clone(),
        from_time: Some(timestamp(now)),
        until_time: Some(timestamp(now + time::Duration::DAY)),
        ..Default::default()
    };
    office.record_quarantine(quarantine).await.expect("recorded");
}

/// A registered companion and one who is registered by the holder. Gives the code that the first is to agree with.
async fn accompanied(
    system: &System,
    holder: &Traveller,
    of: &form::Registration,
    companion: &Traveller,
) -> String {
    let bind = pb::BindCompanionRequest {
        companion_name: "Zzyzxova, Quillon".to_owned(),
        ..holder.binding("bind", &of.name, companion)
    };
    let (_, code) = system.bind(bind).await.expect("bound");
    let mut child = Traveller::wang();
    child.document.number = "440699201203010055".to_owned();
    child.form.chinese_name = "上官样本".to_owned();
    child.form.birth_date = "2012-03-01".to_owned();
    complete(&mut child.form, "+447700900874");
    let bind = pb::BindCompanionRequest {
        relationship: Relationship::Child.into(),
        companion_name: String::new(),
        form: Some(child.form.clone()),
        acknowledged_notice_version: system.notice_version().await,
        truth_declared: true,
        ..holder.binding("bind-child", &of.name, &child)
    };
    let pass = system.pass.clone().bind_companion(bind).await.expect("bound").into_inner().entry_pass;
    let pass = pass.expect("an entry pass");
    assert_eq!(pass.companions.len(), 2);
    let content = pass.qr_code.expect("a code").content;
    let verify = pb::VerifyQrCodeRequest { content, ..Default::default() };
    let verified = system.pass.clone().verify_qr_code(verify).await.expect("verified").into_inner();
    assert!(!verified.holder.expect("a holder").masked_name.is_empty());
    code
}

/// Corrected and corrected back, with reasons and notes, and then with a mistyped number that nobody has looked at. Gives the registration.
async fn corrected(system: &System, of: form::Registration) -> form::Registration {
    let ask = |of: &form::Registration, request_id: &str, given: &str| pb::RequestCorrectionRequest {
        request_id: request_id.to_owned(),
        registration: of.name.clone(),
        etag: of.etag.clone(),
        form: Some(RegistrationForm { given_names: given.to_owned(), ..RegistrationForm::default() }),
        update_mask: Some(FieldMask { paths: vec!["given_names".to_owned()] }),
        document: None,
        correction_reason: "misread at the Zzyzx desk".to_owned(),
    };
    let mut client = system.pass.clone();
    let mut now = of;
    for (request_id, given) in [("correct", "Quillonia"), ("correct-back", "Quillon")] {
        let asked = client.request_correction(ask(&now, request_id, given)).await.expect("asked for");
        let correction = asked.into_inner().correction.expect("a correction");
        let review = pb::ReviewCorrectionRequest {
            request_id: format!("review-{request_id}"),
            correction: correction.name,
            etag: correction.etag,
            decision: form::CorrectionDecision::Approve.into(),
            note: "as the Zzyzx passport says".to_owned(),
        };
        let reviewed = client.review_correction(review).await.expect("approved").into_inner();
        now = reviewed.registration.expect("a registration");
    }
    let document =
        now.document.clone().map(|document| Document { number: "X7319082".to_owned(), ..document });
    let mistyped = pb::RequestCorrectionRequest { document, ..ask(&now, "mistyped", "Quillonia") };
    client.request_correction(mistyped).await.expect("asked for");
    now
}

/// Amended, given another passport, read in every way, cancelled, and asked for the form to begin with.
async fn amended(system: &System, of: &form::Registration, visitor: &Traveller) {
    let mut client = system.pass.clone();
    let mut changed = visitor.form.clone();
    changed.destination.as_mut().expect("a destination").address = "样本街七三二号".to_owned();
    let update = pb::UpdateRegistrationRequest {
        request_id: "update".to_owned(),
        registration: of.name.clone(),
        etag: of.etag.clone(),
        form: Some(changed),
        update_mask: Some(FieldMask { paths: vec!["destination.address".to_owned()] }),
    };
    let updated = client.update_registration(update).await.expect("amended").into_inner();
    let updated = shown(updated.entry_pass);
    let new_document = Document { number: "X7319053".to_owned(), ..visitor.document.clone() };
    let replace = pb::ReplaceDocumentRequest {
        request_id: "replace".to_owned(),
        registration: of.name.clone(),
        etag: updated.etag,
        old_document: Some(visitor.document.clone()),
        holder_name: visitor.name(),
        new_document: Some(new_document.clone()),
        ..Default::default()
    };
    let replaced = client.replace_document(replace).await.expect("replaced").into_inner();
    let replaced = shown(replaced.entry_pass);
    let list = pb::ListRegistrationRevisionsRequest { registration: of.name.clone(), ..Default::default() };
    let revisions = client.list_registration_revisions(list).await.expect("history").into_inner().revisions;
    assert_eq!(revisions.len(), 5);
    let now = Traveller { document: new_document, ..visitor.clone() };
    now.entry_pass(system).await.expect("shown");
    let cancel = pb::CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration: of.name.clone(),
        etag: replaced.etag,
    };
    client.cancel_registration(cancel).await.expect("cancelled");
    let prefill = pb::GetPrefillRequest { document: Some(now.document.clone()), holder_name: now.name() };
    client.get_prefill(prefill).await.expect("a form to begin with");
}

/// Refusals of all kinds, with personal data in every place where somebody could put it.
async fn refused(system: &System, of: &form::Registration) {
    let mut client = system.pass.clone();
    let (number, name) = ("X7319068", "Qwertzova Quillon");
    let unknown = Traveller::passport(number);
    let mut nobody = resident();
    nobody.document.number = "X73 19046".to_owned();
    let prefill =
        pb::GetPrefillRequest { document: Some(unknown.document.clone()), holder_name: name.to_owned() };
    let get = |registration: &str, document: Option<&Document>, holder_name: &str| pb::GetEntryPassRequest {
        registration: registration.to_owned(),
        document: document.cloned(),
        holder_name: holder_name.to_owned(),
    };
    let typed = |kind: DocumentType, number: &str| Document {
        r#type: kind.into(),
        number: number.to_owned(),
        issuing_state: "上官样本".to_owned(),
    };
    for answer in [
        nobody.register(system, "not-a-card").await.map(drop),
        resident().register(system, "registered-already").await.map(drop),
        visitor("X7319075", "QUILLON", "7700900873 ").register(system, "resident").await.map(drop),
        client.get_prefill(prefill).await.map(drop),
        client.get_entry_pass(get("", Some(&resident().document), name)).await.map(drop),
        client.get_entry_pass(get("", Some(&unknown.document), name)).await.map(drop),
        client.get_entry_pass(get(&format!("registrations/{number}"), None, "")).await.map(drop),
        client
            .get_entry_pass(get(&of.name, Some(&typed(DocumentType::Passport, number)), name))
            .await
            .map(drop),
        client.get_entry_pass(get("", Some(&typed(DocumentType::Unspecified, number)), name)).await.map(drop),
    ] {
        let status = answer.expect_err("refused");
        let told = format!("{status:?}{}", String::from_utf8_lossy(status.details()));
        let found = Scanner::new(&TOLD).scan(told.as_bytes());
        assert!(found.is_empty(), "{found:?} in {told}");
    }
    let verify = pb::VerifyQrCodeRequest { content: format!("{number} {name}"), ..Default::default() };
    client.verify_qr_code(verify).await.expect("a verdict on what is no code");
    let garbled = pb::UpdateRegistrationRequest {
        request_id: "garbled".to_owned(),
        registration: of.name.clone(),
        etag: number.to_owned(),
        form: Some(RegistrationForm { email: name.to_owned(), ..RegistrationForm::default() }),
        update_mask: Some(FieldMask { paths: vec![name.to_owned(), "email".to_owned()] }),
    };
    client.update_registration(garbled).await.expect_err("nothing fits");
}
