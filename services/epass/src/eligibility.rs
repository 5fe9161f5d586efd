//! The rule of the offer: who may apply for the electronic pass, and every reason why not.
//!
//! Owns the decision and its wording. Pure: the facts are handed in. Step 5 of the operation guide is its source: the
//! registered document is the mainland resident identity card, and the application is not completed.

use entrypass_rule::Text;
use time::OffsetDateTime;

use crate::{
    application::{Applicant, Application, State},
    pass::Pass,
};

/// Everything that the rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// See [`Applicant`].
    pub(crate) registration_active: bool,
    /// See [`Applicant`].
    pub(crate) resident_id_card: bool,
    /// The person has a pass that is active or suspended, issued here or recorded as issued elsewhere. One that was revoked, given up or has run out is
    /// not "completed" any more: what then stands against a new one is a reviewer's to decide.
    pub(crate) pass_is_live: bool,
    /// Where the person's last application stands.
    pub(crate) last_application: Option<State>,
}

/// What the rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// A new application may be made.
    NewApplication,
    /// The open application may be submitted, for this reason.
    Submission(Reason),
    /// Nothing may be submitted: each rule that stands against it, at least one.
    Withheld(Vec<Obstacle>),
}

/// A rule that stands against the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The registration has ended.
    RegistrationNotActive,
    /// The document is no resident identity card.
    DocumentTypeNotEligible,
    /// The person has a live pass.
    AlreadyCompleted,
    /// An application was submitted and is not decided.
    ApplicationInProgress,
}

/// Why the pass is offered or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Nothing stands against a new application.
    Eligible,
    /// Nothing stands against submitting what was begun.
    ApplicationDrafted,
    /// Nothing stands against submitting again what was returned.
    ApplicationReturned,
    /// Nothing stands against submitting again what could not be verified.
    VerificationFailed,
    /// This stands against it.
    Against(Obstacle),
}

impl Facts {
    /// Puts together what the neighbour says and what is known here.
    pub(crate) fn of(
        applicant: &Applicant,
        application: Option<&Application>,
        pass: Option<&Pass>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            registration_active: applicant.registration_active,
            resident_id_card: applicant.resident_id_card,
            pass_is_live: pass.is_some_and(|pass| pass.is_live(now)),
            last_application: application.map(|application| application.state),
        }
    }
}

/// Decides on the offer.
pub(crate) fn decide(facts: Facts) -> Offer {
    let last = facts.last_application;
    let in_progress = last.is_some_and(|state| State::WAITING.contains(&state));
    let rules = [
        (!facts.registration_active, Obstacle::RegistrationNotActive),
        (!facts.resident_id_card, Obstacle::DocumentTypeNotEligible),
        (facts.pass_is_live, Obstacle::AlreadyCompleted),
        (in_progress, Obstacle::ApplicationInProgress),
    ];
    let obstacles: Vec<_> = rules.into_iter().filter_map(|(stands, rule)| stands.then_some(rule)).collect();
    if !obstacles.is_empty() {
        return Offer::Withheld(obstacles);
    }
    match last {
        Some(State::Draft) => Offer::Submission(Reason::ApplicationDrafted),
        Some(State::ReturnedForCorrection) => Offer::Submission(Reason::ApplicationReturned),
        Some(State::VerificationFailed) => Offer::Submission(Reason::VerificationFailed),
        _ => Offer::NewApplication,
    }
}

impl Offer {
    /// The button for applying is shown.
    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Self::Withheld(_))
    }

    /// Every reason of this offer.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::NewApplication => vec![Reason::Eligible],
            Self::Submission(reason) => vec![*reason],
            Self::Withheld(obstacles) => obstacles.iter().copied().map(Reason::Against).collect(),
        }
    }
}

