//! Guide, step 7: bind companions, each with a registration and a code of their own.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1::{self as pb, EntryPass},
    qr::v1::Verdict,
    registration::v1::{CompanionState, Relationship},
};
use entrypass_testkit::Refusal;
use tonic::Code;

journeys!(
    companions_of_two_document_types_have_codes_of_their_own,
    a_wrong_name_and_nobody_get_one_answer,
    nobody_is_bound_twice_or_to_themselves_or_as_the_ninth,
    a_companion_confirms_from_their_own_side,
    unbinding_leaves_the_companions_registration_as_it_is,
    a_companion_can_end_the_bond_too_and_a_stranger_cannot,
    a_bond_ends_with_the_registration_it_belongs_to,
    a_holder_sees_the_name_that_they_gave,
    a_bond_ends_with_the_holders_registration_too,
    a_first_answer_given_again_shows_no_bond_that_has_ended,
);

async fn bind(system: &System, request: pb::BindCompanionRequest) -> Result<EntryPass, tonic::Status> {
    let answer = system.pass.clone().bind_companion(request).await?;
    Ok(answer.into_inner().entry_pass.expect("a pass"))
}

async fn holder(system: &System) -> String {
    let pass = Traveller::wang().register(system, "holder").await.expect("registered");
    pass.registration.expect("one").name
}

async fn new_companion(
    system: &System,
    request_id: &str,
    registration: &str,
    companion: &Traveller,
) -> pb::BindCompanionRequest {
    pb::BindCompanionRequest {
        request_id: request_id.to_owned(),
        registration: registration.to_owned(),
        relationship: Relationship::Spouse.into(),
        document: Some(companion.document.clone()),
        companion_name: String::new(),
        form: Some(companion.form.clone()),
        acknowledged_notice_version: system.notice_version().await,
        truth_declared: true,
        ..Default::default()
    }
}

async fn companions_of_two_document_types_have_codes_of_their_own(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan, smith) = (Traveller::wang(), Traveller::chan(), Traveller::smith());
    let registration = holder(&system).await;
    chan.register(&system, "chan").await.expect("registered");
    let (_, code) = system.bind(wang.binding("bind-chan", &registration, &chan)).await.expect("bound");
    system.clock.advance(time::Duration::SECOND);
    let request = new_companion(&system, "bind-smith", &registration, &smith).await;
    bind(&system, request).await.expect("registered and bound");
    let pass = wang.entry_pass(&system).await.expect("shown");
    assert!(pass.companions[0].qr_code.is_none(), "nobody shows the code of somebody who has not agreed");
    let own = chan.entry_pass(&system).await.expect("shown").registration.expect("one").name;
    system.confirm("confirm", &own, &code).await.expect("confirmed");
    let pass = wang.entry_pass(&system).await.expect("shown");

    let shown: Vec<_> = pass
        .companions
        .iter()
        .map(|one| (one.display_name.as_str(), one.masked_number.as_str(), one.state(), one.relationship()))
        .collect();
    let expected = [
        ("陈大文", "H0*****00", CompanionState::Confirmed, Relationship::Relative),
        ("SMITH ANNA MARIA", "X0****01", CompanionState::Confirmed, Relationship::Spouse),
    ];
    assert_eq!(shown, expected);
    let codes = pass.companions.iter().map(|one| one.qr_code.as_ref()).chain([pass.qr_code.as_ref()]);
    let mut ids = Vec::new();
    for code in codes {
        let code = code.expect("a code");
        assert_eq!(system.verdict(&code.content).await, Verdict::Valid);
        ids.push(code.code_id.clone());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "everybody has a code of their own");
    let own = smith.entry_pass(&system).await.expect("a registration of their own");
    assert_eq!(
        own.qr_code.expect("a code").code_id,
        pass.companions[1].qr_code.clone().expect("one").code_id
    );
    assert_eq!(wang.entry_pass(&system).await.expect("shown").companions.len(), 2);
}

