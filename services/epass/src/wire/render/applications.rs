//! What is told of applications.

use entrypass_proto::epass::v1::{ApplicationClaim, ElectronicPassApplication, electronic_pass_application};
use entrypass_rpc::{resource_name, timestamp};
use time::OffsetDateTime;

use crate::{
    application::{Application, State},
    wire::{collection, identity::render_finding},
};

/// Renders an application as it stands at `now`, for its traveller: without what reviewers have to do with it.
pub(crate) fn render_application(
    application: &Application,
    now: OffsetDateTime,
) -> ElectronicPassApplication {
    ElectronicPassApplication {
        name: resource_name(collection::APPLICATIONS, application.id),
        etag: application.etag(),
        traveller: resource_name(collection::TRAVELLERS, application.traveller),
        registration: resource_name(collection::REGISTRATIONS, application.registration),
        state: render_state(application.state).into(),
        review_note: application.review_note.as_str().to_owned(),
        submission_count: application.submission_count,
        create_time: Some(timestamp(application.create_time)),
        update_time: Some(timestamp(application.update_time)),
        promise_time: application.promise_time.map(timestamp),
        overdue: application.is_overdue(now),
        lapse_time: application.lapse_time.map(timestamp),
        identity: application.finding.as_ref().map(render_finding),
        claim: None,
        reviewed_by: String::new(),
    }
}

/// Renders an application as it stands at `now`, for reviewers.
pub(crate) fn render_queued(application: &Application, now: OffsetDateTime) -> ElectronicPassApplication {
    let claim = application.claim_at(now).map(|claim| ApplicationClaim {
        reviewer: claim.reviewer.word.clone(),
        expire_time: Some(timestamp(claim.until)),
    });
    let reviewed_by = application.reviewed_by.as_ref().map(|reviewer| reviewer.word.clone());
    ElectronicPassApplication {
        claim,
        reviewed_by: reviewed_by.unwrap_or_default(),
        ..render_application(application, now)
    }
}

/// Renders a state.
pub(super) fn render_state(state: State) -> electronic_pass_application::State {
    use electronic_pass_application::State as Wire;
    match state {
        State::Draft => Wire::Draft,
        State::Submitted => Wire::Submitted,
        State::IdentityVerifying => Wire::IdentityVerifying,
        State::VerificationFailed => Wire::VerificationFailed,
        State::UnderReview => Wire::UnderReview,
        State::ReturnedForCorrection => Wire::ReturnedForCorrection,
        State::Approved => Wire::Approved,
        State::Issued => Wire::Issued,
        State::Rejected => Wire::Rejected,
        State::Withdrawn => Wire::Withdrawn,
        State::Expired => Wire::Expired,
    }
}

/// Renders the name of an application and nothing else of it.
pub(crate) fn name_application(application: &Application) -> ElectronicPassApplication {
    let name = resource_name(collection::APPLICATIONS, application.id);
    ElectronicPassApplication { name, ..ElectronicPassApplication::default() }
}
