//! The record that a verification leaves, and which of them somebody asks for. Pure. Nothing in it identifies a person.

use entrypass_rule::{Rule, Text};
use entrypass_token::CodeId;
use entrypass_verifier::Verdict;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::{Builder, Uuid};

/// A code, and the records of its verifications, newest first.
#[derive(Debug)]
pub(crate) struct Exported {
    /// The registration that it is of.
    pub(crate) registration: Uuid,
    /// The code.
    pub(crate) code: CodeId,
    /// Which revision it is for.
    pub(crate) revision: i32,
    /// When it was first asked for.
    pub(crate) create_time: OffsetDateTime,
    /// The records.
    pub(crate) records: Vec<Record>,
}

/// A verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: Uuid,
    /// When it was decided.
    pub(crate) time: OffsetDateTime,
    /// Where.
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) verdict: Verdict,
    /// The code, once the signature was good.
    pub(crate) code: Option<CodeId>,
    /// Who asked.
    pub(crate) caller: String,
}

/// A record, and whose registrations a checkpoint found good with it, which is not known of them yet.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) record: Record,
    /// The holder's, and those of the companions who were found good with it.
    pub(crate) first_verified: Vec<Uuid>,
}

/// The name of a checkpoint: 1 to 64 of `A-Z a-z 0-9 . _ - /`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint(String);

/// Which records are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) code: Option<CodeId>,
    pub(crate) verdict: Option<Verdict>,
    /// From this time on.
    pub(crate) from: Option<OffsetDateTime>,
    /// Before this time.
    pub(crate) before: Option<OffsetDateTime>,
}

/// How counts are told apart, besides by verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    Verdict,
    Checkpoint,
    Hour,
}

/// What the records of one count have in common besides the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Group {
    All,
    /// A checkpoint, or none that was stated.
    Checkpoint(Option<String>),
    /// The hour that began then.
    Hour(OffsetDateTime),
}

/// How many records there are of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) group: Group,
    pub(crate) verdict: Verdict,
    pub(crate) records: i64,
}

impl Checkpoint {
    /// Reads a name; `None` when it is empty, and says what is wrong with any other.
    pub(crate) fn read(name: &str) -> Result<Option<Self>, [Rule; 1]> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        if name.is_empty() {
            Ok(None)
        } else if name.len() <= 64 && name.bytes().all(allowed) {
            Ok(Some(Self(name.to_owned())))
        } else {
            let text = Text::new("检查点须为1至64位字母、数字或 . _ - /", "1 to 64 of A-Z a-z 0-9 . _ - /");
            Err([Rule::new("FORMAT", text)])
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of the record of the scan that `caller` named `request_id`: the same for a repetition with the same verdict, so that it leaves no second
/// one; and another one for another text, place in the batch or verdict, so that none gets lost and none says what the answer does not.
pub(crate) fn id(caller: &str, request_id: &str, position: usize, content: &str, verdict: Verdict) -> Uuid {
    let mut digest = Sha256::new();
    let (position, verdict) = (position.to_be_bytes(), verdict.word().as_bytes());
    for part in [caller.as_bytes(), request_id.as_bytes(), &position, content.as_bytes(), verdict] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use entrypass_verifier::Verdict::{Revoked, Valid};

    use super::{Checkpoint, id};

    #[test]
    fn a_checkpoint_is_a_short_name_of_ascii() {
        let longest = "a".repeat(64);
        for name in ["Gate-3", "nanhai/port_2.north", &longest] {
            let read = Checkpoint::read(name).expect("a name");
            assert_eq!(read.as_ref().map(Checkpoint::as_str), Some(name));
        }
        assert_eq!(Checkpoint::read(""), Ok(None));
        for name in [" ", "gate 3", "南海", "a\0", &"a".repeat(65), "a:b"] {
            assert_eq!(Checkpoint::read(name).map_err(|[rule]| rule.reason), Err("FORMAT"), "{name:?}");
        }
    }

    #[test]
    fn a_repetition_has_the_id_of_the_first_and_nothing_else_has() {
        let first = id("gate", "r-1", 0, "FSP1:A", Valid);
        assert_eq!(first, id("gate", "r-1", 0, "FSP1:A", Valid));
        let others = [
            id("gat", "er-1", 0, "FSP1:A", Valid),
            id("other", "r-1", 0, "FSP1:A", Valid),
            id("gate", "r-2", 0, "FSP1:A", Valid),
            id("gate", "r-1", 1, "FSP1:A", Valid),
            id("gate", "r-1", 0, "FSP1:B", Valid),
            id("gate", "r-1", 0, "FSP1:A", Revoked),
        ];
        assert!(others.iter().all(|other| *other != first));
    }
}
