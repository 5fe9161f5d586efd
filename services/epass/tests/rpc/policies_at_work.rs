//! What a policy decides, from when on, and what is answered where none can be told.

use entrypass_ambient::Clock as _;
use entrypass_policy::DEFAULT;
use entrypass_proto::{
    epass::v1::{self as pb, PassLevel, ReviewDecision, offer_reason::Code as Reason},
    registration::v1::{DocumentType, RegistrationState},
};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, eventually};
use time::{Duration, OffsetDateTime, macros::datetime};
use tonic::Code;

use crate::harness::{
    App, Person, codes, decision,
    policies::{PASSPORTS, edited},
};

/// The city's midnight after the tests begin.
const MIDNIGHT: OffsetDateTime = datetime!(2026-11-22 16:00 UTC);
/// Who is of the city by the number of the card is so no more.
const VISITORS: [(&str, &str); 3] = [
    ("has(document.of_city) && document.of_city", "has(document.of_city) && false"),
    (
        "document.of_city = true, pass.origin = \"APPLICATION\", application.state = \"ISSUED\" }\nexpect = { unmet = [\"ALREADY_COMPLETED\"], level = \"ALLOW_LOCAL\" }",
        "document.of_city = true, person.household_in_city = true, pass.origin = \"APPLICATION\" }\nexpect = { unmet = [\"ALREADY_COMPLETED\"], level = \"ALLOW_LOCAL\" }",
    ),
    (
        "document.of_city = true, health.quarantine_until = \"2026-12-01T00:00:00+08:00\"",
        "person.household_in_city = true, health.quarantine_until = \"2026-12-01T00:00:00+08:00\"",
    ),
];

async fn explain(
    app: &App,
    person: &Person,
    as_of: Option<OffsetDateTime>,
) -> Result<pb::ExplainElectronicPassEligibilityResponse, Refusal> {
    let request = pb::ExplainElectronicPassEligibilityRequest {
        registration: person.registration.clone(),
        as_of_time: as_of.map(timestamp),
    };
    Ok(app.client().explain_electronic_pass_eligibility(request).await?.into_inner())
}

/// Adds the default policy as version 2 with `edits`, to apply from `from` on.
async fn comes(app: &App, edits: &[(&str, &str)], from: OffsetDateTime) -> pb::Policy {
    let policy = app.add_policy("add-2", &edited(2, edits)).await.expect("a policy");
    app.activate("activate-2", &policy.digest, Some(from), 1).await.expect("it will apply");
    policy
}

#[tokio::test]
async fn at_the_same_instant_all_copies_decide_by_the_new_policy() {
    let app = App::new().await;
    let copies = [app.again().await, app.again().await];
    let guest = app.person_with(1, DocumentType::Passport, RegistrationState::Active);
    comes(&app, &PASSPORTS, MIDNIGHT).await;
    app.clock.advance(MIDNIGHT - app.clock.now() - Duration::SECOND);
    for copy in [&app, &copies[0], &copies[1]] {
        let offer = copy.offer(&guest).await.expect("known");
        assert_eq!(codes(&offer), ["CODE_DOCUMENT_TYPE_NOT_ELIGIBLE"]);
        assert_eq!((offer.policy_name.as_str(), offer.policy_version), ("foshan-2020", 1));
    }
    app.clock.advance(Duration::SECOND);
    for copy in [&app, &copies[0], &copies[1]] {
        let offer = copy.offer(&guest).await.expect("known");
        assert_eq!((codes(&offer), offer.policy_version), (vec!["CODE_ELIGIBLE"], 2));
    }
    app.roll_back("roll-back", 2).await.expect("undone");
    for copy in [&app, &copies[0], &copies[1]] {
        let offer = copy.offer(&guest).await.expect("known");
        assert_eq!((offer.offered, offer.policy_version), (false, 1));
    }
}

/// What `copy` says to whatever needs a policy: of `person`, and of the application that waits for a reviewer.
async fn all_refused(copy: &App, person: &Person, waiting: &pb::ElectronicPassApplication) -> Vec<Refusal> {
    let levels = pb::GetElectronicPassLevelsRequest { registrations: vec![person.registration.clone()] };
    let simulation = pb::SimulatePolicyRequest { text: DEFAULT.to_owned(), ..Default::default() };
    vec![
        copy.offer(person).await.expect_err("unknown"),
        copy.get(person).await.expect_err("unknown"),
        copy.submit("s-1", person).await.expect_err("unknown"),
        copy.draft("d-1", person).await.expect_err("unknown"),
        copy.review(decision("r-1", waiting, ReviewDecision::Approve)).await.expect_err("unknown"),
        explain(copy, person, None).await.expect_err("unknown"),
        copy.client().get_electronic_pass_levels(levels).await.expect_err("unknown").into(),
        copy.client().simulate_policy(simulation).await.expect_err("unknown").into(),
    ]
}

