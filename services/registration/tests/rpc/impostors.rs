//! Somebody who registers with the number of somebody else: what that opens, and what it does not.

use entrypass_proto::registration::v1 as pb;
use time::Duration;
use tonic::Code;

use crate::{
    harness::{App, form, passport},
    returning::{by_document, by_name, come_again, entries, next},
};

const VICTIM: &str = "Smith Anna Maria";
const IMPOSTOR: &str = "Jones Jane";

/// An entry of somebody that has ended, and one with the same number by somebody of another name.
async fn intruded(app: &App) -> (pb::Registration, pb::Registration) {
    let first = app.register("X0000001").await;
    app.cancel(&first).await.expect("cancelled");
    app.clock.advance(Duration::SECOND);
    let declared =
        pb::RegistrationForm { surname: "JONES".to_owned(), given_names: "JANE".to_owned(), ..form() };
    let own = app.submit(app.submission("impostor", "X0000001", declared)).await.expect("registered");
    (first, own)
}

/// The calls that are on record about the registration `name`.
async fn recorded(app: &App, name: &str) -> Vec<String> {
    let request = pb::ListAccessRequest { registration: name.to_owned(), ..Default::default() };
    let records = app.client().list_access(request).await.expect("a list").into_inner().records;
    records.into_iter().filter_map(|one| one.rpc.rsplit('/').next().map(str::to_owned)).collect()
}

#[tokio::test]
async fn whoever_registers_with_somebodys_number_sees_none_of_their_entries() {
    let app = App::new().await;
    let (first, own) = intruded(&app).await;
    assert_eq!(own.traveller, first.traveller, "one number, one person: nobody compares a document here");

    assert_eq!(entries(&app, by_name(&own)).await, Ok(vec![own.name.clone()]));
    assert_eq!(entries(&app, by_document("X0000001", IMPOSTOR)).await, Ok(vec![own.name.clone()]));
    assert!(
        !recorded(&app, &first.name).await.contains(&"ListRegistrations".to_owned()),
        "nothing was shown"
    );
    assert_eq!(entries(&app, by_name(&first)).await, Ok(vec![first.name.clone()]), "nor the other way round");

    // The last page is one that shows nothing.
    let request = pb::ListRegistrationsRequest { page_size: 1, ..by_name(&own) };
    let page = app.client().list_registrations(request.clone()).await.expect("a page").into_inner();
    assert_eq!(page.registrations.first(), Some(&own));
    let rest = pb::ListRegistrationsRequest { page_token: page.next_page_token, ..request };
    let rest = app.client().list_registrations(rest).await.expect("a page").into_inner();
    assert_eq!(rest, pb::ListRegistrationsResponse::default());
}

#[tokio::test]
async fn whoever_registers_with_somebodys_number_is_told_nothing_to_fill_a_form_with() {
    let app = App::new().await;
    let (first, own) = intruded(&app).await;
    app.cancel(&own).await.expect("cancelled");
    let prefill = async |name: &str| {
        let document = Some(passport("X0000001"));
        let request = pb::GetPrefillRequest { document, holder_name: name.to_owned() };
        app.client().get_prefill(request).await
    };
    let shown = prefill(IMPOSTOR).await.expect("their own").into_inner().form.expect("a form");
    assert_eq!((shown.surname.as_str(), shown.given_names.as_str()), ("JONES", "JANE"));
    let refused = prefill(VICTIM).await.expect_err("the last entry has another name");
    assert_eq!(refused.code(), Code::NotFound);

    let again = pb::SubmitNextRegistrationRequest {
        holder_name: IMPOSTOR.to_owned(),
        ..next(&app, "next", "X0000001")
    };
    let again = come_again(&app, again).await.expect("of their own entry");
    assert_eq!(again.form.expect("a form").surname, "JONES");
    assert_eq!(entries(&app, by_name(&first)).await, Ok(vec![first.name]));
}
