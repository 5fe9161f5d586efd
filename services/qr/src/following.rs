//! What changes of registrations do to codes.
//!
//! A verdict does not wait for this: it asks the registration service for the present revision. But what was dealt with here is known also
//! when that service cannot be asked.

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_follow::{Change, ChangeKind};
use sea_orm::DatabaseTransaction;

use crate::{
    error::Error,
    standing::{self, Reason},
    store::{self, Pen},
};

/// Has the effects of changes.
pub(crate) struct Effects {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

impl Effects {
    /// Has the effect of `change`.
    ///
    /// The code of an amended revision is recorded at once, also when none was ever asked for: it supersedes those of earlier revisions,
    /// and will supersede the one that a caller who is late still asks for. An ended registration needs nothing: its codes'
    /// content has expired with it.
    pub(crate) async fn apply(
        &self,
        transaction: &DatabaseTransaction,
        change: &Change,
    ) -> Result<(), Error> {
        let Change { registration, kind, revision, traveller: _ } = *change;
        let pen = Pen { now: self.clock.now(), random: self.random.as_ref() };
        match kind {
            ChangeKind::Amended | ChangeKind::DocumentReplaced | ChangeKind::Corrected => {
                Ok(store::record(transaction, [(registration, revision)], &pen).await?)
            }
            ChangeKind::Cancelled => {
                let revoke = standing::Change::Revoke { reason: Reason::RegistrationCancelled, fraud: false };
                store::change(transaction, &[(registration, revoke)], &pen).await.map(drop)
            }
            // Nobody is to be told by a verdict that somebody was erased.
            ChangeKind::TravellerErased if registration.is_nil() => Ok(()),
            ChangeKind::TravellerErased => {
                let revoke = standing::Change::Revoke { reason: Reason::RegistrationCancelled, fraud: false };
                store::change(transaction, &[(registration, revoke)], &pen).await?;
                Ok(store::erase(transaction, registration).await?)
            }
            ChangeKind::Registered
            | ChangeKind::Expired
            | ChangeKind::CompanionBound
            | ChangeKind::CompanionConfirmed
            | ChangeKind::CompanionUnbound => Ok(()),
        }
    }
}
