//! What is asked for about applications.

use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::{Caller, PageRequest, required_request_id, resource_id};
use entrypass_rule::{Rule, Text, Violations};
use uuid::Uuid;

use super::unknown_value;
use crate::{
    application::{Decision, Review, Reviewer, State},
    store::queue,
    text::Note,
    wire::{collection, place},
};

/// A submission as it was asked for.
pub(crate) struct ApplyRequest {
    pub(crate) registration: Uuid,
    /// For the verification of identity.
    pub(crate) evidence: Vec<u8>,
}

/// A review as it was asked for.
pub(crate) struct ReviewRequest {
    pub(crate) application: Uuid,
    pub(crate) etag: String,
    pub(crate) reviewer: Reviewer,
    pub(crate) review: Review,
}

/// A list as it was asked for.
pub(crate) struct ListRequest {
    pub(crate) filter: queue::Filter,
    pub(crate) size: u64,
    /// `None` for the first page.
    pub(crate) from: Option<queue::Place>,
}

/// A claim as it was asked for.
pub(crate) struct ClaimRequest {
    pub(crate) reviewer: Reviewer,
    /// 1 to 20.
    pub(crate) count: u64,
}

/// Most applications that one call claims.
const CLAIM_LIMIT: u64 = 20;
/// Most bytes of evidence: as the identity service takes.
const EVIDENCE_LIMIT: usize = 4096;

/// Reads a new draft.
pub(crate) fn parse_create(request: &pb::CreateElectronicPassApplicationRequest) -> Result<Uuid, Violations> {
    let pb::CreateElectronicPassApplicationRequest { request_id, registration } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let registration = violations.take("registration", resource_id(collection::REGISTRATIONS, registration));
    violations.finish(|| registration)
}

/// Reads an application.
pub(crate) fn parse_apply(request: &pb::ApplyForElectronicPassRequest) -> Result<ApplyRequest, Violations> {
    let pb::ApplyForElectronicPassRequest { request_id, registration, evidence } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let registration = violations.take("registration", resource_id(collection::REGISTRATIONS, registration));
    if evidence.len() > EVIDENCE_LIMIT {
        let text = Text::new("核验凭据最多4096字节", "evidence has at most 4096 bytes");
        violations.add("evidence", Rule::new("LENGTH", text));
    }
    violations.finish(|| Some(ApplyRequest { registration: registration?, evidence: evidence.clone() }))
}

/// Reads the `application` of a request that has no other field.
pub(crate) fn parse_application(name: &str) -> Result<Uuid, Violations> {
    Violations::at("application", resource_id(collection::APPLICATIONS, name))
}

/// Reads a withdrawal: the application, and the etag that was read.
pub(crate) fn parse_withdraw(
    request: &pb::WithdrawElectronicPassApplicationRequest,
) -> Result<(Uuid, String), Violations> {
    let pb::WithdrawElectronicPassApplicationRequest { request_id, application, etag } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let application = violations.take("application", resource_id(collection::APPLICATIONS, application));
    if etag.is_empty() {
        violations.add("etag", Rule::required());
    }
    violations.finish(|| Some((application?, etag.clone())))
}

/// Reads a decision of a reviewer of `caller`.
pub(crate) fn parse_review(
    caller: &Caller,
    request: &pb::ReviewElectronicPassApplicationRequest,
) -> Result<ReviewRequest, Violations> {
    let pb::ReviewElectronicPassApplicationRequest {
        request_id,
        application,
        etag,
        decision,
        note,
        reviewer,
    } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let application = violations.take("application", resource_id(collection::APPLICATIONS, application));
    if etag.is_empty() {
        violations.add("etag", Rule::required());
    }
    let decision = violations.take("decision", parse_decision(*decision));
    let review = match (decision, violations.take("note", Note::new(note))) {
        (Some(decision), Some(note)) => violations.take("note", Review::new(decision, note)),
        _ => None,
    };
    let reviewer = violations.take("reviewer", Reviewer::new(caller.as_str(), reviewer));
    violations.finish(|| {
        let (etag, reviewer) = (etag.clone(), reviewer?);
        Some(ReviewRequest { application: application?, etag, reviewer, review: review? })
    })
}

