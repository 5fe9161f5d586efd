//! What is asked for about applications.

use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::{PageRequest, required_request_id, resource_id};
use entrypass_rule::{Rule, Violations};
use uuid::Uuid;

use super::unknown_value;
use crate::{
    application::{Decision, Review, State},
    text::Note,
    wire::collection,
};

/// A review as it was asked for.
pub(crate) struct ReviewRequest {
    pub(crate) application: Uuid,
    pub(crate) etag: String,
    pub(crate) review: Review,
}

/// A list as it was asked for.
pub(crate) struct ListRequest {
    /// `None` for all states.
    pub(crate) state: Option<State>,
    pub(crate) page: PageRequest,
}

/// Reads an application.
pub(crate) fn parse_apply(request: &pb::ApplyForElectronicPassRequest) -> Result<Uuid, Violations> {
    let pb::ApplyForElectronicPassRequest { request_id, registration } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let registration = violations.take("registration", resource_id(collection::REGISTRATIONS, registration));
    violations.finish(|| registration)
}

/// Reads a reviewer's decision.
pub(crate) fn parse_review(
    request: &pb::ReviewElectronicPassApplicationRequest,
) -> Result<ReviewRequest, Violations> {
    let pb::ReviewElectronicPassApplicationRequest { request_id, application, etag, decision, note } =
        request;
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
    violations
        .finish(|| Some(ReviewRequest { application: application?, etag: etag.clone(), review: review? }))
}

/// Reads which applications are asked for.
pub(crate) fn parse_list(
    request: &pb::ListElectronicPassApplicationsRequest,
) -> Result<ListRequest, Violations> {
    let pb::ListElectronicPassApplicationsRequest { state, page_size, page_token } = request;
    let mut violations = Violations::default();
    let state = violations.take("state", parse_state_filter(*state));
    let page = violations.collect(PageRequest::parse(*page_size, page_token));
    violations.finish(|| Some(ListRequest { state: state?, page: page? }))
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
        Err(_) => Err([unknown_value("未知的申请状态", "not one of the published states")]),
    }
}