impl Reason {
    /// The reason for people.
    pub(crate) fn text(self) -> Text {
        let (zh_cn, en) = match self {
            Self::Eligible => ("符合电子通行证申请条件", "everything that the rule asks for is given"),
            Self::ApplicationDrafted => {
                ("已有申请草稿，可提交", "an application was begun and can be submitted")
            }
            Self::VerificationFailed => (
                "身份核验未通过，更正登记信息后可重新提交",
                "the identity could not be confirmed; mend the registration, and submit again",
            ),
            Self::ApplicationReturned => (
                "申请已退回补正，可重新提交",
                "the application was returned for correction and can be submitted again",
            ),
            Self::Against(Obstacle::RegistrationNotActive) => {
                ("登记已过期或已取消", "the registration has expired or was cancelled")
            }
            Self::Against(Obstacle::DocumentTypeNotEligible) => (
                "登记所用证件不是居民身份证（港澳台居民居住证不属于居民身份证）",
                "the registered document is not a resident identity card; a residence permit is none",
            ),
            Self::Against(Obstacle::AlreadyCompleted) => (
                "已有本系统或其他渠道签发的电子通行证（有效或挂起）",
                "there is a pass, issued here or by another channel",
            ),
            Self::Against(Obstacle::ApplicationInProgress) => {
                ("已有申请正在办理", "an application was submitted and is not decided yet")
            }
        };
        Text::new(zh_cn, en)
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Obstacle, Offer, Reason, State, decide};

    const LAST: [Option<State>; 12] = [
        None,
        Some(State::Draft),
        Some(State::Submitted),
        Some(State::IdentityVerifying),
        Some(State::VerificationFailed),
        Some(State::UnderReview),
        Some(State::ReturnedForCorrection),
        Some(State::Approved),
        Some(State::Issued),
        Some(State::Rejected),
        Some(State::Withdrawn),
        Some(State::Expired),
    ];

    /// What stands against it apart from the last application, by registration active, resident identity card, pass live.
    const AGAINST: [((bool, bool, bool), &str); 8] = [
        ((true, true, false), ""),
        ((true, true, true), "P"),
        ((true, false, false), "D"),
        ((true, false, true), "DP"),
        ((false, true, false), "R"),
        ((false, true, true), "RP"),
        ((false, false, false), "RD"),
        ((false, false, true), "RDP"),
    ];
    /// What each state of [`LAST`] adds to what stands against it, or says where nothing does. E eligible, B begun, C returned for
    /// correction, V not verified; against it: R registration, D document type, P pass, A application.
    const ADDED: [&str; 12] = ["E", "B", "A", "A", "V", "A", "C", "E", "E", "E", "E", "E"];

    fn expected(against: &str, added: &str) -> String {
        match (against, added) {
            ("", _) => added.to_owned(),
            (_, "A") => format!("{against}{added}"),
            _ => against.to_owned(),
        }
    }

    fn letter(reason: Reason) -> char {
        match reason {
            Reason::Eligible => 'E',
            Reason::ApplicationDrafted => 'B',
            Reason::ApplicationReturned => 'C',
            Reason::VerificationFailed => 'V',
            Reason::Against(Obstacle::RegistrationNotActive) => 'R',
            Reason::Against(Obstacle::DocumentTypeNotEligible) => 'D',
            Reason::Against(Obstacle::AlreadyCompleted) => 'P',
            Reason::Against(Obstacle::ApplicationInProgress) => 'A',
        }
    }

    #[test]
    fn the_whole_decision_table_holds() {
        for ((registration_active, resident_id_card, pass_is_live), against) in AGAINST {
            for (last_application, added) in LAST.into_iter().zip(ADDED) {
                let facts = Facts { registration_active, resident_id_card, pass_is_live, last_application };
                let offer = decide(facts);
                let found: String = offer.reasons().into_iter().map(letter).collect();
                assert_eq!(found, expected(against, added), "{facts:?}");
                assert_eq!(offer.is_given(), matches!(&*found, "E" | "B" | "C" | "V"), "{facts:?}");
                assert_eq!(
                    matches!(offer, Offer::Submission(_)),
                    matches!(&*found, "B" | "C" | "V"),
                    "{facts:?}"
                );
            }
        }
    }
}