async fn a_wrong_name_and_nobody_get_one_answer(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let nobody = bind(&system, wang.binding("nobody", &registration, &chan)).await.expect_err("nobody");
    chan.register(&system, "chan").await.expect("registered");
    let mut wrong = wang.binding("wrong", &registration, &chan);
    wrong.companion_name = "陈小文".to_owned();
    let wrong = bind(&system, wrong).await.expect_err("a wrong name");
    assert_eq!((wrong.message(), wrong.details()), (nobody.message(), nobody.details()));
    assert_eq!(Refusal::from(wrong).is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
}

async fn nobody_is_bound_twice_or_to_themselves_or_as_the_ninth(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let oneself = bind(&system, wang.binding("self", &registration, &wang)).await.expect_err("oneself");
    let refused = (Code::FailedPrecondition, "COMPANION_IS_HOLDER");
    assert_eq!(Refusal::from(oneself).is(), refused);
    let with_form = new_companion(&system, "self-form", &registration, &wang).await;
    let oneself = bind(&system, with_form).await.expect_err("oneself");
    assert_eq!(Refusal::from(oneself).is(), refused);

    chan.register(&system, "chan").await.expect("registered");
    bind(&system, wang.binding("once", &registration, &chan)).await.expect("bound");
    let twice = bind(&system, wang.binding("twice", &registration, &chan)).await.expect_err("twice");
    assert_eq!(Refusal::from(twice).is(), (Code::AlreadyExists, "COMPANION_ALREADY_BOUND"));

    for number in 2..=8 {
        let companion = Traveller::passport(&format!("X000001{number}"));
        let request = new_companion(&system, &format!("bind-{number}"), &registration, &companion).await;
        bind(&system, request).await.expect("bound");
    }
    let ninth = new_companion(&system, "ninth", &registration, &Traveller::passport("X0000099")).await;
    let refusal = Refusal::from(bind(&system, ninth).await.expect_err("the ninth"));
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "COMPANION_LIMIT_REACHED"));
    assert_eq!(refusal.fact("limit"), "8");
    let refused =
        Traveller::passport("X0000099").entry_pass(&system).await.expect_err("not registered either");
    assert_eq!(Refusal::from(refused).reason, "HOLDER_NOT_FOUND");
}

async fn a_companion_confirms_from_their_own_side(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let own = chan.register(&system, "chan").await.expect("registered").registration.expect("one").name;
    let (pass, code) = system.bind(wang.binding("bind", &registration, &chan)).await.expect("bound");
    let waiting = &pass.companions[0];
    assert_eq!((waiting.state(), waiting.qr_code.as_ref()), (CompanionState::Pending, None));
    assert!(waiting.confirmation_expire_time.is_some());
    assert!(
        !waiting.name.contains(&registration),
        "the bond's name, handed over, does not open the holder's registration"
    );
    let by_holder = system.confirm("by-holder", &registration, &code).await;
    let refusal = Refusal::from(by_holder.expect_err("not the holder's to confirm"));
    assert_eq!(refusal.is(), (Code::NotFound, "CONFIRMATION_CODE_WRONG"));

    let asked = pb::ListHoldersRequest { registration: own.clone(), ..Default::default() };
    let holders = system.pass.clone().list_holders(asked).await.expect("listed").into_inner().holders;
    let seen: Vec<_> = holders.iter().map(|one| (one.masked_name.as_str(), one.state(), &one.name)).collect();
    assert_eq!(
        seen,
        [("王*", CompanionState::Pending, &waiting.name)],
        "he sees who asks, and no more of them"
    );

    let confirmed = system.confirm("own", &own, &code).await.expect("confirmed");
    assert_eq!(confirmed.state(), CompanionState::Confirmed);
    let pass = wang.entry_pass(&system).await.expect("shown");
    assert_eq!(pass.companions[0].state(), CompanionState::Confirmed);
    let content = &pass.companions[0].qr_code.as_ref().expect("a code").content;
    assert_eq!(system.verdict(content).await, Verdict::Valid);
}

fn unbinding(request_id: &str, registration: &str, companion: &str) -> pb::UnbindCompanionRequest {
    let [request_id, registration, companion] = [request_id, registration, companion].map(str::to_owned);
    pb::UnbindCompanionRequest { request_id, registration, companion }
}