#[tokio::test]
async fn a_copy_that_cannot_load_the_policy_says_so_and_does_not_guess() {
    let app = App::new().await;
    let (person, other) = (app.person(1), app.person(2));
    let policy = comes(&app, &PASSPORTS, app.clock.now()).await;
    app.offer(&person).await.expect("this copy has it");
    let waiting = app.apply("apply-2", &other).await.expect("offered");
    let strange = app.for_another_release(3).await;
    let digest = &policy.digest;
    let of_second =
        |digest: &str| format!("UPDATE policy_activations SET digest = '{digest}' WHERE ordinal = 2");
    // What somebody did to the database, why that is unusable, and how it is undone.
    let troubles = [
        (
            format!("UPDATE policies SET text = text || '# ' WHERE digest = '{digest}'"),
            "is not the one that was added",
            format!("UPDATE policies SET text = substr(text, 1, length(text) - 2) WHERE digest = '{digest}'"),
        ),
        (of_second(&strange), "is none for this release: line ", of_second(digest)),
        (of_second(&"0".repeat(64)), "is not in the database", of_second(digest)),
    ];
    for (trouble, why, end) in troubles {
        app.meddle(&trouble).await;
        let copy = app.again().await;
        for refusal in all_refused(&copy, &person, &waiting).await {
            assert_eq!(refusal.is(), (Code::Unavailable, "POLICY_UNAVAILABLE"), "{why}");
            assert!(refusal.retry_after.is_some(), "{refusal:?}");
        }
        let probed = copy.probed().await.expect_err("of no use");
        assert!(probed.contains(why), "{probed}");
        // The one before can be told of its own time.
        let before = copy.clock.now() - Duration::SECOND;
        assert!(explain(&copy, &person, Some(before)).await.expect("it was version 1").eligible);
        app.meddle(&end).await;
        assert!(copy.offer(&person).await.expect("known").offered, "{why}");
        copy.probed().await.expect("of use");
        copy.stopped().await;
    }
    assert!(app.offer(&person).await.expect("known").offered);
}

#[tokio::test]
async fn a_copy_that_had_read_the_policy_goes_on() {
    let app = App::new().await;
    let person = app.person(1);
    let policy = comes(&app, &PASSPORTS, app.clock.now()).await;
    app.offer(&person).await.expect("this copy has it");
    app.meddle(&format!("UPDATE policies SET text = text || '# ' WHERE digest = '{}'", policy.digest)).await;
    assert!(app.offer(&person).await.expect("known").offered);
}

#[tokio::test]
async fn nothing_is_decided_when_the_policy_has_run_out() {
    let app = App::new().await;
    let end = "T08:00:00+08:00\"\n\n[[eligibility]]";
    let ends = "T08:00:00+08:00\"\neffective_to = \"2026-12-31T00:00:00+08:00\"\n\n[[eligibility]]";
    comes(&app, &[(end, ends)], app.clock.now()).await;
    let (person, _) = app.with_pass(1).await;
    let over = datetime!(2026-12-30 16:00 UTC);
    assert_eq!(app.level(&person).await, (PassLevel::AllowVisitor, Some(over)));
    app.clock.advance(over - app.clock.now());
    // Not by the one before, which would be effective.
    let refusal = app.offer(&person).await.expect_err("it has run out");
    assert_eq!(refusal.is(), (Code::Unavailable, "POLICY_UNAVAILABLE"));
    app.roll_back("r-1", 2).await.expect("the one before");
    assert!(!app.offer(&person).await.expect("known").offered);
}

