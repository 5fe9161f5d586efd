//! What operators ask for about policies.

use entrypass_policy::{Policy, PolicyErrors};
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::{PageRequest, instant, required_request_id, resource_id};
use entrypass_rule::{Rule, Text, Violations};
use prost_types::Timestamp;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    policy::{Grounds, Selector},
    wire::{collection, policy_page},
};

/// An activation as it was asked for.
pub(crate) struct ActivateRequest {
    pub(crate) policy: Selector,
    /// `None`: now.
    pub(crate) applies_from: Option<OffsetDateTime>,
    pub(crate) reason: Grounds,
    pub(crate) expected_ordinal: i64,
}

/// What would apply.
pub(crate) enum Draft {
    /// A document.
    Text(String),
    /// A policy that was added.
    Added(Selector),
}

/// A simulation as it was asked for.
pub(crate) struct SimulateRequest {
    pub(crate) draft: Draft,
    /// `None`: now.
    pub(crate) as_of: Option<OffsetDateTime>,
    pub(crate) page: PageRequest,
}

/// A page of a list with tokens of its own: where it begins, and how much is wanted.
pub(crate) type Page<T> = (Option<T>, u64);

/// Reads a document that is to be added.
pub(crate) fn parse_add(request: &pb::AddPolicyRequest) -> Result<(), Violations> {
    required_request_id(&request.request_id)
}

/// Every mistake of a document, as violations of the field `text`. The fault itself is in English in both languages: it speaks of keys, words and expressions, which are English, and
/// part of it comes from the reader of TOML and that of CEL.
pub(crate) fn policy_mistakes(mistakes: &PolicyErrors) -> Violations {
    let mut violations = Violations::default();
    for mistake in mistakes.iter() {
        let place = &mistake.place;
        let text = Text::new(format!("{place}：政策文件有误（{}）", mistake.fault), mistake.to_string());
        violations.add("text", Rule::new("POLICY_MISTAKE", text));
    }
    violations
}

/// Reads which policy is to apply.
pub(crate) fn parse_activate(
    request: &pb::ActivatePolicyRequest,
    now: OffsetDateTime,
) -> Result<ActivateRequest, Violations> {
    let pb::ActivatePolicyRequest { request_id, policy, applies_from_time, reason, expected_ordinal } =
        request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let policy = violations.collect(parse_selector(policy.as_ref()));
    let reason = violations.take("reason", Grounds::new(reason));
    let expected_ordinal = violations.take("expected_ordinal", ordinal(*expected_ordinal));
    let applies_from = violations.take("applies_from_time", optional_instant(applies_from_time.as_ref()));
    if applies_from.flatten().is_some_and(|from| from < now) {
        let text = Text::new("不得早于现在", "not in the past: no answer that was given becomes another");
        violations.add("applies_from_time", Rule::new("OUT_OF_RANGE", text));
    }
    violations.finish(|| {
        Some(ActivateRequest {
            policy: policy?,
            applies_from: applies_from?,
            reason: reason?,
            expected_ordinal: expected_ordinal?,
        })
    })
}

/// Reads which activation is to be undone, and why.
pub(crate) fn parse_roll_back(request: &pb::RollBackPolicyRequest) -> Result<(i64, Grounds), Violations> {
    let pb::RollBackPolicyRequest { request_id, reason, expected_ordinal } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let reason = violations.take("reason", Grounds::new(reason));
    let expected_ordinal = violations.take("expected_ordinal", ordinal(*expected_ordinal));
    violations.finish(|| Some((expected_ordinal?, reason?)))
}

/// Reads which policy is meant.
pub(crate) fn parse_selector(selector: Option<&pb::PolicySelector>) -> Result<Selector, Violations> {
    Violations::at("policy", selected(selector))
}

/// Reads a page of policies.
pub(crate) fn parse_policies(request: &pb::ListPoliciesRequest) -> Result<Page<(String, i64)>, Violations> {
    let pb::ListPoliciesRequest { page_size, page_token } = request;
    page(*page_size, policy_page::parse_policy(page_token))
}

