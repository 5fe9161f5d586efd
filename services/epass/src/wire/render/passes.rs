//! What is told of passes.

use entrypass_proto::{
    epass::v1::{self as pb, ElectronicPass, PassLevel, electronic_pass, external_pass_result::Outcome},
    errors::v1::{ErrorReason, ViolationReason},
    registration::v1::Document,
};
use entrypass_rpc::{Problem, reason_text, resource_name, timestamp};
use entrypass_rule::{Language, Violation};
use time::OffsetDateTime;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{
    error::Error,
    level::{Level, Standing},
    pass::{IllegalStep, Made, Origin, Pass, Reason, Recorded, State},
    wire::collection,
};

/// Renders a pass as it stands at `now`.
pub(crate) fn render_pass(pass: &Pass, now: OffsetDateTime) -> ElectronicPass {
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
        state: render_state(pass.state(now)).into(),
        etag: pass.etag(),
        expire_time: pass.expire_time.map(timestamp),
        state_time: Some(timestamp(pass.state_time(now))),
    }
}

/// Renders a pass with what happened to it.
pub(crate) fn render_record(pass: &Pass, steps: &[Made], now: OffsetDateTime) -> pb::ElectronicPassRecord {
    let step = |made: &Made| pb::ElectronicPassStep {
        state: render_state(made.state).into(),
        reason: made.reason.map(render_reason).unwrap_or_default().into(),
        note: made.note.as_str().to_owned(),
        step_time: Some(timestamp(made.time)),
    };
    pb::ElectronicPassRecord {
        electronic_pass: Some(render_pass(pass, now)),
        steps: steps.iter().map(step).collect(),
    }
}

/// What a request says of a pass of another channel, by which a repetition is known: all of it, with the person in place of the document. A number that
/// is nobody's has no place in it either: it may be somebody's but for a slip.
pub(crate) fn render_said(said: pb::ExternalPass, traveller: Option<Uuid>) -> pb::ExternalPass {
    let document = said.document.map(|document| match traveller {
        Some(traveller) => {
            let number = resource_name(collection::TRAVELLERS, traveller);
            Document { number, ..Document::default() }
        }
        None => Document { number: String::new(), ..document },
    });
    pb::ExternalPass { document, ..said }
}

/// Renders a level for whoever asked by `registration`.
pub(crate) fn render_standing(
    registration: Uuid,
    standing: Standing,
    pass: Option<&Pass>,
    now: OffsetDateTime,
) -> pb::ElectronicPassLevel {
    let Standing { level, until, follow_up_due } = standing;
    pb::ElectronicPassLevel {
        registration: resource_name(collection::REGISTRATIONS, registration),
        level: render_level(level).into(),
        level_until_time: until.map(timestamp),
        follow_up_due_time: follow_up_due.map(timestamp),
        pass_state: pass.map(|pass| render_state(pass.state(now))).unwrap_or_default().into(),
    }
}

/// Renders a level.
pub(crate) fn render_level(level: Level) -> PassLevel {
    match level {
        Level::None => PassLevel::None,
        Level::AllowLocal => PassLevel::AllowLocal,
        Level::AllowVisitor => PassLevel::AllowVisitor,
        Level::Temporary => PassLevel::Temporary,
        Level::Deny => PassLevel::Deny,
    }
}

/// Renders a state.
pub(super) fn render_state(state: State) -> electronic_pass::State {
    match state {
        State::Active => electronic_pass::State::Active,
        State::Suspended => electronic_pass::State::Suspended,
        State::Expired => electronic_pass::State::Expired,
        State::Revoked => electronic_pass::State::Revoked,
        State::Cancelled => electronic_pass::State::Cancelled,
    }
}

fn render_reason(reason: Reason) -> pb::PassReason {
    match reason {
        Reason::DataError => pb::PassReason::DataError,
        Reason::FraudSuspected => pb::PassReason::FraudSuspected,
        Reason::FraudConfirmed => pb::PassReason::FraudConfirmed,
        Reason::HealthOrder => pb::PassReason::HealthOrder,
        Reason::LostOrCopied => pb::PassReason::LostOrCopied,
        Reason::WithdrawnByIssuer => pb::PassReason::WithdrawnByIssuer,
        Reason::Cleared => pb::PassReason::Cleared,
        Reason::Other => pb::PassReason::Other,
    }
}

/// Renders what became of the row at `place` of a list.
pub(crate) fn render_result(
    place: usize,
    of: Result<(Recorded, Pass), Error>,
    language: Language,
) -> pb::ExternalPassResult {
    match of {
        Ok((recorded, pass)) => pb::ExternalPassResult {
            outcome: render_outcome(recorded).into(),
            electronic_pass: resource_name(collection::ELECTRONIC_PASSES, pass.id),
            refusal: None,
        },
        Err(error) => pb::ExternalPassResult {
            outcome: Outcome::Refused.into(),
            electronic_pass: String::new(),
            refusal: Some(render_refusal(place, error, language)),
        },
    }
}

/// Renders what became of a pass of another channel.
pub(crate) fn render_outcome(recorded: Recorded) -> Outcome {
    match recorded {
        Recorded::New => Outcome::Recorded,
        Recorded::Known => Outcome::Known,
        Recorded::Prolonged => Outcome::Prolonged,
    }
}

fn render_refusal(place: usize, error: Error, language: Language) -> pb::ExternalPassRefusal {
    let (conflict, violations) = match &error {
        Error::Invalid(broken) => ("", broken.iter().map(|one| violation(place, one, language)).collect()),
        Error::Registration(status) => ("", told_violations(place, status)),
        Error::PassExists => ("TRAVELLER", Vec::new()),
        Error::PassNumberTaken => ("PASS_NUMBER", Vec::new()),
        Error::IllegalStep(IllegalStep(state)) => (state.word(), Vec::new()),
        _ => ("", Vec::new()),
    };
    let reason = Problem::from(error).reason();
    pb::ExternalPassRefusal {
        reason: reason.into(),
        conflict: conflict.to_owned(),
        text: text(reason, language),
        violations,
    }
}

fn text(reason: ErrorReason, language: Language) -> String {
    reason_text(reason).in_language(language).to_owned()
}

fn violation(place: usize, of: &Violation, language: Language) -> pb::ExternalPassViolation {
    pb::ExternalPassViolation {
        field: format!("passes[{place}].{}", of.field),
        reason: violation_reason(of.rule.reason).into(),
        text: of.rule.text.in_language(language).to_owned(),
    }
}

/// What the registration service finds wrong with the document of a row, in the language of the call.
fn told_violations(place: usize, status: &Status) -> Vec<pb::ExternalPassViolation> {
    let broken = status.get_details_bad_request().map(|broken| broken.field_violations).unwrap_or_default();
    let told = broken.into_iter().map(|one| pb::ExternalPassViolation {
        field: format!("passes[{place}].{}", one.field),
        reason: violation_reason(&one.reason).into(),
        text: one.description,
    });
    told.collect()
}

fn violation_reason(word: &str) -> ViolationReason {
    ViolationReason::from_str_name(&format!("VIOLATION_REASON_{word}")).unwrap_or_default()
}
