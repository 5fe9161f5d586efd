//! Corrections as messages.

use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{PageRequest, required_request_id, resource_id, resource_name, timestamp};
use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

use super::{collection, form, registration_id, registration_name, render, required_text};
use crate::{
    correction::{Correction, CorrectionState, CorrectionStep, Remark, Wanted},
    form::text::is_blank,
    store::CorrectionFilter,
};

/// Which correction, in what state the caller read it.
#[derive(Debug)]
pub(crate) struct CorrectionTarget {
    pub(crate) id: Uuid,
    pub(crate) etag: String,
}

/// What a reviewer decides.
#[derive(Debug)]
pub(crate) struct Review {
    pub(crate) target: CorrectionTarget,
    pub(crate) step: CorrectionStep,
    pub(crate) note: Option<Remark>,
}

/// Reads the resource name of a correction.
pub(crate) fn correction_id(name: &str) -> Result<Uuid, [Rule; 1]> {
    resource_id(collection::CORRECTIONS, name)
}

/// The resource name of a correction.
pub(crate) fn correction_name(id: Uuid) -> String {
    resource_name(collection::CORRECTIONS, id)
}

/// Reads which correction a write is about.
pub(crate) fn correction_target(
    request_id: &str,
    correction: &str,
    etag: &str,
) -> Result<CorrectionTarget, Violations> {
    let mut violations = Violations::default();
    violations.collect(required_request_id(request_id));
    let id = violations.take("correction", correction_id(correction));
    violations.collect(required_text("etag", etag));
    violations.finish(|| Some(CorrectionTarget { id: id?, etag: etag.to_owned() }))
}

/// Reads a review. A rejection says why.
pub(crate) fn review(message: pb::ReviewCorrectionRequest) -> Result<Review, Violations> {
    let pb::ReviewCorrectionRequest { request_id, correction, etag, decision, note } = message;
    let mut violations = Violations::default();
    let target = violations.collect(correction_target(&request_id, &correction, &etag));
    let step = violations.take("decision", step(decision));
    let note = if step != Some(CorrectionStep::Reject) && note.chars().all(is_blank) {
        None
    } else {
        violations.take("note", Remark::parse(&note))
    };
    violations.finish(|| Some(Review { target: target?, step: step?, note }))
}

fn step(wire: i32) -> Result<CorrectionStep, [Rule; 1]> {
    use pb::CorrectionDecision as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Approve) => Ok(CorrectionStep::Approve),
        Ok(Wire::Reject) => Ok(CorrectionStep::Reject),
        Ok(Wire::Unspecified) => Err([Rule::required()]),
        Err(_) => Err([Rule::new("UNKNOWN_VALUE", Text::new("须为批准或驳回", "approve or reject"))]),
    }
}

/// Reads which corrections are asked for.
pub(crate) fn list_corrections(
    message: &pb::ListCorrectionsRequest,
) -> Result<(CorrectionFilter, PageRequest), Violations> {
    let pb::ListCorrectionsRequest { state, registration, page_size, page_token } = message;
    let mut violations = Violations::default();
    let page = violations.collect(PageRequest::parse(*page_size, page_token));
    let state = violations.collect(wanted_state(*state));
    let registration = match registration.as_str() {
        "" => Some(None),
        name => violations.take("registration", registration_id(name)).map(Some),
    };
    violations.finish(|| Some((CorrectionFilter { state: state?, registration: registration? }, page?)))
}

fn wanted_state(wire: i32) -> Result<Option<CorrectionState>, Violations> {
    use pb::CorrectionState as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::Pending) => Ok(Some(CorrectionState::Pending)),
        Ok(Wire::Approved) => Ok(Some(CorrectionState::Approved)),
        Ok(Wire::Rejected) => Ok(Some(CorrectionState::Rejected)),
        Ok(Wire::Withdrawn) => Ok(Some(CorrectionState::Withdrawn)),
        Ok(Wire::Lapsed) => Ok(Some(CorrectionState::Lapsed)),
        Err(_) => {
            let text = Text::new("不在可选范围内", "not one of the published values");
            let rule = Rule::new("UNKNOWN_VALUE", text);
            Err(Violation { field: "state".to_owned(), rule }.into())
        }
    }
}

pub(crate) fn correction(of: &Correction) -> pb::Correction {
    let Wanted { identity, paths, document, instead_of: _, reason } = &of.wanted;
    let nothing = pb::RegistrationForm::default();
    pb::Correction {
        name: correction_name(of.id),
        registration: registration_name(of.registration),
        state: state(of.state).into(),
        etag: of.etag(),
        form: Some(form::with(paths, &nothing, &form::render_identity(identity))),
        changed_paths: paths.clone(),
        document: document.as_ref().map(render::document),
        correction_reason: reason.as_str().to_owned(),
        note: of.note.as_ref().map(Remark::as_str).unwrap_or_default().to_owned(),
        create_time: Some(timestamp(of.create_time)),
        end_time: of.end_time.map(timestamp),
        revision: of.revision.map(i32::from).unwrap_or_default(),
    }
}

fn state(of: CorrectionState) -> pb::CorrectionState {
    match of {
        CorrectionState::Pending => pb::CorrectionState::Pending,
        CorrectionState::Approved => pb::CorrectionState::Approved,
        CorrectionState::Rejected => pb::CorrectionState::Rejected,
        CorrectionState::Withdrawn => pb::CorrectionState::Withdrawn,
        CorrectionState::Lapsed => pb::CorrectionState::Lapsed,
    }
}

/// The state as a word of the contract.
pub(crate) fn correction_state_word(of: CorrectionState) -> &'static str {
    let name = state(of).as_str_name();
    name.strip_prefix("CORRECTION_STATE_").unwrap_or(name)
}
