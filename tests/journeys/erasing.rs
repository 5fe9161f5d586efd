//! A person asks what is kept of them, and then that it be erased.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    epass::v1::{ElectronicPassApplication, ReviewDecision, electronic_pass_application::State},
    gateway::v1 as pb,
    qr::v1::{GetQrCodeStandingRequest, Verdict, qr_code_standing::State as Standing},
};
use entrypass_testkit::{Refusal, eventually};
use tonic::Code;

journeys!(a_traveller_reads_what_is_kept_of_them_and_has_it_erased);

/// Applies for the electronic pass of `registration`, and is given it.
async fn electronic_pass(system: &System, registration: &str) -> ElectronicPassApplication {
    let application = system.applied("apply", registration).await;
    let reviewed = system.reviewed(&application, ReviewDecision::Approve, "核验无误").await;
    reviewed.application.expect("an application")
}

async fn a_traveller_reads_what_is_kept_of_them_and_has_it_erased(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, li) = (Traveller::wang(), Traveller::li());
    let pass = wang.register(&system, "wang").await.expect("registered");
    let (registration, shown) = (pass.registration.expect("one"), pass.qr_code.expect("a code"));
    let other = li.register(&system, "li").await.expect("registered").qr_code.expect("a code");
    let application = electronic_pass(&system, &registration.name).await;
    assert_eq!(system.verdict(&shown.content).await, Verdict::Valid);

    let export = pb::ExportTravellerRequest { registration: registration.name.clone(), ..Default::default() };
    let all = system.pass.clone().export_traveller(export.clone()).await.expect("known").into_inner();
    assert_eq!(all.traveller, registration.traveller);
    assert_eq!(all.documents, [format!("RESIDENT_ID_CARD:{}", wang.document.number)]);
    let [kept] = all.registrations.try_into().expect("one registration");
    assert_eq!((kept.registration.as_ref(), kept.revisions.len()), (Some(&registration), 1));
    let [code] = all.codes.try_into().expect("one code");
    assert_eq!((&code.code_id, &code.registration), (&shown.code_id, &registration.name));
    assert_eq!(code.verifications.len(), 1, "one scan");
    let [applied] = all.applications.try_into().expect("one application");
    assert_eq!((&applied.name, applied.state()), (&application.name, State::Issued));
    assert_eq!(applied.review_note, "核验无误");
    assert!(all.electronic_pass.is_some());

    let erase = pb::EraseTravellerRequest {
        request_id: "erase".to_owned(),
        registration: registration.name.clone(),
        ..Default::default()
    };
    let erased = system.pass.clone().erase_traveller(erase.clone()).await.expect("erased").into_inner();
    assert_eq!(erased.traveller, registration.traveller);
    assert_eq!(erased.registrations, std::slice::from_ref(&registration.name));
    let again = system.pass.clone().erase_traveller(erase).await.expect("the first answer").into_inner();
    assert_eq!(again, erased);
    let nobody = Refusal::from(system.pass.clone().export_traveller(export).await.expect_err("gone"));
    assert_eq!(nobody.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    let repeated = Refusal::from(wang.register(&system, "wang").await.expect_err("it was answered"));
    assert_eq!(repeated.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));

    assert_eq!(system.verdict(&shown.content).await, Verdict::NotFound, "at once");
    let standing = GetQrCodeStandingRequest { code_id: shown.code_id, ..Default::default() };
    eventually("its codes are revoked", async || {
        let told = system.qr.clone().get_qr_code_standing(standing.clone()).await.expect("known");
        told.into_inner().standing.expect("a standing").state() == Standing::Revoked
    })
    .await;
    assert_eq!(system.verdict(&other.content).await, Verdict::Valid);
    let new = wang.register(&system, "wang-anew").await.expect("somebody new").registration.expect("one");
    assert_ne!(new.traveller, registration.traveller);
    let export = pb::ExportTravellerRequest { traveller: new.traveller, ..Default::default() };
    let all = system.pass.clone().export_traveller(export).await.expect("known").into_inner();
    assert_eq!((all.registrations.len(), all.applications.len()), (1, 0), "nothing of before");
}
