//! Corrections of what no amendment changes: asked for, decided, and what becomes of the registration.

use std::collections::BTreeSet;

use entrypass_proto::registration::v1::{self as pb, CorrectionDecision, CorrectionState, RegistrationState};
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use time::Duration;
use tokio::task::JoinSet;
use tonic::{Code, Request};

use crate::harness::{App, passport};

pub const WHY: &str = "the clerk read 1 for 7";

/// The birth date of `registration` is wrong.
pub fn wish(registration: &pb::Registration, request_id: &str) -> pb::RequestCorrectionRequest {
    pb::RequestCorrectionRequest {
        request_id: request_id.to_owned(),
        registration: registration.name.clone(),
        etag: registration.etag.clone(),
        form: Some(pb::RegistrationForm { birth_date: "1985-07-01".to_owned(), ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["birth_date".to_owned()] }),
        document: None,
        correction_reason: WHY.to_owned(),
    }
}

pub async fn ask(app: &App, request: pb::RequestCorrectionRequest) -> Result<pb::Correction, Refusal> {
    let answer = app.client().request_correction(request).await?.into_inner();
    Ok(answer.correction.expect("a correction"))
}

pub fn deciding(
    correction: &pb::Correction,
    request_id: &str,
    decision: CorrectionDecision,
) -> pb::ReviewCorrectionRequest {
    pb::ReviewCorrectionRequest {
        request_id: request_id.to_owned(),
        correction: correction.name.clone(),
        etag: correction.etag.clone(),
        decision: decision.into(),
        note: "compared with the passport".to_owned(),
    }
}

pub async fn review(
    app: &App,
    request: pb::ReviewCorrectionRequest,
) -> Result<(pb::Correction, pb::Registration), Refusal> {
    let pb::ReviewCorrectionResponse { correction, registration } =
        app.client().review_correction(request).await?.into_inner();
    Ok((correction.expect("a correction"), registration.expect("a registration")))
}

async fn withdraw(app: &App, of: &pb::Correction, request_id: &str) -> Result<pb::Correction, Refusal> {
    let request = pb::WithdrawCorrectionRequest {
        request_id: request_id.to_owned(),
        correction: of.name.clone(),
        etag: of.etag.clone(),
    };
    let answer = app.client().withdraw_correction(request).await?.into_inner();
    Ok(answer.correction.expect("a correction"))
}

pub async fn read(app: &App, name: &str) -> Result<pb::GetCorrectionResponse, Refusal> {
    let request = pb::GetCorrectionRequest { correction: name.to_owned() };
    Ok(app.client().get_correction(request).await?.into_inner())
}

/// The names of the corrections in `state`, in the order of the list.
pub async fn listed(app: &App, state: CorrectionState) -> Vec<String> {
    let request = pb::ListCorrectionsRequest { state: state.into(), page_size: 100, ..Default::default() };
    let listed = app.client().list_corrections(request).await.expect("a list").into_inner().corrections;
    listed.into_iter().map(|one| one.name).collect()
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_and_what_can_be_amended_is_not_taken() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let paths =
        |paths: &[&str]| Some(FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() });
    let form = pb::RegistrationForm {
        birth_date: "2030-01-01".to_owned(),
        surname: "SM1TH".to_owned(),
        ..Default::default()
    };
    let wrong = pb::RequestCorrectionRequest {
        form: Some(form),
        update_mask: paths(&["birth_date", "surname", "mobile_phone", "name"]),
        correction_reason: "字".repeat(501),
        ..wish(&registration, "")
    };
    let mut broken = ask(&app, wrong).await.expect_err("wrong all over").broken;
    broken.sort();
    let expected = [
        "correction_reason LENGTH",
        "form.birth_date OUT_OF_RANGE",
        "form.surname CHARACTER",
        "request_id REQUIRED",
        "update_mask.paths[2] NOT_IDENTITY_FIELD",
        "update_mask.paths[3] UNKNOWN_PATH",
    ];
    assert_eq!(broken, expected);

    let base = wish(&registration, "ask");
    let nothing = pb::RequestCorrectionRequest { form: None, update_mask: None, ..base.clone() };
    let formless = pb::RequestCorrectionRequest { form: None, ..base.clone() };
    let same = pb::RequestCorrectionRequest { form: registration.form.clone(), ..base.clone() };
    let same_number = pb::RequestCorrectionRequest { document: Some(passport("x000 0001")), ..base.clone() };
    let cleared = pb::RequestCorrectionRequest { update_mask: paths(&["surname"]), ..base.clone() };
    let no_number = pb::RequestCorrectionRequest { document: Some(passport("X1")), ..base.clone() };
    let silent = pb::RequestCorrectionRequest { correction_reason: String::new(), ..base.clone() };
    let table: [(_, &[&str]); 7] = [
        (nothing, &["update_mask REQUIRED"]),
        (formless, &["form REQUIRED", "form.birth_date REQUIRED"]),
        (same, &["update_mask UNCHANGED"]),
        (same_number, &["document UNCHANGED"]),
        (cleared, &["form.surname REQUIRED"]),
        (no_number, &["document.number DOCUMENT_NUMBER_LENGTH"]),
        (silent, &["correction_reason REQUIRED"]),
    ];
    for (request, broken) in table {
        assert_eq!(ask(&app, request).await.expect_err("refused").broken, broken);
    }
    let stale = pb::RequestCorrectionRequest { etag: "stale".to_owned(), ..base.clone() };
    assert_eq!(ask(&app, stale).await.expect_err("stale").is(), (Code::Aborted, "ETAG_MISMATCH"));
    let unknown = "registrations/0193a1b2-0000-7000-8000-000000000000".to_owned();
    let unknown = pb::RequestCorrectionRequest { registration: unknown, ..base };
    let refused = ask(&app, unknown).await.expect_err("no such registration");
    assert_eq!(refused.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    assert_eq!(listed(&app, CorrectionState::Unspecified).await, [""; 0]);
}

