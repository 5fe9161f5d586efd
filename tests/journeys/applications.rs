//! An application for the electronic pass on its way through the office: begun, submitted, verified, claimed, returned, corrected, approved; and what
//! becomes of one that nobody touches, that its traveller takes back, or that waits too long.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    epass::v1::{
        self as epass, ElectronicPassApplication, ReviewDecision, electronic_pass_application::State,
        offer_reason::Code as Reason,
    },
    gateway::v1 as pb,
    registration::v1::{Destination, Registration, RegistrationForm},
};
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use time::Duration;
use tonic::Code;

journeys!(
    an_application_is_returned_corrected_and_approved,
    a_traveller_takes_an_application_back_and_applies_again,
    a_draft_that_is_forgotten_is_over_after_thirty_days,
    an_application_that_waits_too_long_comes_first,
    two_reviewers_never_have_the_same_application,
);

/// The city promises a decision within three days.
const PROMISE: (&str, &str) = ("lapse_days = 30", "lapse_days = 30\npromised_days = 3");

/// Registers a traveller who may have the electronic pass.
async fn registered(system: &System, traveller: &Traveller, request_id: &str) -> Registration {
    let pass = traveller.register(system, request_id).await.expect("registered");
    pass.registration.expect("a registration")
}

/// The traveller opens the application and leaves it for later.
async fn begun(system: &System, registration: &str, request_id: &str) -> ElectronicPassApplication {
    let request = pb::CreateElectronicPassApplicationRequest {
        request_id: request_id.to_owned(),
        registration: registration.to_owned(),
    };
    let begun = system.pass.clone().create_electronic_pass_application(request).await.expect("offered");
    begun.into_inner().application.expect("a draft")
}

/// The traveller takes the application back.
async fn withdrawn(
    system: &System,
    application: &ElectronicPassApplication,
    request_id: &str,
) -> Result<ElectronicPassApplication, Refusal> {
    let request = pb::WithdrawElectronicPassApplicationRequest {
        request_id: request_id.to_owned(),
        application: application.name.clone(),
        etag: application.etag.clone(),
    };
    let withdrawn = system.pass.clone().withdraw_electronic_pass_application(request).await?;
    Ok(withdrawn.into_inner().application.expect("an application"))
}

/// The traveller mends the address, as the reviewer asked.
async fn address_corrected(system: &System, of: &Registration) {
    let address = "汾江南路9号3座402".to_owned();
    let request = pb::UpdateRegistrationRequest {
        request_id: "correct".to_owned(),
        registration: of.name.clone(),
        etag: of.etag.clone(),
        form: Some(RegistrationForm {
            destination: Some(Destination { address, ..Destination::default() }),
            ..RegistrationForm::default()
        }),
        update_mask: Some(FieldMask { paths: vec!["destination.address".to_owned()] }),
    };
    system.pass.clone().update_registration(request).await.expect("corrected");
}

/// What the traveller is told about applying.
async fn reasons(system: &System, registration: &str) -> (bool, Vec<Reason>) {
    let request = pb::GetElectronicPassRequest { registration: registration.to_owned() };
    let shown = system.pass.clone().get_electronic_pass(request).await.expect("shown").into_inner();
    let offer = shown.offer.expect("an offer");
    (offer.offered, offer.reasons.iter().map(epass::OfferReason::code).collect())
}

/// What reviewers see of the queue, in its order.
async fn queue(system: &System) -> Vec<ElectronicPassApplication> {
    let request = epass::ListElectronicPassApplicationsRequest {
        state: State::UnderReview.into(),
        ..epass::ListElectronicPassApplicationsRequest::default()
    };
    let listed = system.epass.clone().list_electronic_pass_applications(request).await.expect("the queue");
    listed.into_inner().applications
}

/// A reviewer takes from the queue.
async fn claimed(system: &System, reviewer: &str, count: i32) -> Vec<ElectronicPassApplication> {
    let request = epass::ClaimElectronicPassApplicationsRequest {
        request_id: format!("claim-{reviewer}"),
        reviewer: reviewer.to_owned(),
        count,
    };
    let taken = system.epass.clone().claim_electronic_pass_applications(request).await.expect("taken");
    taken.into_inner().applications
}

