//! At the checkpoint: an inspector scans a code, compares who stands there with what the screen shows, and lets pass or not. Every scan leaves
//! a record.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    epass::v1::{PassLevel, ReviewDecision},
    errors::v1::ErrorReason,
    gateway::v1::{self as pb, unavailable_part::Part},
    qr::v1::{
        self as qr, Verdict, VerificationFilter, count_verifications_request::GroupBy,
        verification_check::Reason,
    },
    registration::v1::{Registration, RegistrationForm, Relationship},
};
use entrypass_testkit::{Refusal, eventually};
use prost::Message as _;
use prost_types::FieldMask;
use time::Duration;

journeys!(
    a_family_is_scanned_once,
    an_amended_code_is_superseded_and_the_new_one_good,
    a_cancelled_registration_shows_nobody,
    scans_are_listed_and_counted_and_a_repeated_one_only_once,
);

const GATE: &str = "nanhai-port/gate-3";

async fn scan(system: &System, content: &str, request_id: &str) -> pb::VerifyQrCodeResponse {
    let request = pb::VerifyQrCodeRequest {
        content: content.to_owned(),
        checkpoint: GATE.to_owned(),
        request_id: request_id.to_owned(),
    };
    system.pass.clone().verify_qr_code(request).await.expect("a decision").into_inner()
}

/// Why the code is not good.
fn reasons(decision: &pb::VerifyQrCodeResponse) -> Vec<Reason> {
    let reasons = decision.checks.iter().map(qr::VerificationCheck::reason);
    reasons.filter(|reason| *reason != Reason::Unspecified).collect()
}

/// What the screen shows of one person.
fn shown(of: Option<&pb::VerifiedTraveller>) -> (&str, &str, PassLevel) {
    let one = of.expect("somebody");
    (&one.masked_name, &one.masked_number, one.pass_level())
}

async fn registered(system: &System, who: &Traveller, request_id: &str) -> (Registration, String) {
    let pass = who.register(system, request_id).await.expect("registered");
    (pass.registration.expect("a registration"), pass.qr_code.expect("a code").content)
}

/// Binds `companion`, who has the registration `own` and agrees; or has not been asked yet.
async fn bind(system: &System, holder: &str, companion: &Traveller, own: Option<&str>) {
    let request = Traveller::wang().binding(&format!("bind-{}", companion.name().len()), holder, companion);
    let request = pb::BindCompanionRequest { request_id: request.request_id.replace(' ', "-"), ..request };
    let answer = system.pass.clone().bind_companion(request).await.expect("bound").into_inner();
    if let Some(own) = own {
        let bond = answer.entry_pass.expect("a pass").companions.last().expect("a bond").name.clone();
        let confirm = pb::ConfirmCompanionRequest {
            request_id: format!("confirm-{}", companion.name().len()),
            registration: own.to_owned(),
            companion: bond,
        };
        system.pass.clone().confirm_companion(confirm).await.expect("confirmed");
    }
    system.clock.advance(Duration::SECOND);
}

/// Lets the holder of `registration` apply for the electronic pass, and a reviewer approve.
async fn with_electronic_pass(system: &System, registration: &str) {
    let application = system.applied("apply", registration).await;
    system.reviewed(&application, ReviewDecision::Approve, "").await;
}

