//! Guide, step 5: the electronic pass, for holders of a resident identity card.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    epass::v1::{
        self as epass, ElectronicPassOffer, ReviewDecision, electronic_pass_application::State,
        offer_reason::Code as Reason,
    },
    gateway::v1 as pb,
};
use entrypass_testkit::Refusal;
use prost_types::Timestamp;
use tonic::Code;

journeys!(
    an_approved_application_is_no_longer_offered,
    a_returned_application_is_submitted_again,
    other_documents_are_never_offered_a_pass,
    a_pass_issued_elsewhere_counts_as_completed,
);

async fn offer(system: &System, traveller: &Traveller) -> ElectronicPassOffer {
    traveller.entry_pass(system).await.expect("shown").electronic_pass.expect("an offer")
}

fn reasons(offer: &ElectronicPassOffer) -> Vec<Reason> {
    offer.reasons.iter().map(epass::OfferReason::code).collect()
}

fn application(request_id: &str, registration: &str) -> pb::ApplyForElectronicPassRequest {
    let (request_id, registration) = (request_id.to_owned(), registration.to_owned());
    pb::ApplyForElectronicPassRequest { request_id, registration, evidence: Vec::new() }
}

async fn review(
    system: &System,
    application: &epass::ElectronicPassApplication,
    decision: ReviewDecision,
) -> epass::ReviewElectronicPassApplicationResponse {
    system.reviewed(application, decision, "请补充住址证明").await
}

async fn an_approved_application_is_no_longer_offered(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let pass = wang.register(&system, "wang").await.expect("registered");
    let registration = pass.registration.expect("one").name;
    assert_eq!(reasons(&pass.electronic_pass.expect("an offer")), [Reason::Eligible]);

    let applied = system.pass.clone().apply_for_electronic_pass(application("apply", &registration)).await;
    let applied = applied.expect("applied").into_inner().application.expect("an application");
    assert_eq!(applied.state(), State::Submitted);
    let again = system.pass.clone().apply_for_electronic_pass(application("apply", &registration)).await;
    assert_eq!(again.expect("the first answer").into_inner().application, Some(applied.clone()));
    assert_eq!(reasons(&offer(&system, &wang).await), [Reason::ApplicationInProgress]);

    let waiting = system.verified(&applied.name).await;
    assert_eq!(waiting.state(), State::UnderReview);
    let decided = review(&system, &waiting, ReviewDecision::Approve).await;
    let issued = decided.electronic_pass.expect("a pass");
    let offer = offer(&system, &wang).await;
    assert_eq!((offer.offered, reasons(&offer)), (false, vec![Reason::AlreadyCompleted]));
    let refused = system.pass.clone().apply_for_electronic_pass(application("more", &registration)).await;
    let refusal = Refusal::from(refused.expect_err("completed"));
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "ELECTRONIC_PASS_NOT_OFFERED"));
    assert_eq!(refusal.fact("reasons"), "ALREADY_COMPLETED");
    let get = pb::GetElectronicPassRequest { registration };
    let shown = system.pass.clone().get_electronic_pass(get).await.expect("shown").into_inner();
    assert_eq!(shown.electronic_pass, Some(issued));
}

async fn a_returned_application_is_submitted_again(mode: Mode) {
    let system = System::start(mode).await;
    let li = Traveller::li();
    let registration = li.register(&system, "li").await.expect("registered").registration.expect("one").name;
    let applied = system.applied("apply", &registration).await;
    let returned = review(&system, &applied, ReviewDecision::ReturnForCorrection).await;
    assert_eq!(returned.application.expect("one").review_note, "请补充住址证明");
    let after = offer(&system, &li).await;
    assert_eq!((after.offered, reasons(&after)), (true, vec![Reason::ApplicationReturned]));

    let resubmitted = system.applied("again", &registration).await;
    assert_eq!((&resubmitted.name, resubmitted.submission_count), (&applied.name, 2));
    let rejected = review(&system, &resubmitted, ReviewDecision::Reject).await;
    assert_eq!(rejected.application.expect("one").state(), State::Rejected);
    assert!(offer(&system, &li).await.offered, "a new application may be made");
}

async fn other_documents_are_never_offered_a_pass(mode: Mode) {
    let system = System::start(mode).await;
    for (request_id, traveller) in
        [("lin", Traveller::lin()), ("chan", Traveller::chan()), ("smith", Traveller::smith())]
    {
        let pass = traveller.register(&system, request_id).await.expect("registered");
        let offer = pass.electronic_pass.expect("an offer");
        assert_eq!((offer.offered, reasons(&offer)), (false, vec![Reason::DocumentTypeNotEligible]));
        let registration = pass.registration.expect("one").name;
        let refused = system
            .pass
            .clone()
            .apply_for_electronic_pass(application(&format!("apply-{request_id}"), &registration))
            .await
            .expect_err("not eligible");
        assert_eq!(Refusal::from(refused).fact("reasons"), "DOCUMENT_TYPE_NOT_ELIGIBLE");
    }
}

async fn a_pass_issued_elsewhere_counts_as_completed(mode: Mode) {
    let system = System::start(mode).await;
    let li = Traveller::li();
    let record = epass::RecordExternalPassRequest {
        request_id: "external".to_owned(),
        document: Some(li.document.clone()),
        issuer: "南海通".to_owned(),
        pass_number: "NH-000001".to_owned(),
        issue_time: Some(Timestamp { seconds: 1_760_000_000, nanos: 0 }),
        expire_time: None,
    };
    system.epass.clone().record_external_pass(record).await.expect("recorded before the person registers");
    let pass = li.register(&system, "li").await.expect("registered");
    let offer = pass.electronic_pass.expect("an offer");
    assert_eq!((offer.offered, reasons(&offer)), (false, vec![Reason::AlreadyCompleted]));
    assert_eq!(offer.electronic_pass.expect("the pass").issuer, "南海通");
}
