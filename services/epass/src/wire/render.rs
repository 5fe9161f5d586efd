//! Domain values to messages.

mod applications;
mod change;
mod circumstances;
mod passes;
mod policies;

use entrypass_policy::Policy;
use entrypass_proto::epass::v1::{ElectronicPassOffer, OfferReason, offer_reason::Code};
use entrypass_rpc::resource_name;
use entrypass_rule::{Language, Text};
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
    render_level, render_outcome, render_pass, render_record, render_result, render_said, render_standing,
};
pub(crate) use policies::{render_activation, render_explanation, render_policy, render_simulation};

/// Renders an offer with what it was decided on.
pub(crate) fn render_offer(
    offer: &Offer,
    policy: &Policy,
    application: Option<&Application>,
    pass: Option<&Pass>,
    now: OffsetDateTime,
) -> ElectronicPassOffer {
    ElectronicPassOffer {
        offered: offer.is_given(),
        reasons: render_reasons(offer),
        application: application.map(|application| render_application(application, now)),
        electronic_pass: pass.map(|pass| render_pass(pass, now)),
        policy_name: policy.name().to_owned(),
        policy_version: i64::from(policy.version()),
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

/// Obstacles as error metadata: the ids of the rules, separated by commas.
pub(crate) fn obstacle_words(obstacles: &[Obstacle]) -> String {
    obstacles.iter().map(|obstacle| obstacle.rule.as_str()).collect::<Vec<_>>().join(",")
}

fn render_reasons(offer: &Offer) -> Vec<OfferReason> {
    match offer {
        Offer::NewApplication => vec![render_reason(Reason::Eligible)],
        Offer::Submission(reason) => vec![render_reason(*reason)],
        Offer::Withheld(obstacles) => obstacles.iter().map(render_obstacle).collect(),
    }
}

fn render_reason(reason: Reason) -> OfferReason {
    let code = match reason {
        Reason::Eligible => Code::Eligible,
        Reason::ApplicationDrafted => Code::ApplicationDrafted,
        Reason::ApplicationReturned => Code::ApplicationReturned,
        Reason::VerificationFailed => Code::VerificationFailed,
    };
    reason_of(code, &reason.text(), String::new())
}

fn render_obstacle(obstacle: &Obstacle) -> OfferReason {
    let code = match obstacle.rule.as_str() {
        "REGISTRATION_NOT_ACTIVE" => Code::RegistrationNotActive,
        "DOCUMENT_TYPE_NOT_ELIGIBLE" => Code::DocumentTypeNotEligible,
        "ALREADY_COMPLETED" => Code::AlreadyCompleted,
        "APPLICATION_IN_PROGRESS" => Code::ApplicationInProgress,
        // What a city calls its own rules is its own affair; the words of an offer that is given are none of them.
        _ => Code::OtherRule,
    };
    reason_of(code, &obstacle.text, obstacle.rule.clone())
}

fn reason_of(code: Code, text: &Text, rule: String) -> OfferReason {
    OfferReason {
        code: code.into(),
        text_zh_cn: text.in_language(Language::ZhCn).to_owned(),
        text_en: text.in_language(Language::En).to_owned(),
        rule,
    }
}
