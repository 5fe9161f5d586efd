//! Policies, as operators handle them: checked, added, made to apply, undone, listed.

use entrypass_policy::{DEFAULT, Policy};
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::{Duration, macros::datetime};
use tonic::Code;

use crate::harness::{
    App, insistent,
    policies::{PASSPORTS, PROMISE, edited},
};

async fn check(app: &App, text: &str) -> Result<pb::CheckPolicyResponse, Refusal> {
    let request = pb::CheckPolicyRequest { text: text.to_owned() };
    Ok(app.client().check_policy(request).await?.into_inner())
}

async fn get(app: &App, policy: pb::PolicySelector) -> Result<pb::Policy, Refusal> {
    let request = pb::GetPolicyRequest { policy: Some(policy) };
    Ok(app.client().get_policy(request).await?.into_inner().policy.expect("a policy"))
}

fn version(name: &str, version: i64) -> pb::PolicySelector {
    pb::PolicySelector { name: name.to_owned(), version, ..pb::PolicySelector::default() }
}

fn ordinals(activations: &[pb::PolicyActivation]) -> Vec<(i64, i64, bool)> {
    let seen =
        |it: &pb::PolicyActivation| (it.ordinal, it.policy.as_ref().expect("a policy").version, it.in_force);
    activations.iter().map(seen).collect()
}

#[tokio::test]
async fn the_default_policy_is_there_and_applies() {
    let app = App::new().await;
    let activations = app.activations().await;
    assert_eq!(ordinals(&activations), [(1, 1, true)]);
    assert_eq!((activations[0].caller.as_str(), activations[0].activate_time), ("", None));
    let digest = Policy::parse(DEFAULT).expect("a policy").digest().to_string();
    let by_digest = pb::PolicySelector { digest: digest.clone(), ..pb::PolicySelector::default() };
    for selector in [by_digest, version("foshan-2020", 1)] {
        let policy = get(&app, selector).await.expect("it is there");
        assert_eq!((policy.digest, policy.text.as_str()), (digest.clone(), DEFAULT));
    }
    assert_eq!(
        get(&app, version("foshan-2020", 2)).await.expect_err("unknown").is(),
        (Code::NotFound, "POLICY_NOT_FOUND")
    );
    for name in ["a\u{0}b", "foshan\n", "Foshan", "佛山", "' OR 1=1", &"f".repeat(41)] {
        let refusal = get(&app, version(name, 1)).await.expect_err("no name of a policy");
        assert_eq!(refusal.broken, ["policy FORMAT"], "{name:?}");
    }
}

