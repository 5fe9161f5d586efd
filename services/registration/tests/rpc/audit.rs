//! What the audit of this service keeps of its calls, and what it tells of a person.

use std::collections::BTreeSet;

use entrypass_ambient::Clock as _;
use entrypass_proto::registration::v1 as pb;
use entrypass_registration::SERVICE_NAME;
use entrypass_testkit::{Refusal, call_every_method};
use sea_orm::{ConnectionTrait as _, Statement};
use time::Duration;
use tonic::Request;

use crate::{
    corrections,
    harness::{App, amendment, binding, confirmation, form, passport},
    returning::{come_again, next},
    verified::note,
};

/// Leaves no record: it is the same for everybody, and about nobody.
const NOT_AUDITED: [&str; 1] = ["GetNotice"];

/// The methods of which the audit has a record.
async fn recorded(app: &App) -> BTreeSet<String> {
    let database = app.database().await;
    let query = "SELECT DISTINCT rpc FROM audit_records";
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(statement).await.expect("the records");
    rows.iter().map(|row| row.try_get("", "rpc").expect("an RPC")).collect()
}

async fn list(app: &App, request: pb::ListAccessRequest) -> Result<pb::ListAccessResponse, Refusal> {
    Ok(app.client().list_access(request).await?.into_inner())
}

/// Method, resource and outcome of every record about `traveller`, oldest first.
async fn about(app: &App, traveller: &str) -> Vec<(String, String, String)> {
    let request =
        pb::ListAccessRequest { traveller: traveller.to_owned(), page_size: 100, ..Default::default() };
    let records = list(app, request).await.expect("a list").records;
    let method = |rpc: &str| rpc.rsplit('/').next().unwrap_or_default().to_owned();
    records.into_iter().rev().map(|one| (method(&one.rpc), one.resource, one.outcome)).collect()
}

#[tokio::test]
async fn no_method_is_without_its_record() {
    let app = App::new().await;
    let methods = call_every_method(app.transport(), SERVICE_NAME).await;
    let names = methods.iter().map(|(method, _)| method.clone());
    let audited = |name: &String| !NOT_AUDITED.iter().any(|exempt| name.ends_with(&format!("/{exempt}")));
    assert_eq!(recorded(&app).await, names.filter(audited).collect());
}

/// Asks everything that can be asked about two travellers, one the companion of the other for a while. Gives the holder's
/// registrations, the first and the next, and the companion's.
async fn ask_everything(app: &App) -> [pb::Registration; 3] {
    let mut holder = app.register("X0000001").await;
    let companion = app.register("X0000002").await;
    holder = app.update(amendment(&holder, 9)).await.expect("amended");
    let asked = app.bind(binding(&holder, "X0000002")).await.expect("bound");
    let bond = app.companions(&holder.name).await.remove(0);
    app.confirm(confirmation(&companion, &asked.confirmation_code)).await.expect("confirmed");
    assert_eq!(app.holders(&companion.name).await.len(), 1);
    read_by_name(app, &holder.name).await;
    let unbind = pb::UnbindCompanionRequest {
        request_id: "unbind".to_owned(),
        registration: holder.name.clone(),
        companion: bond.name,
    };
    app.client().unbind_companion(unbind).await.expect("unbound");
    let holder = correct(app, holder).await;
    let (holder, next) = replace_and_end(app, holder).await;
    [holder, next, companion]
}

/// Asks for corrections of `holder`, takes one back and approves one, and lists all entries and corrections.
async fn correct(app: &App, holder: pb::Registration) -> pb::Registration {
    let taken_back = corrections::ask(app, corrections::wish(&holder, "first")).await.expect("asked for");
    let withdraw = pb::WithdrawCorrectionRequest {
        request_id: "withdraw".to_owned(),
        correction: taken_back.name,
        etag: taken_back.etag,
    };
    app.client().withdraw_correction(withdraw).await.expect("taken back");
    let asked = corrections::ask(app, corrections::wish(&holder, "second")).await.expect("asked for");
    corrections::read(app, &asked.name).await.expect("read");
    let list = pb::ListCorrectionsRequest { registration: holder.name.clone(), ..Default::default() };
    app.client().list_corrections(list).await.expect("listed");
    let approve = corrections::deciding(&asked, "approve", pb::CorrectionDecision::Approve);
    let (_, corrected) = corrections::review(app, approve).await.expect("approved");
    let list = pb::ListRegistrationsRequest { registration: holder.name, ..Default::default() };
    app.client().list_registrations(list).await.expect("listed");
    corrected
}

