//! One change of a registration, read from the neighbour's message.

use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::resource_id;
use thiserror::Error;
use uuid::Uuid;

/// One change of one registration: as much of it as has effects elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The registration.
    pub registration: Uuid,
    /// What happened.
    pub kind: ChangeKind,
    /// Revision of the registration after the change, at least 1.
    pub revision: u16,
}

/// What happened to a registration; the contract, which has the same words, says what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was submitted.
    Registered,
    /// What was declared was amended.
    Amended,
    /// Another document took the place of the registered one.
    DocumentReplaced,
    /// It was cancelled.
    Cancelled,
    /// Its time ended.
    Expired,
    /// A companion was bound.
    CompanionBound,
    /// A bond was confirmed.
    CompanionConfirmed,
    /// A bond was ended.
    CompanionUnbound,
}

/// A change against the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is not what the contract says")]
pub(crate) struct Malformed(&'static str);

impl Change {
    /// Reads a change; `None` for a kind that only a newer version of this program knows.
    pub(crate) fn read(message: &pb::RegistrationChange) -> Result<Option<Self>, Malformed> {
        use pb::registration_change::Kind;
        let kind = match Kind::try_from(message.kind) {
            Ok(Kind::Unspecified) => return Err(Malformed("kind")),
            Ok(Kind::Registered) => ChangeKind::Registered,
            Ok(Kind::Amended) => ChangeKind::Amended,
            Ok(Kind::DocumentReplaced) => ChangeKind::DocumentReplaced,
            Ok(Kind::Cancelled) => ChangeKind::Cancelled,
            Ok(Kind::Expired) => ChangeKind::Expired,
            Ok(Kind::CompanionBound) => ChangeKind::CompanionBound,
            Ok(Kind::CompanionConfirmed) => ChangeKind::CompanionConfirmed,
            Ok(Kind::CompanionUnbound) => ChangeKind::CompanionUnbound,
            Err(_) => return Ok(None),
        };
        let registration =
            resource_id("registrations", &message.registration).map_err(|_| Malformed("registration"))?;
        let revision = u16::try_from(message.revision).ok().filter(|revision| *revision > 0);
        Ok(Some(Self { registration, kind, revision: revision.ok_or(Malformed("revision"))? }))
    }
}

#[cfg(test)]
mod tests {
    use entrypass_proto::registration::v1::{RegistrationChange, registration_change::Kind};
    use uuid::Uuid;

    use super::{Change, ChangeKind, Malformed};

    #[test]
    fn a_change_is_read_and_what_is_against_the_contract_is_named() {
        let id = Uuid::from_u128(7);
        let good = RegistrationChange {
            registration: format!("registrations/{id}"),
            kind: Kind::Amended.into(),
            revision: 65535,
            ..RegistrationChange::default()
        };
        let read = Change { registration: id, kind: ChangeKind::Amended, revision: 65535 };
        assert_eq!(Change::read(&good), Ok(Some(read)));

        let newer = RegistrationChange { kind: 99, revision: -1, ..RegistrationChange::default() };
        assert_eq!(Change::read(&newer), Ok(None), "nothing is asked of what nobody here knows");
        let no_kind = RegistrationChange { kind: 0, ..good.clone() };
        let traveller = RegistrationChange { registration: format!("travellers/{id}"), ..good.clone() };
        for (wrong, field) in [(no_kind, "kind"), (traveller, "registration")] {
            assert_eq!(Change::read(&wrong), Err(Malformed(field)));
        }
        for revision in [0, -1, 65536] {
            let wrong = RegistrationChange { revision, ..good.clone() };
            assert_eq!(Change::read(&wrong), Err(Malformed("revision")), "{revision}");
        }
    }
}
