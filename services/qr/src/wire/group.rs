//! What the registration service says of those who travel together. Masked there, and handed through.

use std::collections::HashMap;

use entrypass_proto::registration::v1::{
    GetTravelGroupsResponse, RegistrationState, TravelGroup, TravelGroupCompanion, TravelGroupMember,
};
use entrypass_verifier::Reason;
use uuid::Uuid;

use super::registration_id;
use crate::{error::Error, verification::Registration};

/// A holder and the companions.
pub(crate) struct Group {
    /// The holder's registration.
    pub(super) id: Uuid,
    pub(super) holder: TravelGroupMember,
    /// With the ids of their registrations.
    pub(super) companions: Vec<(Uuid, TravelGroupCompanion)>,
}

/// The groups of those of the registrations `asked` that there are.
pub(crate) fn groups(asked: &[Uuid], answer: GetTravelGroupsResponse) -> Result<HashMap<Uuid, Group>, Error> {
    if answer.groups.len() != asked.len() {
        return Err(Error::NeighbourContract("groups"));
    }
    let found = asked.iter().zip(answer.groups).filter_map(|(id, group)| {
        let TravelGroup { holder, companions } = group;
        Some((*id, holder?, companions))
    });
    let read = |(id, holder, companions): (Uuid, TravelGroupMember, Vec<TravelGroupCompanion>)| {
        let companions = companions.into_iter().map(companion).collect::<Result<_, _>>()?;
        Ok((id, Group { id, holder, companions }))
    };
    found.map(read).collect()
}

impl Group {
    /// Whether the holder's registration is active, and in the revision that a code stands for.
    pub(crate) fn judged(&self, revision: u16) -> Registration {
        match self.holder.state() {
            RegistrationState::Cancelled => Registration::Asked(Err(Reason::RegistrationCancelled)),
            _ if self.holder.revision != i32::from(revision) => {
                Registration::Asked(Err(Reason::RegistrationAmended))
            }
            state => judged(state),
        }
    }

    /// Whether it may be shown.
    pub(crate) fn is_active(&self) -> bool {
        self.holder.state() == RegistrationState::Active
    }

    /// The registrations of the companions.
    pub(crate) fn companions(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.companions.iter().map(|(id, _)| *id)
    }
}

/// A state of which only a newer version knows is as if nothing was said.
pub(super) fn judged(state: RegistrationState) -> Registration {
    match state {
        RegistrationState::Active => Registration::Asked(Ok(())),
        RegistrationState::Expired => Registration::Asked(Err(Reason::RegistrationExpired)),
        RegistrationState::Cancelled => Registration::Asked(Err(Reason::RegistrationCancelled)),
        RegistrationState::Unspecified => Registration::Unavailable,
    }
}

fn companion(of: TravelGroupCompanion) -> Result<(Uuid, TravelGroupCompanion), Error> {
    let name = of.member.as_ref().map(|member| member.registration.as_str()).unwrap_or_default();
    let id =
        registration_id(name).map_err(|_| Error::NeighbourContract("the registration of a companion"))?;
    Ok((id, of))
}