/// Reads `registration` in every way that takes its name.
async fn read_by_name(app: &App, registration: &str) {
    app.facts(registration).await.expect("facts");
    let registrations = vec![registration.to_owned()];
    let batch =
        pb::BatchGetRegistrationFactsRequest { registrations: registrations.clone(), ..Default::default() };
    app.client().batch_get_registration_facts(batch).await.expect("facts");
    let all = pb::ListRegistrationFactsRequest::default();
    app.client().list_registration_facts(all).await.expect("facts");
    app.client().get_travel_groups(pb::GetTravelGroupsRequest { registrations }).await.expect("groups");
    let verify = pb::VerifyTravellerIdentityRequest {
        request_id: "verify".to_owned(),
        registration: registration.to_owned(),
        strength: pb::IdentityStrength::RealName.into(),
        evidence: Vec::new(),
    };
    app.client().verify_traveller_identity(verify).await.expect("a verdict");
    note(app, &[registration], app.clock.now()).await.expect("noted");
    let revisions =
        pb::ListRegistrationRevisionsRequest { registration: registration.to_owned(), ..Default::default() };
    app.client().list_registration_revisions(revisions).await.expect("revisions");
}

/// Checks and resolves the document of `holder`, replaces it, cancels the registration, and fills a form with it
/// and registers another. Gives both.
async fn replace_and_end(app: &App, mut holder: pb::Registration) -> (pb::Registration, pb::Registration) {
    let check = pb::CheckDocumentRequest { document: Some(passport("X0000001")) };
    app.client().check_document(check).await.expect("checked");
    app.resolve("X0000001").await.expect("resolved");
    let replace = pb::ReplaceDocumentRequest {
        request_id: "replace".to_owned(),
        registration: holder.name.clone(),
        etag: holder.etag.clone(),
        old_document: Some(passport("X0000001")),
        holder_name: "SMITH ANNA MARIA".to_owned(),
        new_document: Some(passport("X0000003")),
        ..Default::default()
    };
    holder = app.replace(replace).await.expect("replaced");
    holder = app.cancel(&holder).await.expect("cancelled");
    let prefill = pb::GetPrefillRequest {
        document: Some(passport("X0000003")),
        holder_name: "SMITH ANNA MARIA".to_owned(),
    };
    app.client().get_prefill(prefill).await.expect("a form");
    let next = come_again(app, next(app, "next", "X0000003")).await.expect("registered again");
    (holder, next)
}

/// Gives out what is kept of the person `traveller`, and erases them.
async fn give_out_and_erase(app: &App, traveller: &str) {
    let export = pb::ExportTravellerRequest { traveller: traveller.to_owned(), ..Default::default() };
    app.client().export_traveller(export).await.expect("given out");
    let erase = pb::EraseTravellerRequest {
        request_id: "erase".to_owned(),
        traveller: traveller.to_owned(),
        ..Default::default()
    };
    app.client().erase_traveller(erase).await.expect("erased");
}