async fn unbinding_leaves_the_companions_registration_as_it_is(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let own = chan.register(&system, "chan").await.expect("registered").registration;
    let pass = bind(&system, wang.binding("bind", &registration, &chan)).await.expect("bound");
    let unbind = unbinding("unbind", &registration, &pass.companions[0].name);
    let answer = system.pass.clone().unbind_companion(unbind.clone()).await.expect("unbound").into_inner();
    assert!(answer.entry_pass.expect("a pass").companions.is_empty());
    system.pass.clone().unbind_companion(unbind.clone()).await.expect("the first answer again");
    assert_eq!(chan.entry_pass(&system).await.expect("registered as before").registration, own);

    let gone = pb::UnbindCompanionRequest { request_id: "gone".to_owned(), ..unbind };
    let status = system.pass.clone().unbind_companion(gone).await.expect_err("gone");
    assert_eq!(Refusal::from(status).is(), (Code::NotFound, "COMPANION_NOT_FOUND"));
    bind(&system, wang.binding("again", &registration, &chan)).await.expect("can be bound again");
}

async fn a_companion_can_end_the_bond_too_and_a_stranger_cannot(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let own = chan.register(&system, "chan").await.expect("registered").registration.expect("one");
    let li = Traveller::li().register(&system, "li").await.expect("registered").registration.expect("one");
    let pass = bind(&system, wang.binding("bind", &registration, &chan)).await.expect("bound");
    let bond = &pass.companions[0].name;
    let stranger = system.pass.clone().unbind_companion(unbinding("stranger", &li.name, bond)).await;
    assert_eq!(Refusal::from(stranger.expect_err("a stranger")).reason, "COMPANION_NOT_FOUND");

    let answer =
        system.pass.clone().unbind_companion(unbinding("own", &own.name, bond)).await.expect("unbound");
    let shown = answer.into_inner().entry_pass.expect("a pass").registration;
    assert_eq!(shown, Some(own), "each side is shown its own pass");
    assert!(wang.entry_pass(&system).await.expect("shown").companions.is_empty());
}

async fn a_bond_ends_with_the_registration_it_belongs_to(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let own = chan.register(&system, "chan").await.expect("registered").registration.expect("one");
    bind(&system, wang.binding("bind", &registration, &chan)).await.expect("bound");
    let cancel = pb::CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration: own.name,
        etag: own.etag,
    };
    system.pass.clone().cancel_registration(cancel).await.expect("cancelled");
    assert!(wang.entry_pass(&system).await.expect("shown").companions.is_empty());

    chan.register(&system, "chan-again").await.expect("registered again");
    let pass = bind(&system, wang.binding("bind-again", &registration, &chan)).await.expect("bound again");
    assert_eq!(pass.companions.len(), 1, "one person, one bond");
}

async fn a_holder_sees_the_name_that_they_gave(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, mut smith) = (Traveller::wang(), Traveller::smith());
    smith.form.chinese_name = "史安娜".to_owned();
    let registration = holder(&system).await;
    smith.register(&system, "smith").await.expect("registered with both names");
    let mut binding = wang.binding("bind", &registration, &smith);
    binding.companion_name = "Smith Anna Maria".to_owned();
    let pass = bind(&system, binding).await.expect("bound");
    assert_eq!(pass.companions[0].display_name, "Smith Anna Maria");
}

async fn a_bond_ends_with_the_holders_registration_too(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let own = chan.register(&system, "chan").await.expect("registered").registration.expect("one").name;
    let pass = bind(&system, wang.binding("bind", &registration, &chan)).await.expect("bound");
    let cancel = pb::CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration,
        etag: pass.registration.expect("one").etag,
    };
    system.pass.clone().cancel_registration(cancel).await.expect("cancelled");
    let unbind = unbinding("late", &own, &pass.companions[0].name);
    let status = system.pass.clone().unbind_companion(unbind).await.expect_err("there is no bond");
    assert_eq!(Refusal::from(status).is(), (Code::NotFound, "COMPANION_NOT_FOUND"));
}

async fn a_first_answer_given_again_shows_no_bond_that_has_ended(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, chan) = (Traveller::wang(), Traveller::chan());
    let registration = holder(&system).await;
    let own = chan.register(&system, "chan").await.expect("registered").registration.expect("one").name;
    let binding = wang.binding("bind", &registration, &chan);
    let pass = bind(&system, binding.clone()).await.expect("bound");
    let unbind = unbinding("unbind", &own, &pass.companions[0].name);
    system.pass.clone().unbind_companion(unbind).await.expect("unbound by the companion");
    let again = bind(&system, binding).await.expect("the first answer");
    assert!(again.companions.is_empty(), "nor a code of somebody who is bound no more");
}
