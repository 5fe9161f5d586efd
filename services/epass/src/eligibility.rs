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
    /// The returned application may be submitted again.
    Resubmission,
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
    /// An application waits for its decision.
    ApplicationInProgress,
}

/// Why the pass is offered or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Nothing stands against a new application.
    Eligible,
    /// Nothing stands against submitting again.
    ApplicationReturned,
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
    let rules = [
        (!facts.registration_active, Obstacle::RegistrationNotActive),
        (!facts.resident_id_card, Obstacle::DocumentTypeNotEligible),
        (facts.pass_is_live, Obstacle::AlreadyCompleted),
        (last == Some(State::UnderReview), Obstacle::ApplicationInProgress),
    ];
    let obstacles: Vec<_> = rules.into_iter().filter_map(|(stands, rule)| stands.then_some(rule)).collect();
    if !obstacles.is_empty() {
        Offer::Withheld(obstacles)
    } else if last == Some(State::ReturnedForCorrection) {
        Offer::Resubmission
    } else {
        Offer::NewApplication
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
            Self::Resubmission => vec![Reason::ApplicationReturned],
            Self::Withheld(obstacles) => obstacles.iter().copied().map(Reason::Against).collect(),
        }
    }
}

impl Reason {
    /// The reason for people.
    pub(crate) fn text(self) -> Text {
        let (zh_cn, en) = match self {
            Self::Eligible => ("符合电子通行证申请条件", "everything that the rule asks for is given"),
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
                "已有本系统或其他渠道签发的有效或已挂起的电子通行证",
                "there is a pass, issued here or by another channel",
            ),
            Self::Against(Obstacle::ApplicationInProgress) => {
                ("申请正在审核中", "an application is under review")
            }
        };
        Text::new(zh_cn, en)
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Obstacle, Offer, Reason, State, decide};

    const LAST: [Option<State>; 7] = [
        None,
        Some(State::UnderReview),
        Some(State::ReturnedForCorrection),
        Some(State::Approved),
        Some(State::Rejected),
        Some(State::Withdrawn),
        Some(State::Expired),
    ];

    /// Registration active, resident identity card, pass live; then the reasons for each state of [`LAST`].
    type Row = ((bool, bool, bool), [&'static str; 7]);

    /// E eligible, C returned for correction; against it: R registration, D document type, P pass, A application.
    const TABLE: [Row; 8] = [
        ((true, true, false), ["E", "A", "C", "E", "E", "E", "E"]),
        ((true, true, true), ["P", "PA", "P", "P", "P", "P", "P"]),
        ((true, false, false), ["D", "DA", "D", "D", "D", "D", "D"]),
        ((true, false, true), ["DP", "DPA", "DP", "DP", "DP", "DP", "DP"]),
        ((false, true, false), ["R", "RA", "R", "R", "R", "R", "R"]),
        ((false, true, true), ["RP", "RPA", "RP", "RP", "RP", "RP", "RP"]),
        ((false, false, false), ["RD", "RDA", "RD", "RD", "RD", "RD", "RD"]),
        ((false, false, true), ["RDP", "RDPA", "RDP", "RDP", "RDP", "RDP", "RDP"]),
    ];

    fn letter(reason: Reason) -> char {
        match reason {
            Reason::Eligible => 'E',
            Reason::ApplicationReturned => 'C',
            Reason::Against(Obstacle::RegistrationNotActive) => 'R',
            Reason::Against(Obstacle::DocumentTypeNotEligible) => 'D',
            Reason::Against(Obstacle::AlreadyCompleted) => 'P',
            Reason::Against(Obstacle::ApplicationInProgress) => 'A',
        }
    }

    #[test]
    fn the_whole_decision_table_holds() {
        for ((registration_active, resident_id_card, pass_is_live), row) in TABLE {
            for (last_application, expected) in LAST.into_iter().zip(row) {
                let facts = Facts { registration_active, resident_id_card, pass_is_live, last_application };
                let offer = decide(facts);
                let found: String = offer.reasons().into_iter().map(letter).collect();
                assert_eq!(found, expected, "{facts:?}");
                assert_eq!(offer.is_given(), matches!(expected, "E" | "C"), "{facts:?}");
            }
        }
    }

    #[test]
    fn nothing_but_a_returned_application_is_resubmitted() {
        for last_application in LAST {
            let facts = Facts {
                registration_active: true,
                resident_id_card: true,
                pass_is_live: false,
                last_application,
            };
            let resubmission = decide(facts) == Offer::Resubmission;
            assert_eq!(resubmission, last_application == Some(State::ReturnedForCorrection), "{facts:?}");
        }
    }
}