#[tokio::test]
async fn only_one_correction_of_a_registration_waits_and_only_while_it_does_it_is_decided() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let first = ask(&app, wish(&registration, "first")).await.expect("asked for");
    assert_eq!(ask(&app, wish(&registration, "first")).await.as_ref(), Ok(&first), "the first answer");
    let second = ask(&app, wish(&registration, "second")).await.expect_err("one waits");
    assert_eq!(second.is(), (Code::AlreadyExists, "CORRECTION_PENDING"));
    assert_eq!(second.fact("correction"), first.name, "which can be read, and taken back");

    let withdrawn = withdraw(&app, &first, "withdraw").await.expect("taken back");
    assert_eq!((withdrawn.state(), withdrawn.note.as_str()), (CorrectionState::Withdrawn, ""));
    assert_eq!(withdraw(&app, &first, "withdraw").await.as_ref(), Ok(&withdrawn), "the first answer");
    let late = deciding(&first, "late", CorrectionDecision::Approve);
    assert_eq!(review(&app, late).await.expect_err("read before").is(), (Code::Aborted, "ETAG_MISMATCH"));
    let late = deciding(&withdrawn, "later", CorrectionDecision::Approve);
    let refused = review(&app, late).await.expect_err("taken back");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "CORRECTION_NOT_PENDING"));
    assert_eq!(refused.fact("state"), "WITHDRAWN");
    let refused = withdraw(&app, &withdrawn, "again").await.expect_err("taken back");
    assert_eq!(refused.fact("state"), "WITHDRAWN");

    app.clock.advance(Duration::SECOND);
    let third = ask(&app, wish(&registration, "third")).await.expect("asked for");
    assert_eq!(listed(&app, CorrectionState::Pending).await, [third.name.as_str()]);
    assert_eq!(listed(&app, CorrectionState::Withdrawn).await, [first.name.as_str()]);
    assert_eq!(listed(&app, CorrectionState::Unspecified).await, [first.name, third.name]);
    let unknown = "corrections/0193a1b2-0000-7000-8000-000000000000";
    assert_eq!(read(&app, unknown).await.expect_err("none").is(), (Code::NotFound, "CORRECTION_NOT_FOUND"));
    assert_eq!(read(&app, &registration.name).await.expect_err("none").broken, ["correction FORMAT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_at_once_on_two_copies_one_waits_and_one_decision_counts() {
    let app = App::new().await;
    let copies = [app.another().await, app];
    let registration = copies[0].register("X0000001").await;
    let mut asking = JoinSet::new();
    for nth in 0..12 {
        let mut client = copies[nth % 2].client();
        let request = wish(&registration, &format!("ask-{nth}"));
        asking.spawn(async move { client.request_correction(request).await });
    }
    let (asked, refused): (Vec<_>, Vec<_>) = asking.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(asked.len(), 1);
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(Refusal::from(refusal).is(), (Code::AlreadyExists, "CORRECTION_PENDING"));
    }
    let [Ok(answer)] = <[_; 1]>::try_from(asked).expect("one") else { panic!("an answer") };
    let correction = answer.into_inner().correction.expect("a correction");

    let mut deciders = JoinSet::new();
    for nth in 0..12 {
        let mut client = copies[nth % 2].client();
        let decision = if nth % 3 == 0 { CorrectionDecision::Approve } else { CorrectionDecision::Reject };
        let request = deciding(&correction, &format!("decide-{nth}"), decision);
        deciders.spawn(async move { client.review_correction(request).await });
    }
    let (decided, refused): (Vec<_>, Vec<_>) = deciders.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(decided.len(), 1);
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(Refusal::from(refusal).is(), (Code::Aborted, "ETAG_MISMATCH"));
    }
    let now = read(&copies[0], &correction.name).await.expect("read");
    let approved = now.correction.expect("one").state() == CorrectionState::Approved;
    assert_eq!(now.registration.expect("one").revision, if approved { 2 } else { 1 });
}

