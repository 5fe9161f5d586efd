//! What is told of policies.

use entrypass_policy::{Evaluation, Level, LevelOutcome, RuleOutcome};
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_rule::Language;
use time::OffsetDateTime;

use super::{render_level, render_traveller_name};
use crate::policy::{Activation, Compared, Deciding, Listed, Simulated, Tally};

/// Renders a policy without its text.
pub(crate) fn render_policy(listed: &Listed) -> pb::Policy {
    let Listed { policy, effective_from, effective_to, added } = listed;
    pb::Policy {
        digest: policy.digest.clone(),
        name: policy.name.clone(),
        version: policy.version,
        effective_from_time: Some(timestamp(*effective_from)),
        effective_to_time: effective_to.map(timestamp),
        create_time: added.as_ref().map(|by| timestamp(by.time)),
        created_by: added.as_ref().map(|by| by.caller.clone()).unwrap_or_default(),
        text: String::new(),
    }
}

/// Renders an activation, which is the one `in_force` or not.
pub(crate) fn render_activation(activation: &Activation, in_force: bool) -> pb::PolicyActivation {
    let Activation { ordinal, policy, applies_from, activated, reason } = activation;
    pb::PolicyActivation {
        ordinal: *ordinal,
        policy: Some(render_deciding(policy)),
        applies_from_time: Some(timestamp(*applies_from)),
        activate_time: activated.as_ref().map(|by| timestamp(by.time)),
        caller: activated.as_ref().map(|by| by.caller.clone()).unwrap_or_default(),
        reason: reason.clone(),
        in_force,
    }
}

/// Renders which policy decided.
pub(crate) fn render_deciding(policy: &Deciding) -> pb::DecidingPolicy {
    let Deciding { digest, name, version } = policy.clone();
    pb::DecidingPolicy { name, version, digest }
}

/// Renders how every rule came out.
pub(crate) fn render_explanation(
    policy: &Deciding,
    evaluation: &Evaluation<'_>,
    auto_approve: bool,
    as_of: OffsetDateTime,
) -> pb::ExplainElectronicPassEligibilityResponse {
    let deciding = evaluation.level.id.as_str();
    pb::ExplainElectronicPassEligibilityResponse {
        policy: Some(render_deciding(policy)),
        as_of_time: Some(timestamp(as_of)),
        eligible: evaluation.eligible(),
        eligibility: evaluation.eligibility.iter().map(render_rule).collect(),
        level: render_level(evaluation.level.level).into(),
        levels: evaluation.levels.iter().map(|outcome| render_level_rule(outcome, deciding)).collect(),
        auto_approve,
    }
}

fn render_rule(outcome: &RuleOutcome<'_>) -> pb::EligibilityRuleOutcome {
    pb::EligibilityRuleOutcome {
        rule: outcome.rule.id.clone(),
        met: outcome.met,
        text_zh_cn: outcome.text().in_language(Language::ZhCn).to_owned(),
        text_en: outcome.text().in_language(Language::En).to_owned(),
        expression: outcome.rule.requires().to_owned(),
    }
}

fn render_level_rule(outcome: &LevelOutcome<'_>, deciding: &str) -> pb::LevelRuleOutcome {
    pb::LevelRuleOutcome {
        rule: outcome.rule.id.clone(),
        level: render_level(outcome.rule.level).into(),
        applies: outcome.applies,
        decides: outcome.rule.id == deciding,
        text_zh_cn: outcome.rule.text.in_language(Language::ZhCn).to_owned(),
        text_en: outcome.rule.text.in_language(Language::En).to_owned(),
        expression: outcome.rule.when().unwrap_or_default().to_owned(),
    }
}

/// Renders what a draft would change.
pub(crate) fn render_simulation(
    (in_force, draft): (&Deciding, &Deciding),
    as_of: OffsetDateTime,
    tally: Tally,
    next_page_token: String,
) -> pb::SimulatePolicyResponse {
    pb::SimulatePolicyResponse {
        in_force: Some(render_deciding(in_force)),
        draft: Some(render_deciding(draft)),
        as_of_time: Some(timestamp(as_of)),
        examined_count: count(tally.examined),
        changed_count: count(tally.changed),
        newly_offered_count: count(tally.newly_offered),
        newly_withheld_count: count(tally.newly_withheld),
        newly_auto_approved_count: count(tally.newly_auto_approved),
        no_longer_auto_approved_count: count(tally.no_longer_auto_approved),
        level_changes: tally.levels.into_iter().map(render_level_change).collect(),
        rule_changes: tally.rules.into_iter().map(render_rule_change).collect(),
        samples: tally.samples.iter().map(render_person).collect(),
        next_page_token,
    }
}

fn render_level_change(((before, after), persons): ((Level, Level), u64)) -> pb::SimulatedLevelChange {
    pb::SimulatedLevelChange {
        level_before: render_level(before).into(),
        level_after: render_level(after).into(),
        count: count(persons),
    }
}

fn render_rule_change((rule, (unmet, met)): (String, (u64, u64))) -> pb::SimulatedRuleChange {
    pb::SimulatedRuleChange { rule, newly_unmet_count: count(unmet), newly_met_count: count(met) }
}

fn render_person(compared: &Compared) -> pb::SimulatedPerson {
    pb::SimulatedPerson {
        traveller: render_traveller_name(compared.traveller),
        before: Some(render_outcome(&compared.before)),
        after: Some(render_outcome(&compared.after)),
    }
}

fn render_outcome(outcome: &Simulated) -> pb::SimulatedOutcome {
    pb::SimulatedOutcome {
        unmet_rules: outcome.unmet.iter().cloned().collect(),
        level: render_level(outcome.level).into(),
        auto_approve: outcome.auto_approve,
        level_rule: outcome.level_rule.clone(),
        follow_up_days: outcome.follow_up_days.map(i32::from).unwrap_or_default(),
    }
}

fn count(persons: u64) -> i64 {
    i64::try_from(persons).unwrap_or(i64::MAX)
}