/// Reads which applications are asked for.
pub(crate) fn parse_list(
    request: &pb::ListElectronicPassApplicationsRequest,
) -> Result<ListRequest, Violations> {
    let pb::ListElectronicPassApplicationsRequest { state, page_size, page_token, overdue, unclaimed } =
        request;
    let mut violations = Violations::default();
    let state = violations.take("state", parse_state_filter(*state));
    let size = violations.collect(PageRequest::parse(*page_size, ""));
    let from = violations.take("page_token", place::parse(page_token));
    violations.finish(|| {
        let filter = queue::Filter { state: state?, overdue: *overdue, unclaimed: *unclaimed };
        Some(ListRequest { filter, size: size?.size, from: from? })
    })
}

/// Reads a claim of a reviewer of `caller`.
pub(crate) fn parse_claim(
    caller: &Caller,
    request: &pb::ClaimElectronicPassApplicationsRequest,
) -> Result<ClaimRequest, Violations> {
    let pb::ClaimElectronicPassApplicationsRequest { request_id, reviewer, count } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let reviewer = violations.take("reviewer", Reviewer::new(caller.as_str(), reviewer));
    let count = u64::try_from(*count).ok().filter(|count| (1..=CLAIM_LIMIT).contains(count));
    if count.is_none() {
        let text = Text::new("领取数量须为1至20", "1 to 20 applications can be claimed at once");
        violations.add("count", Rule::new("OUT_OF_RANGE", text));
    }
    violations.finish(|| Some(ClaimRequest { reviewer: reviewer?, count: count? }))
}

/// Reads which application a reviewer of `caller` gives back.
pub(crate) fn parse_release(
    caller: &Caller,
    request: &pb::ReleaseElectronicPassApplicationRequest,
) -> Result<(Uuid, Reviewer), Violations> {
    let pb::ReleaseElectronicPassApplicationRequest { request_id, application, reviewer } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let application = violations.take("application", resource_id(collection::APPLICATIONS, application));
    let reviewer = violations.take("reviewer", Reviewer::new(caller.as_str(), reviewer));
    violations.finish(|| Some((application?, reviewer?)))
}

fn parse_decision(decision: i32) -> Result<Decision, [Rule; 1]> {
    match pb::ReviewDecision::try_from(decision) {
        Ok(pb::ReviewDecision::Approve) => Ok(Decision::Approve),
        Ok(pb::ReviewDecision::ReturnForCorrection) => Ok(Decision::ReturnForCorrection),
        Ok(pb::ReviewDecision::Reject) => Ok(Decision::Reject),
        Ok(pb::ReviewDecision::Unspecified) => Err([Rule::required()]),
        Err(_) => Err([unknown_value("未知的审核决定", "not one of the published decisions")]),
    }
}

fn parse_state_filter(state: i32) -> Result<Option<State>, [Rule; 1]> {
    use pb::electronic_pass_application::State as Wire;
    match Wire::try_from(state) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::UnderReview) => Ok(Some(State::UnderReview)),
        Ok(Wire::ReturnedForCorrection) => Ok(Some(State::ReturnedForCorrection)),
        Ok(Wire::Approved) => Ok(Some(State::Approved)),
        Ok(Wire::Rejected) => Ok(Some(State::Rejected)),
        Ok(Wire::Withdrawn) => Ok(Some(State::Withdrawn)),
        Ok(Wire::Expired) => Ok(Some(State::Expired)),
        Ok(Wire::Draft) => Ok(Some(State::Draft)),
        Ok(Wire::Submitted) => Ok(Some(State::Submitted)),
        Ok(Wire::IdentityVerifying) => Ok(Some(State::IdentityVerifying)),
        Ok(Wire::VerificationFailed) => Ok(Some(State::VerificationFailed)),
        Ok(Wire::Issued) => Ok(Some(State::Issued)),
        Err(_) => Err([unknown_value("未知的申请状态", "not one of the published states")]),
    }
}
