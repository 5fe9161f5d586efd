//! What a caller sees who is shown personal data masked: nothing that an answer to anybody else has of the person.

use entrypass_proto::registration::v1 as pb;
use entrypass_testkit::Refusal;
use prost::Message;
use tonic::{Code, Request};

use crate::harness::{App, amendment, binding, form, passport};

/// The request of somebody who is shown personal data masked.
fn masked<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("entrypass-personal-data", "masked".parse().expect("a word"));
    request
}

/// Whether `answer` holds anything of the person that is not theirs to see.
fn holds_nothing(answer: &impl Message) {
    let bytes = answer.encode_to_vec();
    let text = String::from_utf8_lossy(&bytes);
    let clear = [
        "X1000001",
        "X1000002",
        "SMITH",
        "ANNA",
        "MARIA",
        "1985-01",
        "7700900",
        "祖庙路",
        "张三",
        "13800138",
    ];
    for value in clear.into_iter().chain(["Smith Anna", "nobody@", "Clerk", "Guild"]) {
        assert!(!text.contains(value), "{value} in {text}");
    }
    assert!(bytes.len() > 20, "something is left");
}

#[tokio::test]
async fn a_masked_caller_is_shown_no_clear_value_by_any_method() {
    let app = App::new().await;
    let mut client = app.client();
    let declared = pb::RegistrationForm {
        email: "nobody@example.org".to_owned(),
        occupation: "Clerk".to_owned(),
        host: "Guild of Testers".to_owned(),
        ..form()
    };
    let submission = app.submission("first", "X1000001", declared);
    let whole = app.submit(submission.clone()).await.expect("registered");
    assert_eq!(whole.form.as_ref().map(|form| form.surname.as_str()), Some("SMITH"), "others see all of it");
    // The first answer was kept as it was given to somebody who may see it.
    let again = client.submit_registration(masked(submission)).await.expect("the first answer").into_inner();
    holds_nothing(&again);
    let named = again.registration.expect("a registration");
    assert_eq!(
        (&named.name, &named.etag, &named.masked_number),
        (&whole.name, &whole.etag, &whole.masked_number)
    );

    app.register("X1000002").await;
    let bound = client.bind_companion(masked(binding(&whole, "X1000002"))).await.expect("bound").into_inner();
    holds_nothing(&bound);
    let amended =
        client.update_registration(masked(amendment(&whole, 7))).await.expect("amended").into_inner();
    holds_nothing(&amended);

    let get = pb::GetRegistrationRequest { registration: whole.name.clone(), ..Default::default() };
    let read = client.get_registration(masked(get)).await.expect("there").into_inner();
    assert_eq!(read.companions.len(), 1);
    holds_nothing(&read);
    let registration = read.companions[0].registration.clone();
    let list = pb::ListHoldersRequest { registration, ..Default::default() };
    let holders = client.list_holders(masked(list)).await.expect("one").into_inner();
    assert_eq!(
        (holders.holders[0].display_name.as_str(), holders.holders[0].masked_name.as_str()),
        ("S*", "S* A*")
    );
    holds_nothing(&holders);
    let list =
        pb::ListRegistrationRevisionsRequest { registration: whole.name.clone(), ..Default::default() };
    let revisions = client.list_registration_revisions(masked(list)).await.expect("two").into_inner();
    assert_eq!(revisions.revisions.len(), 2);
    holds_nothing(&revisions);
    let check = pb::CheckDocumentRequest { document: Some(passport("X1000001")) };
    holds_nothing(&client.check_document(masked(check)).await.expect("valid").into_inner());
}

#[tokio::test]
async fn a_form_to_begin_with_is_refused_to_a_masked_caller_whoever_is_registered() {
    let app = App::new().await;
    let whole = app.register("X1000001").await;
    app.cancel(&whole).await.expect("cancelled");
    for number in ["X1000001", "X1000002"] {
        let request = pb::GetPrefillRequest {
            document: Some(passport(number)),
            holder_name: "SMITH ANNA MARIA".to_owned(),
        };
        let status = app.client().get_prefill(masked(request)).await.expect_err("nothing would be left");
        let refusal = Refusal::from(status);
        assert_eq!(refusal.is(), (Code::PermissionDenied, "PERSONAL_DATA_MASKED"));
        assert_eq!(refusal.fact("caller"), "anonymous");
    }
}
