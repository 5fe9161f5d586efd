//! Domain values to messages.

mod applications;
mod change;
mod circumstances;
mod passes;

use entrypass_proto::epass::v1::{ElectronicPassOffer, OfferReason, offer_reason::Code};
use entrypass_rpc::resource_name;
use entrypass_rule::Language;
use time::OffsetDateTime;
use uuid::Uuid;

use super::collection;
use crate::{
    application::Application,
    eligibility::{Obstacle, Offer, Reason},
    pass::Pass,
};

pub(crate) use applications::{name_application, render_application, render_queued};
pub(crate) use change::render_changes;
pub(crate) use circumstances::{render_follow_up, render_quarantine};
pub(crate) use passes::{
    render_level, render_meaning, render_pass, render_record, render_result, render_standing,
};

/// Renders an offer with what it was decided on.
pub(crate) fn render_offer(
    offer: &Offer,
    application: Option<&Application>,
    pass: Option<&Pass>,
    now: OffsetDateTime,
) -> ElectronicPassOffer {
    ElectronicPassOffer {
        offered: offer.is_given(),
        reasons: offer.reasons().into_iter().map(render_reason).collect(),
        application: application.map(|application| render_application(application, now)),
        electronic_pass: pass.map(|pass| render_pass(pass, now)),
    }
}

/// The resource name of a person.
pub(crate) fn render_traveller_name(traveller: Uuid) -> String {
    resource_name(collection::TRAVELLERS, traveller)
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
        Reason::ApplicationDrafted => Code::ApplicationDrafted,
        Reason::ApplicationReturned => Code::ApplicationReturned,
        Reason::VerificationFailed => Code::VerificationFailed,
        Reason::Against(Obstacle::RegistrationNotActive) => Code::RegistrationNotActive,
        Reason::Against(Obstacle::DocumentTypeNotEligible) => Code::DocumentTypeNotEligible,
        Reason::Against(Obstacle::AlreadyCompleted) => Code::AlreadyCompleted,
        Reason::Against(Obstacle::ApplicationInProgress) => Code::ApplicationInProgress,
    }
}