#[tokio::test]
async fn whatever_is_asked_about_a_person_is_a_record_about_them() {
    let app = App::new().await;
    let [holder, next, companion] = ask_everything(&app).await;
    give_out_and_erase(&app, &holder.traveller).await;
    let records = about(&app, &holder.traveller).await;
    let of_registration = |method: &str| (method.to_owned(), holder.name.clone(), "OK".to_owned());
    let of_next = |method: &str| (method.to_owned(), next.name.clone(), "OK".to_owned());
    let of_person = |method: &str| (method.to_owned(), String::new(), "OK".to_owned());
    let expected = [
        of_registration("SubmitRegistration"),
        of_registration("UpdateRegistration"),
        of_registration("BindCompanion"),
        of_registration("GetRegistration"),
        of_registration("ConfirmCompanion"),
        of_registration("ListHolders"),
        of_registration("GetRegistrationFacts"),
        of_registration("BatchGetRegistrationFacts"),
        of_registration("ListRegistrationFacts"),
        of_registration("GetTravelGroups"),
        of_registration("VerifyTravellerIdentity"),
        of_registration("NoteVerifications"),
        of_registration("ListRegistrationRevisions"),
        of_registration("UnbindCompanion"),
        of_registration("RequestCorrection"),
        of_registration("WithdrawCorrection"),
        of_registration("RequestCorrection"),
        of_registration("GetCorrection"),
        of_registration("ListCorrections"),
        of_registration("ReviewCorrection"),
        of_registration("ListRegistrations"),
        of_registration("CheckDocument"),
        of_person("ResolveTraveller"),
        of_registration("ReplaceDocument"),
        of_registration("CancelRegistration"),
        of_registration("GetPrefill"),
        of_registration("SubmitNextRegistration"),
        of_next("SubmitNextRegistration"),
        of_registration("ExportTraveller"),
        of_next("ExportTraveller"),
        of_registration("EraseTraveller"),
        of_next("EraseTraveller"),
    ];
    // The test's clock stands still, so that their order is a matter of chance.
    let sorted = |records: &[(String, String, String)]| {
        let mut records = records.to_vec();
        records.sort();
        records
    };
    assert_eq!(sorted(&records), sorted(&expected));
    // Each method of the service is here, but those that are about nobody, or about whoever asks for the list.
    let methods = call_every_method(app.transport(), SERVICE_NAME).await;
    let told: BTreeSet<_> = records.iter().map(|(method, ..)| method.as_str()).collect();
    let missing: Vec<_> = methods
        .iter()
        .filter_map(|(method, _)| method.rsplit('/').next())
        .filter(|method| !told.contains(method))
        .collect();
    assert_eq!(missing, ["GetNotice", "ListAccess"]);
    // The companion's data was read and changed as well.
    let of_companion: Vec<_> =
        about(&app, &companion.traveller).await.into_iter().map(|(method, ..)| method).collect();
    for method in [
        "BindCompanion",
        "GetRegistration",
        "ConfirmCompanion",
        "ListHolders",
        "GetTravelGroups",
        "UnbindCompanion",
    ] {
        assert!(of_companion.iter().any(|told| told == method), "{method} of {of_companion:?}");
    }
}

