//! What a reviewer decides.

use entrypass_rule::Rule;

use crate::text::Note;

/// What a reviewer can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The pass is issued.
    Approve,
    /// The traveller has to mend something.
    ReturnForCorrection,
    /// No pass.
    Reject,
}

/// A decision and its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    decision: Decision,
    note: Note,
}

impl Review {
    /// A decision with its note.
    ///
    /// # Errors
    /// Whoever returns or rejects must tell the traveller why.
    pub(crate) fn new(decision: Decision, note: Note) -> Result<Self, [Rule; 1]> {
        let needs_note = match decision {
            Decision::Approve => false,
            Decision::ReturnForCorrection | Decision::Reject => true,
        };
        if needs_note && note.as_str().is_empty() {
            Err([Rule::required()])
        } else {
            Ok(Self { decision, note })
        }
    }

    /// The decision.
    pub(crate) fn decision(&self) -> Decision {
        self.decision
    }

    /// The note.
    pub(crate) fn into_note(self) -> Note {
        self.note
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Note, Review};

    #[test]
    fn who_returns_or_rejects_must_say_why() {
        let table = [
            (Decision::Approve, "", true),
            (Decision::Approve, "好", true),
            (Decision::ReturnForCorrection, "", false),
            (Decision::ReturnForCorrection, "照片不清晰", true),
            (Decision::Reject, "", false),
            (Decision::Reject, "不符合条件", true),
        ];
        for (decision, note, expected) in table {
            let review = Review::new(decision, Note::new(note).expect("a good note"));
            assert_eq!(review.is_ok(), expected, "{decision:?} {note:?}");
        }
    }
}