#[tokio::test]
async fn a_rule_of_the_city_s_own_is_told_by_its_id() {
    let app = App::new().await;
    comes(&app, &[("DOCUMENT_TYPE_NOT_ELIGIBLE", "CARD_NEEDED")], app.clock.now()).await;
    let guest = app.person_with(1, DocumentType::Passport, RegistrationState::Expired);
    let offer = app.offer(&guest).await.expect("known");
    let reasons: Vec<_> = offer.reasons.iter().map(|it| (it.code(), it.rule.as_str())).collect();
    let expected =
        [(Reason::RegistrationNotActive, "REGISTRATION_NOT_ACTIVE"), (Reason::OtherRule, "CARD_NEEDED")];
    assert_eq!(reasons, expected);
    let refusal = app.submit("s-1", &guest).await.expect_err("withheld");
    assert_eq!(refusal.fact("reasons"), "REGISTRATION_NOT_ACTIVE,CARD_NEEDED");
}

#[tokio::test]
async fn levels_change_with_the_policy_and_that_is_told() {
    let app = App::new().await;
    let (person, _) = app.with_pass(1).await;
    app.declares(&person, None);
    assert_eq!(app.level(&person).await.0, PassLevel::AllowLocal);
    let told = async || {
        let wanted = "LEVEL_CHANGED";
        app.texts(&format!("SELECT state FROM changes WHERE kind = '{wanted}' ORDER BY id")).await
    };
    eventually("the level is told", async || told().await.len() == 1).await;
    comes(&app, &VISITORS, MIDNIGHT).await;
    assert_eq!(app.level(&person).await, (PassLevel::AllowLocal, Some(MIDNIGHT)));
    app.clock.advance(MIDNIGHT - app.clock.now());
    assert_eq!(app.level(&person).await.0, PassLevel::AllowVisitor);
    eventually("the new level is told", async || told().await.last().is_some_and(|it| it == "ALLOW_VISITOR"))
        .await;
    app.roll_back("r-1", 2).await.expect("undone");
    eventually("the old level is told", async || told().await.last().is_some_and(|it| it == "ALLOW_LOCAL"))
        .await;
}

#[tokio::test]
async fn every_rule_is_explained_for_any_time() {
    let app = App::new().await;
    let (person, _) = app.with_pass(1).await;
    comes(&app, &VISITORS, MIDNIGHT).await;
    app.declares(&person, Some(app.clock.now()));
    let now = explain(&app, &person, None).await.expect("known");
    let rules: Vec<_> = now.eligibility.iter().map(|it| (it.rule.as_str(), it.met)).collect();
    let expected = [
        ("REGISTRATION_NOT_ACTIVE", true),
        ("DOCUMENT_TYPE_NOT_ELIGIBLE", true),
        ("ALREADY_COMPLETED", false),
        ("APPLICATION_IN_PROGRESS", true),
    ];
    assert_eq!((rules, now.eligible, now.auto_approve), (expected.to_vec(), false, false));
    let completed = &now.eligibility[2];
    assert_eq!(completed.expression, "!pass.exists");
    assert_eq!(completed.text_en, "there is a pass, issued here or by another channel");
    assert!(completed.text_zh_cn.contains("电子通行证"));
    let decides = |it: &pb::ExplainElectronicPassEligibilityResponse| {
        let deciding: Vec<_> = it.levels.iter().filter(|it| it.decides).map(|it| it.rule.clone()).collect();
        (it.policy.as_ref().expect("a policy").version, deciding.join(","), it.level())
    };
    assert_eq!(decides(&now), (1, "FEVER".to_owned(), PassLevel::Temporary));
    // Nobody follows up: so it will be in three days, by the policy that will apply then.
    let later = app.clock.now() + Duration::days(3);
    let later = explain(&app, &person, Some(later)).await.expect("known");
    assert_eq!(decides(&later), (2, "FEVER_NOT_FOLLOWED_UP".to_owned(), PassLevel::Deny));
    assert_eq!(later.as_of_time, Some(timestamp(app.clock.now() + Duration::days(3))));
    let before = explain(&app, &person, Some(datetime!(2020-02-29 00:00 UTC))).await.expect_err("none");
    assert_eq!(before.is(), (Code::NotFound, "POLICY_NOT_FOUND"));
}

