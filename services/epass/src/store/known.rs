//! What is known of some persons that policies are asked about, read together.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::{
    applications::last_applications,
    circumstances::{follow_ups_of, quarantines_of},
    passes::passes_of,
};
use crate::facts::Person;

/// What is known of some persons.
pub(crate) struct Known(HashMap<Uuid, Person>);

impl Known {
    /// Reads it, with four statements for however many persons. Applications come before passes: an approval in between then shows as a pass, and
    /// never as neither.
    pub(crate) async fn read(connection: &impl ConnectionTrait, travellers: &[Uuid]) -> Result<Self, DbErr> {
        let travellers = || travellers.iter().copied();
        let mut persons: HashMap<Uuid, Person> = HashMap::new();
        for (traveller, last) in last_applications(connection, travellers()).await? {
            persons.entry(traveller).or_default().last = Some(last);
        }
        for pass in passes_of(connection, travellers()).await? {
            persons.entry(pass.traveller).or_default().passes.push(pass);
        }
        for quarantine in quarantines_of(connection, travellers()).await? {
            persons.entry(quarantine.traveller).or_default().quarantines.push(quarantine);
        }
        for follow_up in follow_ups_of(connection, travellers()).await? {
            persons.entry(follow_up.traveller).or_default().follow_ups.push(follow_up);
        }
        Ok(Self(persons))
    }

    /// What is known of one of them.
    pub(crate) fn of(&self, traveller: Uuid) -> Person {
        self.0.get(&traveller).cloned().unwrap_or_default()
    }
}