#[tokio::test]
async fn nobody_asks_for_ever() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    for nth in 0..50 {
        let asked = ask(&app, wish(&registration, &format!("ask-{nth}"))).await.expect("asked for");
        withdraw(&app, &asked, &format!("withdraw-{nth}")).await.expect("taken back");
    }
    let refused = ask(&app, wish(&registration, "once-more")).await.expect_err("too many");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "CORRECTION_LIMIT_REACHED"));
    assert_eq!(refused.fact("limit"), "50");
    let other = app.register("X0000002").await;
    ask(&app, wish(&other, "other")).await.expect("somebody else");
}

#[tokio::test]
async fn one_that_waits_ends_with_its_registration() {
    let app = App::new().await;
    let (cancelled, expired) = (app.register("X0000001").await, app.register("X0000002").await);
    let first = ask(&app, wish(&cancelled, "first")).await.expect("asked for");
    let second = ask(&app, wish(&expired, "second")).await.expect("asked for");
    app.cancel(&cancelled).await.expect("cancelled");
    assert_eq!(listed(&app, CorrectionState::Pending).await, [second.name.as_str()]);
    app.clock.advance(Duration::days(31));
    assert_eq!(listed(&app, CorrectionState::Pending).await, [""; 0]);
    assert_eq!(listed(&app, CorrectionState::Lapsed).await, [first.name.as_str(), &second.name]);
    for (nth, correction) in [first, second].into_iter().enumerate() {
        let now = read(&app, &correction.name).await.expect("read");
        assert_eq!(now.correction.expect("one").state(), CorrectionState::Lapsed);
        assert_ne!(now.registration.expect("one").state(), RegistrationState::Active);
        let late = deciding(&correction, &format!("late-{nth}"), CorrectionDecision::Approve);
        let refused = review(&app, late).await.expect_err("lapsed");
        assert_eq!((refused.reason.as_str(), refused.fact("state")), ("CORRECTION_NOT_PENDING", "LAPSED"));
    }
    let refused = ask(
        &app,
        pb::RequestCorrectionRequest { etag: read_etag(&app, &cancelled).await, ..wish(&cancelled, "late") },
    );
    assert_eq!(refused.await.expect_err("ended").is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
}

async fn read_etag(app: &App, of: &pb::Registration) -> String {
    let request = pb::GetRegistrationRequest { registration: of.name.clone(), ..Default::default() };
    app.client().get_registration(request).await.expect("read").into_inner().registration.expect("one").etag
}

#[tokio::test]
async fn the_queue_is_turned_from_the_oldest_and_a_holder_sees_their_own() {
    let app = App::new().await;
    let mut names = Vec::new();
    for nth in 1..=5 {
        app.clock.advance(Duration::SECOND);
        let registration = app.register(&format!("X000000{nth}")).await;
        names.push((
            ask(&app, wish(&registration, &format!("ask-{nth}"))).await.expect("asked for").name,
            registration,
        ));
    }
    let mut turned = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListCorrectionsRequest {
            state: CorrectionState::Pending.into(),
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let page = app.client().list_corrections(request).await.expect("a page").into_inner();
        assert!((1..=2).contains(&page.corrections.len()));
        turned.extend(page.corrections.into_iter().map(|one| one.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(turned, names.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    assert_eq!(turned.iter().collect::<BTreeSet<_>>().len(), 5);
    let own = pb::ListCorrectionsRequest { registration: names[3].1.name.clone(), ..Default::default() };
    let own = app.client().list_corrections(own).await.expect("a list").into_inner().corrections;
    assert_eq!(own.into_iter().map(|one| one.name).collect::<Vec<_>>(), [names[3].0.clone()]);
    let wrong = pb::ListCorrectionsRequest {
        state: 9,
        registration: "me".to_owned(),
        page_size: -1,
        ..Default::default()
    };
    let refused = Refusal::from(app.client().list_corrections(wrong).await.expect_err("wrong"));
    assert_eq!(refused.broken, ["page_size OUT_OF_RANGE", "state UNKNOWN_VALUE", "registration FORMAT"]);
}

#[tokio::test]
async fn who_is_shown_masked_data_reads_no_reason() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let request =
        pb::RequestCorrectionRequest { document: Some(passport("X0000007")), ..wish(&registration, "ask") };
    let correction = ask(&app, request).await.expect("asked for");
    review(&app, deciding(&correction, "approve", CorrectionDecision::Approve)).await.expect("approved");
    let mut request = Request::new(pb::GetCorrectionRequest { correction: correction.name });
    request.metadata_mut().insert("entrypass-personal-data", "masked".parse().expect("a word"));
    let shown =
        app.client().get_correction(request).await.expect("read").into_inner().correction.expect("one");
    assert_eq!((shown.correction_reason.as_str(), shown.note.as_str()), ("", ""));
    assert_eq!(shown.form.expect("a form").birth_date, "1985-**-**");
    assert_eq!(shown.document.expect("a document").number, "X0****07");
    let history =
        pb::ListRegistrationRevisionsRequest { registration: registration.name, ..Default::default() };
    let mut history = Request::new(history);
    history.metadata_mut().insert("entrypass-personal-data", "masked".parse().expect("a word"));
    let history = app.client().list_registration_revisions(history).await.expect("history").into_inner();
    assert_eq!(history.revisions[0].correction_reason, "");
}