async fn an_application_is_returned_corrected_and_approved(mode: Mode) {
    let system = System::start(mode).await;
    system.decides_by(&[PROMISE]).await;
    let wang = registered(&system, &Traveller::wang(), "wang").await;

    // Mr Wang begins, and submits later.
    let draft = begun(&system, &wang.name, "begin").await;
    assert_eq!((draft.state(), draft.submission_count), (State::Draft, 0));
    assert_eq!(reasons(&system, &wang.name).await, (true, vec![Reason::ApplicationDrafted]));
    let waiting = system.applied("apply", &wang.name).await;
    assert_eq!((&waiting.name, waiting.submission_count), (&draft.name, 1));
    // Who he is has been looked at as far as this city can; a reviewer decides, within three days.
    assert_eq!(waiting.state(), State::UnderReview);
    assert!(waiting.identity.is_some() && waiting.promise_time.is_some() && !waiting.overdue);

    // The reviewer cannot read the address, and says so.
    let returned =
        system.reviewed(&waiting, ReviewDecision::ReturnForCorrection, "地址不完整，请补充门牌号").await;
    let returned = returned.application.expect("an application");
    assert_eq!(
        (returned.state(), returned.reviewed_by.as_str()),
        (State::ReturnedForCorrection, "reviewer-1")
    );
    let shown = system.application(&waiting.name).await;
    assert_eq!(shown.review_note, "地址不完整，请补充门牌号");
    assert_eq!(shown.reviewed_by, "", "who it was is nobody's business outside");
    assert!(shown.lapse_time.is_some(), "it does not wait for ever");
    assert_eq!(reasons(&system, &wang.name).await, (true, vec![Reason::ApplicationReturned]));

    // Mr Wang mends it and submits again; the same application goes through the same steps.
    address_corrected(&system, &wang).await;
    let again = system.applied("apply-again", &wang.name).await;
    assert_eq!((&again.name, again.state(), again.submission_count), (&draft.name, State::UnderReview, 2));
    let approved = system.reviewed(&again, ReviewDecision::Approve, "").await;
    let issued = approved.application.expect("an application");
    assert_eq!(issued.state(), State::Issued);
    assert!(approved.electronic_pass.is_some());
    assert_eq!(reasons(&system, &wang.name).await, (false, vec![Reason::AlreadyCompleted]));

    // What is decided cannot be taken back, and every refusal says where the application stands.
    let late =
        withdrawn(&system, &system.application(&issued.name).await, "late").await.expect_err("decided");
    assert_eq!((late.is(), late.fact("state")), ((Code::FailedPrecondition, "ILLEGAL_TRANSITION"), "ISSUED"));
}

async fn a_traveller_takes_an_application_back_and_applies_again(mode: Mode) {
    let system = System::start(mode).await;
    let li = registered(&system, &Traveller::li(), "li").await;
    let waiting = system.applied("apply", &li.name).await;
    // A reviewer has it on the desk already.
    assert_eq!(claimed(&system, "reviewer-2", 1).await.len(), 1);
    let back = withdrawn(&system, &waiting, "withdraw").await.expect("it is not decided");
    assert_eq!(back.state(), State::Withdrawn);
    assert_eq!(queue(&system).await, []);
    assert_eq!(reasons(&system, &li.name).await, (true, vec![Reason::Eligible]));
    let next = system.applied("apply-anew", &li.name).await;
    assert_ne!(next.name, waiting.name);
}

async fn a_draft_that_is_forgotten_is_over_after_thirty_days(mode: Mode) {
    // The registration lasts longer than the draft.
    let system = System::configured(mode, "[registration]\nvalid_days = 90\n").await;
    let li = registered(&system, &Traveller::li(), "li").await;
    let draft = begun(&system, &li.name, "begin").await;
    system.clock.advance(Duration::days(29));
    assert_eq!(system.application(&draft.name).await.state(), State::Draft);
    system.clock.advance(Duration::days(2));
    assert_eq!(system.application(&draft.name).await.state(), State::Expired);
    assert_eq!(reasons(&system, &li.name).await, (true, vec![Reason::Eligible]));
    assert_ne!(begun(&system, &li.name, "begin-anew").await.name, draft.name);
}

async fn an_application_that_waits_too_long_comes_first(mode: Mode) {
    let system = System::start(mode).await;
    system.decides_by(&[PROMISE]).await;
    let wang = registered(&system, &Traveller::wang(), "wang").await;
    let li = registered(&system, &Traveller::li(), "li").await;
    let early = system.applied("wang-applies", &wang.name).await;
    // Mr Wang's is returned a day later, and so is promised for a day later than Ms Li's, who applied in between.
    system.clock.advance(Duration::hours(1));
    let second = system.applied("li-applies", &li.name).await;
    system.clock.advance(Duration::DAY);
    system.reviewed(&early, ReviewDecision::ReturnForCorrection, "请补充住址证明").await;
    let again = system.applied("wang-applies-again", &wang.name).await;
    let names = |queue: &[ElectronicPassApplication]| {
        queue.iter().map(|waiting| (waiting.name.clone(), waiting.overdue)).collect::<Vec<_>>()
    };
    assert_eq!(names(&queue(&system).await), [(again.name.clone(), false), (second.name.clone(), false)]);
    // The third day after Ms Li applied is over, and the third after Mr Wang did so again is not.
    system.clock.advance(Duration::days(3));
    assert!(system.application(&second.name).await.overdue, "she is told as well");
    assert_eq!(names(&queue(&system).await), [(second.name, true), (again.name, false)]);
}

async fn two_reviewers_never_have_the_same_application(mode: Mode) {
    let system = System::start(mode).await;
    let wang = registered(&system, &Traveller::wang(), "wang").await;
    let li = registered(&system, &Traveller::li(), "li").await;
    let first = system.applied("wang-applies", &wang.name).await;
    system.clock.advance(Duration::SECOND);
    let second = system.applied("li-applies", &li.name).await;
    let (one, other) = tokio::join!(claimed(&system, "reviewer-1", 1), claimed(&system, "reviewer-2", 1));
    let taken: std::collections::BTreeSet<_> = one.iter().chain(&other).map(|it| it.name.clone()).collect();
    // Whoever comes at the same moment passes over what the other is about to get, and may find nothing more.
    assert_eq!(taken.len(), one.len() + other.len());
    assert!(!taken.is_empty(), "one of them is the first");
    assert!(taken.is_subset(&[first.name.clone(), second.name.clone()].into()));

    // Half an hour later the claims have ended, and whoever comes next gets them.
    system.clock.advance(Duration::minutes(30));
    let next: Vec<_> = claimed(&system, "reviewer-3", 2).await.into_iter().map(|it| it.name).collect();
    assert_eq!(next, [first.name, second.name]);
}
