//! Families: who travels with whom, who agrees to it, and what one scan answers for.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1::{self as pb, EntryPass, VerifyQrCodeRequest},
    qr::v1::Verdict,
    registration::v1::{CompanionState, GuardianDeclaration, RegistrationForm, Relationship},
};
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use time::Duration;
use tonic::Code;

journeys!(
    a_family_of_five_with_two_children_enters,
    a_grandfather_is_bound_by_one_household_unless_the_city_allows_more,
    two_households_share_a_grandfather_where_the_city_allows_it,
);

/// What the family has in common: how and when it enters, where it stays, whom the city can call.
const IN_COMMON: [&str; 5] = ["entry", "travel_history", "destination", "purpose", "domestic_contact"];

/// Somebody of the family with a British passport: only what is their own.
fn member(number: &str, given_names: &str, birth_date: &str) -> Traveller {
    let Traveller { document, form } = Traveller::passport(number);
    let form = RegistrationForm {
        surname: form.surname,
        given_names: given_names.to_owned(),
        sex: form.sex,
        birth_date: birth_date.to_owned(),
        nationality: form.nationality,
        mobile_phone: form.mobile_phone,
        ..Default::default()
    };
    Traveller { document, form }
}

/// The family's common fields are the holder's.
fn in_common(request: pb::BindCompanionRequest) -> pb::BindCompanionRequest {
    let paths = IN_COMMON.map(str::to_owned).to_vec();
    pb::BindCompanionRequest { shared_paths: Some(FieldMask { paths }), ..request }
}

/// The guardian is responsible for the child.
fn as_guardian(request: pb::BindCompanionRequest) -> pb::BindCompanionRequest {
    pb::BindCompanionRequest {
        relationship: Relationship::Child.into(),
        guardian_declaration: Some(GuardianDeclaration { responsible: true }),
        ..request
    }
}

async fn registered(system: &System, who: &Traveller, request_id: &str) -> String {
    let pass = who.register(system, request_id).await.expect("registered");
    pass.registration.expect("a registration").name
}

/// Whom a checkpoint is shown when it scans the code that each companion of `pass` has; nobody for one who has none.
async fn own_codes(system: &System, pass: &EntryPass) -> Vec<String> {
    let mut shown = Vec::new();
    for code in pass.companions.iter().map(|one| one.qr_code.clone()) {
        let Some(code) = code else {
            shown.push(String::new());
            continue;
        };
        let request = VerifyQrCodeRequest { content: code.content, ..Default::default() };
        let decision = system.pass.clone().verify_qr_code(request).await.expect("a decision").into_inner();
        shown.push(decision.holder.expect("somebody").masked_name);
    }
    shown
}

/// Whom a checkpoint lets pass when it scans the code of `pass` once: the companions' masked names, each with the verdict.
async fn scanned(system: &System, pass: EntryPass) -> Vec<(String, Verdict)> {
    let content = pass.qr_code.expect("a code").content;
    let request = VerifyQrCodeRequest { content, ..Default::default() };
    let decision = system.pass.clone().verify_qr_code(request).await.expect("a decision").into_inner();
    assert_eq!(decision.verdict(), Verdict::Valid);
    let companion =
        |one: &pb::VerifiedCompanion| (one.traveller.clone().expect("somebody").masked_name, one.verdict());
    decision.companions.iter().map(companion).collect()
}

async fn a_family_of_five_with_two_children_enters(mode: Mode) {
    let system = System::start(mode).await;
    let notice = system.notice_version().await;
    // The mother registers herself. Everything that the family has in common is stated in her form.
    let mother = Traveller::smith();
    let registration = registered(&system, &mother, "mother").await;

    // The father has registered by himself already; her side names him by document and name. He is asked, and shown to nobody yet.
    let father = Traveller::passport("X0000002");
    let own = registered(&system, &father, "father").await;
    let (pass, code) =
        system.bind(mother.binding("bind-father", &registration, &father)).await.expect("asked");
    assert_eq!(pass.companions[0].state(), CompanionState::Pending);
    system.clock.advance(Duration::SECOND);

    // The grandmother is new: her form states what is her own, and takes the rest from the mother's.
    let grandmother = member("X0000003", "ROSE", "1950-03-08");
    let bind = in_common(mother.binding_anew("bind-grandmother", &registration, &grandmother, &notice));
    system.bind(bind).await.expect("registered and bound");
    system.clock.advance(Duration::SECOND);

    // So are the children, of 13 and 6. They are too young to agree by themselves: without the mother's word as their guardian they are not taken.
    let daughter = member("X0000004", "LILY", "2012-12-24");
    let son = member("X0000005", "TOM", "2020-06-01");
    let bind = in_common(mother.binding_anew("bind-daughter", &registration, &daughter, &notice));
    let refused = Refusal::from(system.bind(bind.clone()).await.expect_err("nobody answers for her"));
    assert_eq!(refused.broken, ["guardian_declaration GUARDIAN_REQUIRED"]);
    for (child, request_id) in [(&daughter, "daughter"), (&son, "son")] {
        let bind = in_common(mother.binding_anew(request_id, &registration, child, &notice));
        system.bind(as_guardian(bind)).await.expect("registered and bound");
        system.clock.advance(Duration::SECOND);
    }

    // A scan of the mother's code answers for the three who are part of her group, and not for the father, who has not agreed.
    let pass = mother.entry_pass(&system).await.expect("shown");
    assert_eq!(pass.companions.len(), 4);
    let declared = pass.companions.iter().filter(|one| one.guardian_declare_time.is_some()).count();
    assert_eq!(declared, 2, "on record for each child");
    let shown = own_codes(&system, &pass).await;
    assert_eq!(shown, ["", "S* R*", "S* L*", "S* T*"], "each who has agreed has a code of their own");
    let valid = |initials: &str| (initials.to_owned(), Verdict::Valid);
    assert_eq!(scanned(&system, pass).await, [valid("S* R*"), valid("S* L*"), valid("S* T*")]);

    // The father agrees with the code that she has handed over, from then on one scan answers for all of them.
    system.confirm("father-agrees", &own, &code).await.expect("agreed");
    let pass = mother.entry_pass(&system).await.expect("shown");
    let family = [valid("S* A*"), valid("S* R*"), valid("S* L*"), valid("S* T*")];
    assert_eq!(scanned(&system, pass.clone()).await, family);
    assert!(pass.companions.iter().all(|one| one.qr_code.is_some()), "he has a code beside the others now");

    // What was shared is the daughter's own declaration now: the address is there, without anybody having typed it again.
    let shown = daughter.entry_pass(&system).await.expect("registered").registration.expect("one");
    assert_eq!(shown.form.expect("a form").destination, mother.form.destination);

    // The father travels on alone: he ends the bond from his side, and keeps his registration.
    let unbind = pb::UnbindCompanionRequest {
        request_id: "father-leaves".to_owned(),
        registration: own,
        companion: pass.companions[0].name.clone(),
    };
    system.pass.clone().unbind_companion(unbind).await.expect("ended");
    let pass = mother.entry_pass(&system).await.expect("shown");
    assert_eq!(scanned(&system, pass).await, family[1..]);
    father.entry_pass(&system).await.expect("his registration stays");
}