#[tokio::test]
async fn a_draft_is_simulated_over_everybody_and_changes_nothing() {
    let app = App::new().await;
    for number in 1..=3 {
        let (person, _) = app.with_pass(number).await;
        if number < 3 {
            app.declares(&person, None);
        }
    }
    app.draft("draft-4", &app.person(4)).await.expect("offered");
    // Once registered by passport: a draft that lets them apply offers them the pass.
    let last = app.person_with(4, DocumentType::Passport, RegistrationState::Active);
    // And one whom nothing is known of here.
    app.person_with(5, DocumentType::Passport, RegistrationState::Active);
    let both = edited(2, &[&VISITORS[..], &PASSPORTS[..]].concat());
    let simulate = async |page_token: String, as_of_time| {
        let request = pb::SimulatePolicyRequest {
            text: both.clone(),
            as_of_time,
            page_size: 3,
            page_token,
            policy: None,
        };
        app.client().simulate_policy(request).await.expect("a simulation").into_inner()
    };
    let first = simulate(String::new(), None).await;
    assert_eq!((first.examined_count, first.changed_count), (3, 2));
    let levels: Vec<_> =
        first.level_changes.iter().map(|it| (it.level_before(), it.level_after(), it.count)).collect();
    assert_eq!(levels, [(PassLevel::AllowLocal, PassLevel::AllowVisitor, 2)]);
    let rest = simulate(first.next_page_token.clone(), first.as_of_time).await;
    assert_eq!((rest.examined_count, rest.changed_count, rest.newly_offered_count), (2, 2, 2));
    let rules: Vec<_> = rest
        .rule_changes
        .iter()
        .map(|it| (it.rule.as_str(), it.newly_unmet_count, it.newly_met_count))
        .collect();
    assert_eq!(rules, [("DOCUMENT_TYPE_NOT_ELIGIBLE", 0, 2)]);
    let sample = &rest.samples[0];
    assert_eq!(sample.traveller, last.traveller);
    let unmet = |outcome: &Option<pb::SimulatedOutcome>| outcome.as_ref().expect("it").unmet_rules.clone();
    assert_eq!(unmet(&sample.before), ["DOCUMENT_TYPE_NOT_ELIGIBLE"]);
    assert!(unmet(&sample.after).is_empty() && rest.next_page_token.is_empty());
    assert_eq!((app.count("policies").await, app.count("policy_activations").await), (1, 1));
    // The same against itself changes nobody.
    let policy =
        Some(pb::PolicySelector { name: "foshan-2020".to_owned(), version: 1, digest: String::new() });
    let request = pb::SimulatePolicyRequest { policy, page_size: 5, ..Default::default() };
    let same = app.client().simulate_policy(request).await.expect("a simulation").into_inner();
    assert_eq!((same.examined_count, same.changed_count, same.samples.len()), (5, 0, 0));
    assert_eq!(same.next_page_token, "", "a full page can be the last one");
    // And for an instant before the passes were issued nobody has a level.
    let as_of_time = Some(timestamp(app.clock.now() - Duration::DAY));
    let text = both.clone();
    let request = pb::SimulatePolicyRequest { text, as_of_time, ..Default::default() };
    let before = app.client().simulate_policy(request).await.expect("a simulation").into_inner();
    assert_eq!((before.examined_count, before.level_changes.len(), before.newly_offered_count), (5, 0, 2));
}

#[tokio::test]
async fn a_simulation_names_one_draft_that_is_effective_then() {
    let app = App::new().await;
    let simulate = async |request: pb::SimulatePolicyRequest| {
        Refusal::from(app.client().simulate_policy(request).await.expect_err("refused"))
    };
    let empty = simulate(pb::SimulatePolicyRequest::default()).await;
    assert_eq!(empty.broken, ["text REQUIRED"]);
    let policy =
        Some(pb::PolicySelector { name: "foshan-2020".to_owned(), version: 1, digest: String::new() });
    let text = DEFAULT.to_owned();
    let both = simulate(pb::SimulatePolicyRequest {
        text: text.clone(),
        policy: policy.clone(),
        ..Default::default()
    });
    assert_eq!(both.await.broken, ["policy EXCLUDED"]);
    let token = "0".repeat(32);
    let further = simulate(pb::SimulatePolicyRequest { text, page_token: token, ..Default::default() }).await;
    assert_eq!(further.broken, ["as_of_time REQUIRED"]);
    let as_of_time = Some(timestamp(datetime!(2020-02-29 00:00 UTC)));
    let early = simulate(pb::SimulatePolicyRequest { policy, as_of_time, ..Default::default() }).await;
    assert_eq!((early.is().1, early.fact("obstacle")), ("POLICY_NOT_ACTIVATABLE", "NOT_EFFECTIVE"));
}
