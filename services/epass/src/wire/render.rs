//! Domain values to messages.

use entrypass_proto::epass::v1::{
    ElectronicPass, ElectronicPassApplication, ElectronicPassOffer, OfferReason, PassLevel, electronic_pass,
    electronic_pass_application, offer_reason::Code,
};
use entrypass_rpc::{resource_name, timestamp};
use entrypass_rule::Language;
use uuid::Uuid;

use super::collection;
use crate::{
    application::{Application, State},
    eligibility::{Obstacle, Offer, Reason},
    level::Level,
    pass::{Origin, Pass},
};

/// Renders an offer with what it was decided on.
pub(crate) fn render_offer(
    offer: &Offer,
    application: Option<&Application>,
    pass: Option<&Pass>,
) -> ElectronicPassOffer {
    ElectronicPassOffer {
        offered: offer.is_given(),
        reasons: offer.reasons().into_iter().map(render_reason).collect(),
        application: application.map(render_application),
        electronic_pass: pass.map(render_pass),
    }
}

/// Renders an application.
pub(crate) fn render_application(application: &Application) -> ElectronicPassApplication {
    use electronic_pass_application::State as Wire;
    let state = match application.state {
        State::UnderReview => Wire::UnderReview,
        State::ReturnedForCorrection => Wire::ReturnedForCorrection,
        State::Approved => Wire::Approved,
        State::Rejected => Wire::Rejected,
        State::Withdrawn => Wire::Withdrawn,
        State::Expired => Wire::Expired,
    };
    ElectronicPassApplication {
        name: resource_name(collection::APPLICATIONS, application.id),
        etag: application.etag(),
        traveller: resource_name(collection::TRAVELLERS, application.traveller),
        registration: resource_name(collection::REGISTRATIONS, application.registration),
        state: state.into(),
        review_note: application.review_note.as_str().to_owned(),
        submission_count: application.submission_count,
        create_time: Some(timestamp(application.create_time)),
        update_time: Some(timestamp(application.update_time)),
    }
}

/// Renders a pass.
pub(crate) fn render_pass(pass: &Pass) -> ElectronicPass {
    let (origin, issuer) = match &pass.origin {
        Origin::Application => (electronic_pass::Origin::Application, ""),
        Origin::External { issuer } => (electronic_pass::Origin::External, issuer.as_str()),
    };
    ElectronicPass {
        name: resource_name(collection::ELECTRONIC_PASSES, pass.id),
        traveller: resource_name(collection::TRAVELLERS, pass.traveller),
        pass_number: pass.number.clone(),
        origin: origin.into(),
        issuer: issuer.to_owned(),
        issue_time: Some(timestamp(pass.issue_time)),
    }
}

/// Renders a level.
pub(crate) fn render_level(level: Level) -> PassLevel {
    match level {
        Level::None => PassLevel::None,
        Level::AllowLocal => PassLevel::AllowLocal,
        Level::AllowVisitor => PassLevel::AllowVisitor,
        Level::Temporary => PassLevel::Temporary,
    }
}

/// The resource name of a registration.
pub(crate) fn render_registration_name(registration: Uuid) -> String {
    resource_name(collection::REGISTRATIONS, registration)
}

/// Obstacles as error metadata: values of `OfferReason.Code` without prefix, separated by commas.
pub(crate) fn obstacle_words(obstacles: &[Obstacle]) -> String {
    let word = |obstacle: &Obstacle| {
        let name = code(Reason::Against(*obstacle)).as_str_name();
        name.strip_prefix("CODE_").unwrap_or(name)
    };
    obstacles.iter().map(word).collect::<Vec<_>>().join(",")
}

fn render_reason(reason: Reason) -> OfferReason {
    let text = reason.text();
    OfferReason {
        code: code(reason).into(),
        text_zh_cn: text.in_language(Language::ZhCn).to_owned(),
        text_en: text.in_language(Language::En).to_owned(),
    }
}

fn code(reason: Reason) -> Code {
    match reason {
        Reason::Eligible => Code::Eligible,
        Reason::ApplicationReturned => Code::ApplicationReturned,
        Reason::Against(Obstacle::RegistrationNotActive) => Code::RegistrationNotActive,
        Reason::Against(Obstacle::DocumentTypeNotEligible) => Code::DocumentTypeNotEligible,
        Reason::Against(Obstacle::AlreadyCompleted) => Code::AlreadyCompleted,
        Reason::Against(Obstacle::ApplicationInProgress) => Code::ApplicationInProgress,
    }
}