/// A grandfather who has registered by himself, and two households that ask him: the codes that he is handed, and the households' registrations.
async fn asked_by_two(system: &System) -> (String, [(String, String); 2]) {
    let grandfather = Traveller::lin();
    let own = registered(system, &grandfather, "grandfather").await;
    let mut households = Vec::new();
    for (household, request_id) in [(Traveller::wang(), "wang"), (Traveller::li(), "li")] {
        let registration = registered(system, &household, request_id).await;
        let bind = household.binding(&format!("{request_id}-asks"), &registration, &grandfather);
        let (_, code) = system.bind(bind).await.expect("asked");
        households.push((registration, code));
    }
    let households = households.try_into().expect("two of them");
    (own, households)
}

async fn a_grandfather_is_bound_by_one_household_unless_the_city_allows_more(mode: Mode) {
    let system = System::start(mode).await;
    let (own, [(wang, his), (_, hers)]) = asked_by_two(&system).await;
    system.confirm("first", &own, &his).await.expect("the household of his son");
    let refused = Refusal::from(system.confirm("second", &own, &hers).await.expect_err("one is the limit"));
    assert_eq!(refused.is(), (Code::FailedPrecondition, "COMPANION_HOLDER_LIMIT_REACHED"));
    assert_eq!(refused.fact("limit"), "1");

    // The son's household lets him go; the daughter's code has not run out yet.
    let pass = Traveller::wang().entry_pass(&system).await.expect("shown");
    let unbind = pb::UnbindCompanionRequest {
        request_id: "let-go".to_owned(),
        registration: wang,
        companion: pass.companions[0].name.clone(),
    };
    system.pass.clone().unbind_companion(unbind).await.expect("ended");
    system.confirm("second-again", &own, &hers).await.expect("the household of his daughter");
    let pass = Traveller::li().entry_pass(&system).await.expect("shown");
    assert_eq!(scanned(&system, pass).await, [("林*".to_owned(), Verdict::Valid)]);

    // The son asks anew, and is told at once that there is no room.
    let pass = Traveller::wang().entry_pass(&system).await.expect("shown");
    let registration = pass.registration.expect("one").name;
    let bind = Traveller::wang().binding("asks-again", &registration, &Traveller::lin());
    let refused = Refusal::from(system.bind(bind).await.expect_err("no room"));
    assert_eq!(refused.is(), (Code::FailedPrecondition, "COMPANION_HOLDER_LIMIT_REACHED"));
}

async fn two_households_share_a_grandfather_where_the_city_allows_it(mode: Mode) {
    let system = System::configured(mode, "[registration]\ncompanion_holder_limit = 2\n").await;
    let (own, [(_, his), (_, hers)]) = asked_by_two(&system).await;
    system.confirm("first", &own, &his).await.expect("the household of his son");
    system.confirm("second", &own, &hers).await.expect("the household of his daughter");
    for household in [Traveller::wang(), Traveller::li()] {
        let pass = household.entry_pass(&system).await.expect("shown");
        assert_eq!(scanned(&system, pass).await, [("林*".to_owned(), Verdict::Valid)]);
    }
    let asked = pb::ListHoldersRequest { registration: own, ..Default::default() };
    let holders = system.pass.clone().list_holders(asked).await.expect("listed").into_inner().holders;
    let mut names: Vec<_> = holders.iter().map(|one| one.masked_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["李*", "王*"], "he sees who travels with him");
}