#[tokio::test]
async fn whom_somebody_tried_to_be_and_failed_is_known_too() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let guess = pb::GetRegistrationRequest {
        document: Some(passport("X0000001")),
        holder_name: "SMITH JOHN".to_owned(),
        ..Default::default()
    };
    app.client().get_registration(guess).await.expect_err("refused");
    let stale = pb::CancelRegistrationRequest {
        request_id: "stale".to_owned(),
        registration: holder.name.clone(),
        etag: "stale".to_owned(),
    };
    app.client().cancel_registration(stale).await.expect_err("refused");
    let again = app.submit(app.submission("again", "X0000001", form())).await.expect_err("refused");
    assert_eq!(again.reason, "ALREADY_REGISTERED");
    let refused: BTreeSet<_> = about(&app, &holder.traveller).await.into_iter().collect();
    let expected = [
        ("GetRegistration", holder.name.as_str(), "HOLDER_NOT_FOUND"),
        ("CancelRegistration", holder.name.as_str(), "ETAG_MISMATCH"),
        ("SubmitRegistration", holder.name.as_str(), "OK"),
        ("SubmitRegistration", "", "ALREADY_REGISTERED"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(refused, expected.into_iter().collect());
}

#[tokio::test]
async fn to_repeat_a_write_is_to_read_its_answer() {
    let app = App::new().await;
    let submission = app.submission("first", "X0000001", form());
    let holder = app.submit(submission.clone()).await.expect("registered");
    app.submit(submission).await.expect("answered as the first time");
    let outcomes: Vec<_> =
        about(&app, &holder.traveller).await.into_iter().map(|(_, _, outcome)| outcome).collect();
    assert_eq!(outcomes, ["OK", "OK"]);
}

#[tokio::test]
async fn a_record_says_who_and_why_and_pages_are_turned_from_the_newest() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let mut request = Request::new(pb::GetRegistrationFactsRequest { registration: holder.name.clone() });
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (name, value) in
        [("entrypass-caller", "clinic-7"), ("entrypass-purpose", "CONTACT_TRACING"), ("traceparent", trace)]
    {
        request.metadata_mut().insert(name, value.parse().expect("a value"));
    }
    app.clock.advance(Duration::SECOND);
    app.client().get_registration_facts(request).await.expect("facts");
    // Later than what is listed: a list is a record, too.
    app.clock.advance(Duration::SECOND);

    let ask = |token: &str| pb::ListAccessRequest {
        registration: holder.name.clone(),
        page_size: 1,
        page_token: token.to_owned(),
        ..Default::default()
    };
    let first = list(&app, ask("")).await.expect("a page");
    let expected = pb::AccessRecord {
        time: first.records[0].time,
        caller: "clinic-7".to_owned(),
        peer: "clinic-7".to_owned(),
        rpc: format!("{SERVICE_NAME}/GetRegistrationFacts"),
        purpose: "CONTACT_TRACING".to_owned(),
        resource: holder.name.clone(),
        outcome: "OK".to_owned(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
    };
    assert_eq!(first.records, [expected]);
    assert!(first.records[0].time.is_some());
    let second = list(&app, ask(&first.next_page_token)).await.expect("a page");
    assert!(second.records[0].rpc.ends_with("/SubmitRegistration"));
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn a_list_goes_on_for_who_began_it_and_about_whom_alone() {
    let app = App::new().await;
    let one = app.register("X0000001").await;
    app.update(amendment(&one, 9)).await.expect("amended");
    let other = app.register("X0000002").await;
    app.update(amendment(&other, 9)).await.expect("amended");
    let of_person = |registration: &pb::Registration, token: &str| pb::ListAccessRequest {
        traveller: registration.traveller.clone(),
        page_size: 1,
        page_token: token.to_owned(),
        ..Default::default()
    };
    let of_entry = |registration: &pb::Registration, token: &str| pb::ListAccessRequest {
        traveller: String::new(),
        registration: registration.name.clone(),
        ..of_person(registration, token)
    };
    let token = list(&app, of_person(&one, "")).await.expect("a page").next_page_token;
    let of_its_entry = list(&app, of_entry(&one, "")).await.expect("a page").next_page_token;
    for (token, of) in [(&token, of_person(&one, &token)), (&of_its_entry, of_entry(&one, &of_its_entry))] {
        assert_eq!(list(&app, of).await.expect(token).records.len(), 1);
    }
    let unbound = token[..32].to_owned();
    let sealed_otherwise = format!("{unbound}{}", &of_its_entry[32..]);
    let stolen = [
        of_person(&other, &token),
        of_entry(&one, &token),
        of_entry(&other, &of_its_entry),
        of_person(&one, &of_its_entry),
        of_person(&one, &unbound),
        of_person(&one, &sealed_otherwise),
    ];
    for request in stolen {
        let refused = list(&app, request.clone()).await.expect_err("another's");
        assert_eq!(refused.broken, ["page_token BAD_PAGE_TOKEN"], "{request:?}");
    }
    let mut by_another = Request::new(of_person(&one, &token));
    by_another.metadata_mut().insert("entrypass-caller", "clinic-7".parse().expect("a name"));
    let refused = Refusal::from(app.client().list_access(by_another).await.expect_err("another caller"));
    assert_eq!(refused.broken, ["page_token BAD_PAGE_TOKEN"]);
}

#[tokio::test]
async fn a_list_is_of_a_person_or_of_a_registration() {
    let app = App::new().await;
    let ask = async |traveller: &str, registration: &str| {
        let (traveller, registration) = (traveller.to_owned(), registration.to_owned());
        list(&app, pb::ListAccessRequest { traveller, registration, ..Default::default() }).await
    };
    let (person, entry) = (
        "travellers/0193a1b2-0000-7000-8000-000000000000",
        "registrations/0193a1b2-0000-7000-8000-000000000000",
    );
    let table = [
        ("", "", "traveller REQUIRED"),
        (entry, "", "traveller FORMAT"),
        ("", person, "registration FORMAT"),
        (person, entry, "traveller EXCLUDED"),
    ];
    for (traveller, registration, broken) in table {
        assert_eq!(ask(traveller, registration).await.expect_err("refused").broken, [broken]);
    }
    assert_eq!(ask(person, "").await.expect("nobody").records, []);
    // Who asked for the list of a registration is on it the next time.
    assert_eq!(ask("", entry).await.expect("none").records.len(), 0);
    assert_eq!(ask("", entry).await.expect("one").records.len(), 1);
}
