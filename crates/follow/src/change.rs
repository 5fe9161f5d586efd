//! One change of a registration, read from the neighbour's message.

use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::resource_id;
use thiserror::Error;
use uuid::Uuid;

/// One change of one registration: as much of it as has effects elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The registration; nil where somebody was erased who had none.
    pub registration: Uuid,
    /// Its person.
    pub traveller: Uuid,
    /// What happened.
    pub kind: ChangeKind,
    /// Revision of the registration after the change, at least 1; 0 without a registration.
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
    /// What no amendment changes was corrected.
    Corrected,
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
    /// The person was erased.
    TravellerErased,
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
            Ok(Kind::Corrected) => ChangeKind::Corrected,
            Ok(Kind::Cancelled) => ChangeKind::Cancelled,
            Ok(Kind::Expired) => ChangeKind::Expired,
            Ok(Kind::CompanionBound) => ChangeKind::CompanionBound,
            Ok(Kind::CompanionConfirmed) => ChangeKind::CompanionConfirmed,
            Ok(Kind::CompanionUnbound) => ChangeKind::CompanionUnbound,
            Ok(Kind::TravellerErased) => ChangeKind::TravellerErased,
            Err(_) => return Ok(None),
        };
        let traveller = match resource_id("travellers", &message.traveller) {
            Ok(traveller) => traveller,
            // Only an erasure is about the person.
            Err(_) if kind != ChangeKind::TravellerErased => Uuid::nil(),
            Err(_) => return Err(Malformed("traveller")),
        };
        if kind == ChangeKind::TravellerErased && message.registration.is_empty() {
            return Ok(Some(Self { registration: Uuid::nil(), traveller, kind, revision: 0 }));
        }
        let registration =
            resource_id("registrations", &message.registration).map_err(|_| Malformed("registration"))?;
        let revision = u16::try_from(message.revision).ok().filter(|revision| *revision > 0);
        Ok(Some(Self { registration, traveller, kind, revision: revision.ok_or(Malformed("revision"))? }))
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
            traveller: format!("travellers/{}", Uuid::from_u128(8)),
            kind: Kind::Amended.into(),
            revision: 65535,
            ..RegistrationChange::default()
        };
        let person = Uuid::from_u128(8);
        let read = Change { registration: id, traveller: person, kind: ChangeKind::Amended, revision: 65535 };
        assert_eq!(Change::read(&good), Ok(Some(read)));

        let erased = RegistrationChange {
            registration: String::new(),
            revision: 0,
            kind: Kind::TravellerErased.into(),
            ..good.clone()
        };
        let nothing = Change {
            registration: Uuid::nil(),
            traveller: person,
            kind: ChangeKind::TravellerErased,
            revision: 0,
        };
        assert_eq!(Change::read(&erased), Ok(Some(nothing)), "somebody who had no registration");
        let nobody = RegistrationChange { traveller: String::new(), ..erased.clone() };
        assert_eq!(Change::read(&nobody), Err(Malformed("traveller")));

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
