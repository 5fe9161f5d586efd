//! What changes of registrations do here: the end of one ends its open applications, every one that bears on a level has it decided anew, and an erasure
//! erases. Does not own how they are followed, which is `entrypass-follow`'s.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_follow::{Change, ChangeKind};
use entrypass_seal::Sealer;
use sea_orm::DatabaseTransaction;

use crate::{
    application::Ending,
    change::{self as feed, What},
    error::Error,
    store,
};

/// Has the effects of changes. Whoever follows holds the registrations and persons of a whole batch.
pub(crate) struct Effects {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealer: Sealer,
}

impl Effects {
    /// Has the effect of `change`: an application that is open ends with its registration.
    pub(crate) async fn apply(
        &self,
        transaction: &DatabaseTransaction,
        change: &Change,
    ) -> Result<(), Error> {
        let ending = match change.kind {
            ChangeKind::Cancelled => Ending::Cancelled,
            ChangeKind::Expired => Ending::Expired,
            ChangeKind::TravellerErased => return self.erase(transaction, change).await,
            // What a registration says bears on the level, and which one counts does too.
            ChangeKind::Registered
            | ChangeKind::Amended
            | ChangeKind::DocumentReplaced
            | ChangeKind::Corrected => {
                return Ok(store::levels_due(transaction, &[change.traveller], self.clock.now()).await?);
            }
            ChangeKind::CompanionBound | ChangeKind::CompanionConfirmed | ChangeKind::CompanionUnbound => {
                return Ok(());
            }
        };
        let now = self.clock.now();
        store::note_end(transaction, change.registration, now).await?;
        store::levels_due(transaction, &[change.traveller], now).await?;
        for application in
            store::hold_open_applications(transaction, &self.sealer, change.registration).await?
        {
            let open = application.clone().at(now);
            // One whose time was over before its registration's was, is over for that reason.
            let ended = if open == application { application.ended(ending, now)? } else { open };
            if !store::update_application(transaction, &self.sealer, &ended).await? {
                return Err(Error::EtagMismatch);
            }
        }
        Ok(())
    }

    /// Erases what is kept of a person. That they are gone is remembered as the end of a registration is: who asked for them before, and writes later,
    /// must find out.
    async fn erase(&self, transaction: &DatabaseTransaction, change: &Change) -> Result<(), Error> {
        let now = self.clock.now();
        for ended in [change.registration, change.traveller] {
            store::note_end(transaction, ended, now).await?;
        }
        if store::erase(transaction, change.traveller).await? {
            let change = feed::Change { traveller: change.traveller, what: What::Erased, create_time: now };
            store::add_change(transaction, change).await?;
        }
        Ok(())
    }
}