/// Reads a page of activations.
pub(crate) fn parse_activations(request: &pb::ListPolicyActivationsRequest) -> Result<Page<i64>, Violations> {
    let pb::ListPolicyActivationsRequest { page_size, page_token } = request;
    page(*page_size, policy_page::parse_activation(page_token))
}

/// Reads whose eligibility is asked for, and when.
pub(crate) fn parse_explain(
    request: &pb::ExplainElectronicPassEligibilityRequest,
) -> Result<(Uuid, Option<OffsetDateTime>), Violations> {
    let pb::ExplainElectronicPassEligibilityRequest { registration, as_of_time } = request;
    let mut violations = Violations::default();
    let registration = violations.take("registration", resource_id(collection::REGISTRATIONS, registration));
    let as_of = violations.take("as_of_time", optional_instant(as_of_time.as_ref()));
    violations.finish(|| Some((registration?, as_of?)))
}

/// Reads what is to be simulated.
pub(crate) fn parse_simulate(request: pb::SimulatePolicyRequest) -> Result<SimulateRequest, Violations> {
    let pb::SimulatePolicyRequest { text, policy, as_of_time, page_size, page_token } = request;
    let mut violations = Violations::default();
    let draft = match policy {
        Some(_) if !text.is_empty() => {
            let text = Text::new("不得与政策文本同时给出", "not beside text");
            violations.take("policy", Err([Rule::new("EXCLUDED", text)]))
        }
        Some(selector) => violations.collect(parse_selector(Some(&selector))).map(Draft::Added),
        None if text.is_empty() => violations.take("text", Err([Rule::required()])),
        None => Some(Draft::Text(text)),
    };
    let as_of = violations.take("as_of_time", optional_instant(as_of_time.as_ref()));
    let page = violations.collect(PageRequest::parse_bulk(page_size, &page_token));
    if as_of == Some(None) && !page_token.is_empty() {
        violations.add("as_of_time", Rule::required());
    }
    violations.finish(|| Some(SimulateRequest { draft: draft?, as_of: as_of?, page: page? }))
}

fn page<T>(page_size: i32, from: Result<Option<T>, [Rule; 1]>) -> Result<Page<T>, Violations> {
    let mut violations = Violations::default();
    let page = violations.collect(PageRequest::parse(page_size, ""));
    let from = violations.take("page_token", from);
    violations.finish(|| Some((from?, page?.size)))
}

fn selected(selector: Option<&pb::PolicySelector>) -> Result<Selector, [Rule; 1]> {
    let Some(pb::PolicySelector { digest, name, version }) = selector else {
        return Err([Rule::required()]);
    };
    let is_digest =
        digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match (digest.is_empty(), name.is_empty(), *version) {
        (true, true, 0) => Err([Rule::required()]),
        (false, true, 0) if is_digest => Ok(Selector::Digest(digest.clone())),
        (true, false, 1..) if Policy::is_name(name) => Ok(Selector::Version(name.clone(), *version)),
        _ => {
            let text = Text::new(
                "须为64位小写十六进制摘要，或名称（1至40个a-z 0-9 -）加版本",
                "a digest of 64 lower-case hexadecimal digits, or a name of 1 to 40 of a-z 0-9 - with a version",
            );
            Err([Rule::new("FORMAT", text)])
        }
    }
}

fn ordinal(ordinal: i64) -> Result<i64, [Rule; 1]> {
    if ordinal > 0 { Ok(ordinal) } else { Err([Rule::required()]) }
}

fn optional_instant(timestamp: Option<&Timestamp>) -> Result<Option<OffsetDateTime>, [Rule; 1]> {
    let Some(timestamp) = timestamp else { return Ok(None) };
    instant(timestamp).map(Some).ok_or_else(|| {
        let text = Text::new("时间不在日历范围内", "an instant of the calendar");
        [Rule::new("OUT_OF_RANGE", text)]
    })
}
