//! The rules change at midnight: a city decides today that from tomorrow on holders of passports may have the electronic pass too, and takes it back.

use entrypass_ambient::Clock as _;
use entrypass_e2e::{Mode, System, Traveller};
use entrypass_policy::DEFAULT;
use entrypass_proto::{
    epass::v1::{self as epass, ElectronicPassOffer, offer_reason::Code as Reason},
    gateway::v1 as pb,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::{Duration, OffsetDateTime, UtcOffset};
use tonic::Code;

journeys!(a_policy_changes_at_midnight_and_is_taken_back, an_official_is_told_every_rule);

/// The default policy as its second version, by which passports are as good as cards.
fn with_passports() -> String {
    let edits = [
        ("version = 1", "version = 2"),
        ("document.type == 'RESIDENT_ID_CARD'", "document.type in ['RESIDENT_ID_CARD', 'PASSPORT']"),
        // What the policy's own test shows of other documents.
        ("\"EXPIRED\", document.type = \"PASSPORT\"", "\"EXPIRED\", document.type = \"TRAVEL_DOCUMENT\""),
    ];
    edits.iter().fold(DEFAULT.to_owned(), |text, (from, to)| text.replacen(from, to, 1))
}

/// The next midnight of the city.
fn midnight(now: OffsetDateTime) -> OffsetDateTime {
    let city = UtcOffset::from_hms(8, 0, 0).expect("an offset");
    let tomorrow = now.to_offset(city).date().next_day().expect("another day");
    tomorrow.midnight().assume_offset(city).to_offset(UtcOffset::UTC)
}

async fn offer(system: &System, traveller: &Traveller) -> ElectronicPassOffer {
    traveller.entry_pass(system).await.expect("shown").electronic_pass.expect("an offer")
}

/// What everybody who asks is told, whichever copy answers: whether it is offered, the first reason, and the version of the policy.
async fn told(system: &System, traveller: &Traveller) -> (bool, Reason, i64) {
    let first = offer(system, traveller).await;
    for _ in 0..4 {
        assert_eq!(offer(system, traveller).await, first, "copies decide alike");
    }
    (first.offered, first.reasons[0].code(), first.policy_version)
}

async fn a_policy_changes_at_midnight_and_is_taken_back(mode: Mode) {
    let copies = if mode == Mode::Processes { 2 } else { 1 };
    let system = System::with_copies(mode, "", copies).await;
    let mut office = system.epass.clone();
    let (smith, wang) = (Traveller::smith(), Traveller::wang());
    let shown = smith.register(&system, "smith").await.expect("registered");
    wang.register(&system, "wang").await.expect("registered");
    assert_eq!(told(&system, &smith).await, (false, Reason::DocumentTypeNotEligible, 1));

    // The office writes the new policy, has it checked and adds it. A slip is found before it does harm.
    let slip = with_passports().replacen("'PASSPORT'", "'PASPORT'", 1);
    let refused = office.check_policy(epass::CheckPolicyRequest { text: slip }).await.expect_err("a slip");
    assert_eq!(Refusal::from(refused).broken, ["text POLICY_MISTAKE"]);
    // Tried on everybody who is registered, it gives the pass to holders of passports and changes nothing for anybody else.
    let draft = epass::SimulatePolicyRequest { text: with_passports(), ..Default::default() };
    let tried = office.simulate_policy(draft).await.expect("tried").into_inner();
    assert_eq!((tried.examined_count, tried.changed_count, tried.newly_offered_count), (2, 1, 1));
    let changed: Vec<_> = tried.samples.into_iter().map(|person| person.traveller).collect();
    assert_eq!(changed, [shown.registration.expect("one").traveller]);
    let add = epass::AddPolicyRequest { request_id: "add".to_owned(), text: with_passports() };
    let policy = office.add_policy(add).await.expect("added").into_inner().policy.expect("a policy");

    // It shall apply from midnight on.
    let from = midnight(system.clock.now());
    let activate = epass::ActivatePolicyRequest {
        request_id: "activate".to_owned(),
        policy: Some(epass::PolicySelector { digest: policy.digest, ..Default::default() }),
        applies_from_time: Some(timestamp(from)),
        reason: "扩大电子通行证适用范围".to_owned(),
        expected_ordinal: 1,
    };
    office.activate_policy(activate).await.expect("it will apply");
    system.clock.advance(from - system.clock.now() - Duration::MINUTE);
    assert_eq!(told(&system, &smith).await, (false, Reason::DocumentTypeNotEligible, 1), "at 23:59");
    system.clock.advance(Duration::MINUTE);
    assert_eq!(told(&system, &smith).await, (true, Reason::Eligible, 2), "at 00:00");

    // It was a mistake. The one before applies again, at once.
    let roll_back = epass::RollBackPolicyRequest {
        request_id: "roll-back".to_owned(),
        reason: "依据不足".to_owned(),
        expected_ordinal: 2,
    };
    office.roll_back_policy(roll_back).await.expect("undone");
    assert_eq!(told(&system, &smith).await, (false, Reason::DocumentTypeNotEligible, 1));
    let list = epass::ListPolicyActivationsRequest::default();
    let activations = office.list_policy_activations(list).await.expect("a list").into_inner().activations;
    let reasons: Vec<_> = activations.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["依据不足", "扩大电子通行证适用范围", ""]);
}

async fn an_official_is_told_every_rule(mode: Mode) {
    let system = System::start(mode).await;
    let smith = Traveller::smith().register(&system, "smith").await.expect("registered");
    let registration = smith.registration.expect("one").name;
    let ask = |as_of_time| pb::ExplainElectronicPassEligibilityRequest {
        registration: registration.clone(),
        as_of_time,
    };
    let explained = system.pass.clone().explain_electronic_pass_eligibility(ask(None)).await;
    let explained = explained.expect("explained").into_inner();
    let rules: Vec<_> = explained.eligibility.iter().map(|it| (it.rule.as_str(), it.met)).collect();
    let expected = [
        ("REGISTRATION_NOT_ACTIVE", true),
        ("DOCUMENT_TYPE_NOT_ELIGIBLE", false),
        ("ALREADY_COMPLETED", true),
        ("APPLICATION_IN_PROGRESS", true),
    ];
    assert_eq!((rules, explained.eligible), (expected.to_vec(), false));
    let decides: Vec<_> =
        explained.levels.iter().filter(|it| it.decides).map(|it| it.rule.as_str()).collect();
    assert_eq!(decides, ["NO_PASS"]);
    assert_eq!(explained.policy.expect("a policy").name, "foshan-2020");
    assert!(explained.eligibility.iter().all(|it| !it.text_zh_cn.is_empty() && !it.text_en.is_empty()));

    // Before the policy there was none, and nobody guesses.
    let before = timestamp(OffsetDateTime::UNIX_EPOCH);
    let refused = system.pass.clone().explain_electronic_pass_eligibility(ask(Some(before))).await;
    let refusal = Refusal::from(refused.expect_err("no policy"));
    assert_eq!(refusal.is(), (Code::NotFound, "POLICY_NOT_FOUND"));
}
