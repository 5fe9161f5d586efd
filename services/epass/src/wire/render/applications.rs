//! What is told of applications.

use entrypass_proto::epass::v1::{ElectronicPassApplication, electronic_pass_application};
use entrypass_rpc::{resource_name, timestamp};

use crate::{
    application::{Application, State},
    wire::collection,
};

/// Renders an application.
pub(crate) fn render_application(application: &Application) -> ElectronicPassApplication {
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
    }
}

/// Renders a state.
pub(super) fn render_state(state: State) -> electronic_pass_application::State {
    use electronic_pass_application::State as Wire;
    match state {
        State::UnderReview => Wire::UnderReview,
        State::ReturnedForCorrection => Wire::ReturnedForCorrection,
        State::Approved => Wire::Approved,
        State::Rejected => Wire::Rejected,
        State::Withdrawn => Wire::Withdrawn,
        State::Expired => Wire::Expired,
    }
}