async fn a_family_is_scanned_once(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, content) = registered(&system, &Traveller::wang(), "wang").await;
    with_electronic_pass(&system, &wang.name).await;
    // His wife has registered herself and agreed; their child is registered by him; a colleague has not answered yet.
    let (li, _) = registered(&system, &Traveller::li(), "li").await;
    bind(&system, &wang.name, &Traveller::li(), Some(&li.name)).await;
    let child = Traveller::smith();
    let with_form = pb::BindCompanionRequest {
        request_id: "bind-child".to_owned(),
        relationship: Relationship::Child.into(),
        companion_name: String::new(),
        form: Some(child.form.clone()),
        acknowledged_notice_version: system.notice_version().await,
        truth_declared: true,
        ..Traveller::wang().binding("", &wang.name, &child)
    };
    system.pass.clone().bind_companion(with_form).await.expect("registered and bound");
    registered(&system, &Traveller::chan(), "chan").await;
    bind(&system, &wang.name, &Traveller::chan(), None).await;

    let decision = scan(&system, &content, "scan-1").await;
    assert_eq!(decision.verdict(), Verdict::Valid);
    assert_eq!((decision.checks.len(), reasons(&decision)), (7, vec![]));
    assert_eq!(decision.data_age, Some(prost_types::Duration::default()), "asked just now");
    assert_eq!(shown(decision.holder.as_ref()), ("王*", "44**************16", PassLevel::AllowLocal));
    let companions: Vec<_> = decision
        .companions
        .iter()
        .map(|one| (one.relationship(), one.verdict(), shown(one.traveller.as_ref())))
        .collect();
    let expected = [
        (Relationship::Relative, Verdict::Valid, ("李*", "44**************24", PassLevel::None)),
        (Relationship::Child, Verdict::Valid, ("S* A*", "X0****01", PassLevel::None)),
    ];
    assert_eq!(companions, expected, "each is let pass by this one scan");

    // Whoever holds a scanner learns no name, no number, and nothing that opens a registration.
    let bytes = decision.encode_to_vec();
    for personal in ["王小明", "李芳", "SMITH", "440699", "X0000001", "registrations/", "travellers/"] {
        assert!(!bytes.windows(personal.len()).any(|part| part == personal.as_bytes()), "{personal}");
    }
}

async fn an_amended_code_is_superseded_and_the_new_one_good(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, before) = registered(&system, &Traveller::wang(), "wang").await;
    let amend = pb::UpdateRegistrationRequest {
        request_id: "amend".to_owned(),
        registration: wang.name,
        etag: wang.etag,
        form: Some(RegistrationForm { stay_days: 5, ..RegistrationForm::default() }),
        update_mask: Some(FieldMask { paths: vec!["stay_days".to_owned()] }),
    };
    let amended = system.pass.clone().update_registration(amend).await.expect("amended").into_inner();
    let after = amended.entry_pass.expect("a pass").qr_code.expect("a code").content;

    let old = scan(&system, &before, "").await;
    assert_eq!(old.verdict(), Verdict::Superseded);
    assert_eq!(reasons(&old), [Reason::CodeSuperseded, Reason::RegistrationAmended]);
    assert_eq!(shown(old.holder.as_ref()).0, "王*", "ask this person for the present code");
    let new = scan(&system, &after, "").await;
    assert_eq!((new.verdict(), new.revision), (Verdict::Valid, 2));
}

async fn a_cancelled_registration_shows_nobody(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, content) = registered(&system, &Traveller::wang(), "wang").await;
    let (li, _) = registered(&system, &Traveller::li(), "li").await;
    bind(&system, &wang.name, &Traveller::li(), Some(&li.name)).await;
    assert_eq!(scan(&system, &content, "").await.companions.len(), 1);

    let cancel = |of: Registration| pb::CancelRegistrationRequest {
        request_id: format!("cancel-{}", of.etag),
        registration: of.name,
        etag: of.etag,
    };
    system.pass.clone().cancel_registration(cancel(li)).await.expect("cancelled");
    let alone = scan(&system, &content, "").await;
    assert_eq!((alone.verdict(), alone.companions.len()), (Verdict::Valid, 0), "she travels no more");
    system.pass.clone().cancel_registration(cancel(wang)).await.expect("cancelled");
    let gone = scan(&system, &content, "").await;
    assert_eq!(gone.verdict(), Verdict::Revoked);
    assert!(reasons(&gone).contains(&Reason::RegistrationCancelled));
    assert!(gone.holder.is_none() && gone.companions.is_empty() && gone.unavailable_parts.is_empty());
}

