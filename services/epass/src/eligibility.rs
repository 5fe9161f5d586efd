//! The offer: whether somebody may apply for the electronic pass, and every reason.
//!
//! Owns what follows from the rules of the policy and the last application together. Does not own the rules: those are the policy's, whose default is step 5 of the operation
//! guide. Pure.

use entrypass_policy::{EligibilityRule, Evaluation};
use entrypass_rule::Text;

use crate::application::State;

/// What may be done.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The rule's id in the policy.
    pub(crate) rule: String,
    /// The reason for people.
    pub(crate) text: Text,
}

/// Why the pass is offered.
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
}

/// Decides on the offer, by what the policy says and where the last application stands.
pub(crate) fn offer(evaluation: &Evaluation<'_>, last: Option<State>) -> Offer {
    let obstacles: Vec<_> = evaluation.unmet().map(Obstacle::of).collect();
    if !obstacles.is_empty() {
        return Offer::Withheld(obstacles);
    }
    match last {
        Some(State::Draft) => Offer::Submission(Reason::ApplicationDrafted),
        Some(State::ReturnedForCorrection) => Offer::Submission(Reason::ApplicationReturned),
        Some(State::VerificationFailed) => Offer::Submission(Reason::VerificationFailed),
        // Whatever the policy says, nobody has two at once.
        Some(waiting) if State::WAITING.contains(&waiting) => Offer::Withheld(vec![Obstacle::in_progress()]),
        _ => Offer::NewApplication,
    }
}

impl Offer {
    /// The button for applying is shown.
    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Self::Withheld(_))
    }
}

impl Obstacle {
    fn of(rule: &EligibilityRule) -> Self {
        Self { rule: rule.id.clone(), text: rule.unmet.clone() }
    }

    /// That another application is open: what the database itself refuses, under the id that the default policy has for it.
    pub(crate) fn in_progress() -> Self {
        let text = Text::new("已有申请正在办理", "an application was submitted and is not decided yet");
        Self { rule: "APPLICATION_IN_PROGRESS".to_owned(), text }
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
        };
        Text::new(zh_cn, en)
    }
}

#[cfg(test)]
mod tests {
    use entrypass_document::DocumentType;
    use entrypass_policy::{DEFAULT, Policy, RegistrationState};
    use time::macros::datetime;

    use super::{Obstacle, Offer, Reason, State, offer};
    use crate::{
        application::Applicant,
        facts::{LastApplication, Person},
        pass::{self, Pass},
    };

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

    fn letters(offer: &Offer) -> String {
        let letter = |obstacle: &Obstacle| match obstacle.rule.as_str() {
            "REGISTRATION_NOT_ACTIVE" => 'R',
            "DOCUMENT_TYPE_NOT_ELIGIBLE" => 'D',
            "ALREADY_COMPLETED" => 'P',
            "APPLICATION_IN_PROGRESS" => 'A',
            _ => '?',
        };
        match offer {
            Offer::NewApplication => "E".to_owned(),
            Offer::Submission(Reason::ApplicationDrafted) => "B".to_owned(),
            Offer::Submission(Reason::ApplicationReturned) => "C".to_owned(),
            Offer::Submission(Reason::VerificationFailed) => "V".to_owned(),
            Offer::Submission(Reason::Eligible) => "?".to_owned(),
            Offer::Withheld(obstacles) => obstacles.iter().map(letter).collect(),
        }
    }

    /// What `policy` says of somebody, by registration active, resident identity card, pass live.
    fn of(policy: &Policy, (active, card, live): (bool, bool, bool), last: Option<State>) -> Offer {
        let applicant = Applicant {
            registration_state: if active { RegistrationState::Active } else { RegistrationState::Expired },
            document_type: Some(if card { DocumentType::ResidentIdCard } else { DocumentType::Passport }),
            ..Applicant::sample()
        };
        let state = if live { pass::State::Active } else { pass::State::Revoked };
        let last = last.map(|state| LastApplication { state, lapse_time: None, verified: None });
        let person = Person { passes: vec![Pass::sample(state)], last, ..Person::default() };
        let now = datetime!(2026-11-22 08:00 UTC);
        let facts = person.facts(&applicant, now);
        offer(&policy.evaluate(&facts, now).expect("in force"), last.map(|last| last.state))
    }

    #[test]
    fn the_whole_decision_table_holds() {
        let policy = Policy::parse(DEFAULT).expect("the default policy");
        for (person, against) in AGAINST {
            for (last, added) in LAST.into_iter().zip(ADDED) {
                let offer = of(&policy, person, last);
                let found = letters(&offer);
                assert_eq!(found, expected(against, added), "{person:?} {last:?}");
                assert_eq!(offer.is_given(), matches!(&*found, "E" | "B" | "C" | "V"), "{person:?} {last:?}");
            }
        }
    }

    #[test]
    fn no_policy_lets_somebody_have_two_applications_at_once() {
        let allows = DEFAULT.replacen(
            "!(application.state in ['SUBMITTED', 'IDENTITY_VERIFYING', 'UNDER_REVIEW'])",
            "application.state != 'REJECTED'",
            1,
        );
        let allows =
            allows.replace("application.state = \"UNDER_REVIEW\"", "application.state = \"REJECTED\"");
        let policy = Policy::parse(&allows).expect("a policy");
        for waiting in State::WAITING {
            let offer = of(&policy, (true, true, false), Some(waiting));
            assert_eq!(offer, Offer::Withheld(vec![Obstacle::in_progress()]), "{waiting:?}");
        }
        let default = Policy::parse(DEFAULT).expect("the default policy");
        let said = of(&default, (true, true, false), Some(State::UnderReview));
        assert_eq!(said, Offer::Withheld(vec![Obstacle::in_progress()]), "one text for one thing");
    }
}