#[tokio::test]
async fn every_mistake_of_a_document_is_told_with_its_place() {
    let app = App::new().await;
    let text = edited(2, &[("'ACTIVE'", "'ACTVE'"), ("lapse_days = 30", "lapse_days = 0")]);
    let add = pb::AddPolicyRequest { request_id: "a-1".to_owned(), text: text.clone() };
    let added = Refusal::from(app.client().add_policy(add).await.expect_err("mistakes"));
    for refusal in [check(&app, &text).await.expect_err("mistakes"), added] {
        assert_eq!(refusal.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
        assert_eq!(refusal.broken, ["text POLICY_MISTAKE", "text POLICY_MISTAKE"]);
    }
    assert_eq!(check(&app, "").await.expect_err("nothing").broken, ["text POLICY_MISTAKE"]);
    let request = pb::CheckPolicyRequest { text };
    let status = app.client().check_policy(request).await.expect_err("mistakes");
    let details = tonic_types::StatusExt::get_details_bad_request(&status).expect("violations");
    let told: Vec<_> = details.field_violations.iter().map(|one| one.description.as_str()).collect();
    assert!(told[0].starts_with("eligibility[1] (REGISTRATION_NOT_ACTIVE).requires"), "{told:?}");
    assert!(told[1].starts_with("review.lapse_days"), "{told:?}");
    // What is checked is not added.
    let good = edited(2, &PASSPORTS);
    assert!(!check(&app, &good).await.expect("no mistakes").added);
    assert!(!check(&app, &good).await.expect("no mistakes").added);
    let default = check(&app, DEFAULT).await.expect("no mistakes");
    let unrecorded = ["person.household_in_city", "person.residence_permit_in_city", "trip.outbreak_area"];
    assert_eq!((default.added, default.unrecorded_facts), (true, unrecorded.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_policy_is_added_once_and_never_changed() {
    let app = App::new().await;
    let text = edited(2, &PASSPORTS);
    let first = app.add_policy("a-1", &text).await.expect("added");
    assert_eq!((first.version, first.text.as_str()), (2, ""));
    app.wait();
    assert_eq!(app.add_policy("a-1", &text).await, Ok(first.clone()), "a repetition");
    assert_eq!(app.add_policy("a-2", &text).await, Ok(first), "the same text again");
    let other = app.add_policy("a-3", &edited(2, &[PROMISE])).await.expect_err("another text");
    assert_eq!(other.is(), (Code::AlreadyExists, "POLICY_EXISTS"));
    assert_eq!(app.count("policies").await, 2);
}

#[tokio::test]
async fn a_policy_is_activated_by_whoever_knows_the_last_activation() {
    let app = App::new().await;
    let policy = app.add_policy("a-1", &edited(2, &PASSPORTS)).await.expect("added");
    let stale = app.activate("b-1", &policy.digest, None, 7).await.expect_err("there is no seventh");
    assert_eq!(stale.is(), (Code::Aborted, "POLICY_ACTIVATION_STALE"));
    assert_eq!(stale.fact("last_ordinal"), "1");
    let unknown = app.activate("b-2", &"0".repeat(64), None, 1).await.expect_err("unknown");
    assert_eq!(unknown.is(), (Code::NotFound, "POLICY_NOT_FOUND"));
    let past = datetime!(2026-11-22 07:59 UTC);
    let past = app.activate("b-3", &policy.digest, Some(past), 1).await.expect_err("in the past");
    assert_eq!(past.broken, ["applies_from_time OUT_OF_RANGE"]);
    let from = datetime!(2026-11-22 16:00 UTC);
    let activation = app.activate("b-4", &policy.digest, Some(from), 1).await.expect("it will apply");
    assert_eq!((activation.ordinal, activation.in_force), (2, false));
    assert_eq!(ordinals(&app.activations().await), [(2, 2, false), (1, 1, true)]);
    app.clock.advance(Duration::DAY);
    assert_eq!(ordinals(&app.activations().await), [(2, 2, true), (1, 1, false)]);
    let again = app.activate("b-4", &policy.digest, Some(from), 1).await;
    assert_eq!(again, Ok(activation), "a repetition, also when the instant has passed");
    let nothing = app.client().activate_policy(pb::ActivatePolicyRequest::default()).await;
    let required = ["request_id", "policy", "reason", "expected_ordinal"].map(|it| format!("{it} REQUIRED"));
    assert_eq!(Refusal::from(nothing.expect_err("nothing given")).broken, required);
}

#[tokio::test]
async fn no_policy_applies_when_it_is_not_effective() {
    let app = App::new().await;
    let edits = [(
        "T08:00:00+08:00\"\n\n[[eligibility]]",
        "T08:00:00+08:00\"\neffective_to = \"2026-12-31T00:00:00+08:00\"\n\n[[eligibility]]",
    )];
    let policy = app.add_policy("a-1", &edited(2, &edits)).await.expect("added");
    let late = datetime!(2026-12-30 16:00 UTC);
    let refusal = app.activate("b-1", &policy.digest, Some(late), 1).await.expect_err("it is over then");
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "POLICY_NOT_ACTIVATABLE"));
    assert_eq!(refusal.fact("obstacle"), "NOT_EFFECTIVE");
    app.activate("b-2", &policy.digest, Some(late - Duration::SECOND), 1).await.expect("just in time");
}

#[tokio::test]
async fn what_was_activated_is_undone_and_comes_back() {
    let app = App::new().await;
    let none = app.roll_back("r-0", 1).await.expect_err("there is none before the first");
    assert_eq!((none.is().1, none.fact("obstacle")), ("POLICY_NOT_ACTIVATABLE", "NONE_BEFORE"));
    let policy = app.add_policy("a-1", &edited(2, &PASSPORTS)).await.expect("added");
    app.activate("b-1", &policy.digest, None, 1).await.expect("it applies");
    let undone = app.roll_back("r-1", 2).await.expect("undone");
    assert_eq!(ordinals(std::slice::from_ref(&undone)), [(3, 1, true)]);
    assert_eq!(app.roll_back("r-1", 2).await, Ok(undone), "a repetition");
    let stale = app.roll_back("r-2", 2).await.expect_err("that was undone");
    assert_eq!((stale.is().1, stale.fact("last_ordinal")), ("POLICY_ACTIVATION_STALE", "3"));
    assert_eq!(ordinals(&[app.roll_back("r-3", 3).await.expect("it comes back")]), [(4, 2, true)]);
    // One that is still to come.
    app.roll_back("r-4", 4).await.expect("undone");
    let midnight = datetime!(2026-11-22 16:00 UTC);
    app.activate("b-2", &policy.digest, Some(midnight), 5).await.expect("it will apply");
    app.roll_back("r-5", 6).await.expect("undone");
    app.clock.advance(Duration::DAY);
    let expected = [
        (7, 1, true),
        (6, 2, false),
        (5, 1, false),
        (4, 2, false),
        (3, 1, false),
        (2, 2, false),
        (1, 1, false),
    ];
    assert_eq!(ordinals(&app.activations().await), expected);
}

#[tokio::test]
async fn what_applied_before_comes_back_and_what_was_planned_does_not() {
    let app = App::new().await;
    let mut digests = Vec::new();
    for version in 2..=4 {
        let policy = app.add_policy(&format!("a-{version}"), &edited(version, &[])).await.expect("added");
        digests.push(policy.digest);
    }
    let (evening, midnight) = (datetime!(2026-11-22 12:00 UTC), datetime!(2026-11-22 16:00 UTC));
    app.activate("b-1", &digests[0], Some(midnight), 1).await.expect("it will apply");
    // By mistake at once, and not at midnight.
    app.activate("b-2", &digests[1], None, 2).await.expect("it applies");
    let undone = app.undo("r-1", 3).await.expect("undone");
    assert_eq!(ordinals(undone.activation.as_slice()), [(4, 1, true)], "and not the one of midnight");
    assert_eq!(ordinals(&undone.dropped_activations), [(2, 2, false)]);
    assert_eq!(undone.dropped_activations[0].applies_from_time, Some(timestamp(midnight)));
    assert_eq!(app.undo("r-1", 3).await, Ok(undone), "a repetition");

    // What is to come is undone too: of what was planned before it, only what it had not taken the place of is told.
    app.activate("b-3", &digests[1], Some(midnight), 4).await.expect("it will apply");
    app.activate("b-4", &digests[0], Some(evening), 5).await.expect("it will apply, and go on at midnight");
    app.activate("b-5", &digests[2], Some(midnight), 6).await.expect("it will apply");
    let undone = app.undo("r-2", 7).await.expect("undone");
    assert_eq!(ordinals(undone.activation.as_slice()), [(8, 1, true)]);
    assert_eq!(ordinals(&undone.dropped_activations), [(6, 2, false)]);
    app.clock.advance(Duration::DAY);
    assert_eq!(app.activations().await.iter().find(|it| it.in_force).expect("one").ordinal, 8);
}

#[tokio::test]
async fn nothing_is_activated_that_a_copy_could_not_read() {
    let app = App::new().await;
    let policy = app.add_policy("a-1", &edited(2, &PASSPORTS)).await.expect("added");
    let other = app.add_policy("a-2", &edited(3, &[PROMISE])).await.expect("added");
    app.activate("b-1", &policy.digest, None, 1).await.expect("it applies");
    app.activate("b-2", &other.digest, None, 2).await.expect("it applies");
    // This copy has read all three; what counts is what the others would read.
    app.meddle(&format!("UPDATE policies SET text = text || '# ' WHERE digest = '{}'", policy.digest)).await;
    let later = app.add_policy("a-3", &edited(4, &[])).await.expect("added");
    let strange = app.for_another_release(5).await;
    app.meddle(&format!("UPDATE policies SET text = 'x' WHERE digest = '{}'", later.digest)).await;
    let refusals = [
        app.activate("b-3", &policy.digest, None, 3).await.expect_err("changed"),
        app.activate("b-4", &later.digest, None, 3).await.expect_err("changed, and never read"),
        app.activate("b-5", &strange, None, 3).await.expect_err("for another release"),
        app.roll_back("r-1", 3).await.expect_err("changed"),
    ];
    for refusal in refusals {
        assert_eq!(refusal.is(), (Code::FailedPrecondition, "POLICY_NOT_ACTIVATABLE"));
        assert_eq!(refusal.fact("obstacle"), "UNREADABLE");
    }
    assert_eq!(app.count("policy_activations").await, 3);
}

#[tokio::test]
async fn of_two_who_activate_at_once_one_has_to_look_again() {
    let app = App::new().await;
    let copy = app.again().await;
    let one = app.add_policy("a-1", &edited(2, &PASSPORTS)).await.expect("added");
    let other = app.add_policy("a-2", &edited(3, &[PROMISE])).await.expect("added");
    for round in 1..=8 {
        let [first, second] = [format!("one-{round}"), format!("other-{round}")];
        let (one, other) = tokio::join!(
            insistent(async || app.activate(&first, &one.digest, None, round).await),
            insistent(async || copy.activate(&second, &other.digest, None, round).await),
        );
        let (done, refused) = match (one, other) {
            (Ok(done), Err(refused)) | (Err(refused), Ok(done)) => (done, refused),
            both => panic!("{both:?}"),
        };
        assert_eq!(done.ordinal, round + 1);
        assert_eq!(refused.is(), (Code::Aborted, "POLICY_ACTIVATION_STALE"));
    }
    assert_eq!(app.count("policy_activations").await, 9);
}

#[tokio::test]
async fn policies_and_activations_are_listed_in_pages() {
    let app = App::new().await;
    for version in [10, 2, 9] {
        let policy = app.add_policy(&format!("a-{version}"), &edited(version, &[])).await.expect("added");
        let last = app.activations().await[0].ordinal;
        app.activate(&format!("b-{version}"), &policy.digest, None, last).await.expect("it applies");
    }
    let mut versions = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListPoliciesRequest { page_size: 2, page_token };
        let page = app.client().list_policies(request).await.expect("a page").into_inner();
        versions.extend(page.policies.iter().map(|policy| policy.version));
        assert!(page.policies.iter().all(|policy| policy.text.is_empty()));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(versions, [1, 2, 9, 10]);
    let page = |page_size, page_token| pb::ListPolicyActivationsRequest { page_size, page_token };
    let first =
        app.client().list_policy_activations(page(3, String::new())).await.expect("a page").into_inner();
    assert_eq!(ordinals(&first.activations), [(4, 9, true), (3, 2, false), (2, 10, false)]);
    let rest = page(3, first.next_page_token);
    let rest = app.client().list_policy_activations(rest).await.expect("a page").into_inner();
    assert_eq!((ordinals(&rest.activations), rest.next_page_token.as_str()), (vec![(1, 1, false)], ""));
    let forged = app.client().list_policy_activations(page(-1, "x".to_owned())).await.expect_err("forged");
    assert_eq!(Refusal::from(forged).broken, ["page_size OUT_OF_RANGE", "page_token BAD_PAGE_TOKEN"]);
}