async fn scans_are_listed_and_counted_and_a_repeated_one_only_once(mode: Mode) {
    let system = System::start(mode).await;
    let (_, content) = registered(&system, &Traveller::wang(), "wang").await;
    let good = scan(&system, &content, "scan-1").await;
    // The scanner lost the reply, and asks again.
    assert_eq!(scan(&system, &content, "scan-1").await.verification, good.verification);
    system.clock.advance(Duration::SECOND);
    let batch = pb::VerifyQrCodesRequest {
        contents: vec![content, "粤康码".to_owned()],
        checkpoint: "nanhai-port/gate-4".to_owned(),
        request_id: "bus-1".to_owned(),
    };
    let batch = system.pass.clone().verify_qr_codes(batch).await.expect("decisions").into_inner().decisions;
    let verdicts: Vec<_> = batch.iter().map(pb::VerifyQrCodeResponse::verdict).collect();
    assert_eq!(verdicts, [Verdict::Valid, Verdict::Malformed]);
    assert_eq!(shown(batch[0].holder.as_ref()).0, "王*");

    let all = pb::ListVerificationsRequest::default();
    let all = system.pass.clone().list_verifications(all).await.expect("records").into_inner().verifications;
    assert_eq!((all.len(), &all[2].name), (3, &good.verification), "the newest come first");
    let at_gate = VerificationFilter { checkpoint: GATE.to_owned(), ..VerificationFilter::default() };
    let at_gate = pb::ListVerificationsRequest { filter: Some(at_gate), ..Default::default() };
    let at_gate = system.pass.clone().list_verifications(at_gate).await.expect("records").into_inner();
    let record = &at_gate.verifications[0];
    assert_eq!((record.verdict(), &record.code_id), (Verdict::Valid, &good.code_id));
    assert_eq!((at_gate.verifications.len(), record.verify_time), (1, good.evaluate_time));

    let count = pb::CountVerificationsRequest { filter: None, group_by: GroupBy::Checkpoint.into() };
    let counts = system.pass.clone().count_verifications(count).await.expect("counts").into_inner().counts;
    let counts: Vec<_> =
        counts.iter().map(|one| (one.checkpoint.as_str(), one.verdict(), one.count)).collect();
    let expected = [
        (GATE, Verdict::Valid, 1),
        ("nanhai-port/gate-4", Verdict::Malformed, 1),
        ("nanhai-port/gate-4", Verdict::Valid, 1),
    ];
    assert_eq!(counts, expected);

    let wrong = pb::VerifyQrCodeRequest { checkpoint: "gate 3".to_owned(), ..Default::default() };
    let refused = system.pass.clone().verify_qr_code(wrong).await.expect_err("wrong");
    assert_eq!(Refusal::from(refused).broken, ["content REQUIRED", "checkpoint FORMAT"]);
}

/// A tunnel without a network to the registration service: nobody is let pass on a guess.
async fn a_registration_service_that_is_down_leaves_it_open(mode: Mode) {
    let mut system = System::start(mode).await;
    let (_, content) = registered(&system, &Traveller::wang(), "wang").await;
    system.stop(entrypass_registration::SERVICE_NAME).await;
    let open = scan(&system, &content, "").await;
    assert_eq!(open.verdict(), Verdict::CannotDecide);
    assert_eq!(reasons(&open), [Reason::NeighbourUnavailable, Reason::NeighbourUnavailable]);
    assert!(open.holder.is_none() && !open.verification.is_empty(), "and the scan is recorded");
    // The last that was heard of changes is told with its age.
    system.clock.advance(Duration::MINUTE);
    let age = scan(&system, &content, "").await.data_age.expect("changes were followed");
    assert!((60..120).contains(&age.seconds), "{age:?}");

    system.restart(entrypass_registration::SERVICE_NAME).await;
    eventually("it is decided again", async || scan(&system, &content, "").await.verdict() == Verdict::Valid)
        .await;
}

#[tokio::test]
async fn over_sockets_a_registration_service_that_is_down_leaves_it_open() {
    a_registration_service_that_is_down_leaves_it_open(Mode::Sockets).await;
}

#[tokio::test]
async fn as_processes_a_registration_service_that_is_down_leaves_it_open() {
    a_registration_service_that_is_down_leaves_it_open(Mode::Processes).await;
}

#[tokio::test]
async fn an_epass_service_that_is_down_takes_only_the_level_with_it() {
    let mut system = System::start(Mode::Sockets).await;
    let (_, content) = registered(&system, &Traveller::wang(), "wang").await;
    system.stop(entrypass_epass::SERVICE_NAME).await;
    let decision = scan(&system, &content, "").await;
    assert_eq!(decision.verdict(), Verdict::Valid);
    assert_eq!(shown(decision.holder.as_ref()), ("王*", "44**************16", PassLevel::Unspecified));
    let missing: Vec<_> =
        decision.unavailable_parts.iter().map(|part| (part.part(), part.reason())).collect();
    assert_eq!(missing, [(Part::ElectronicPass, ErrorReason::NeighbourUnavailable)]);
    let nobody = scan(&system, "HELLO", "").await;
    assert_eq!(nobody.unavailable_parts, [], "nobody is shown, and nothing is missing");
}
