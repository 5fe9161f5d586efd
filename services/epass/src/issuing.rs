//! How passes come to be kept, and how their end by time is written down: for whoever answers calls, and for what the service does unasked.

use std::sync::Arc;

use entrypass_ambient::Random;
use entrypass_seal::Sealer;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};

use crate::{
    application::Application,
    error::Error,
    pass::{Pass, State, Step},
    store,
    text::Note,
};

/// What keeping a pass needs; cheap to clone. The transactions hold the persons.
#[derive(Clone)]
pub(crate) struct Issuing {
    pub(crate) random: Arc<dyn Random>,
    pub(crate) sealer: Sealer,
    /// How long a pass that is issued here is valid; without it, for good.
    pub(crate) valid_for: Option<Duration>,
}

impl Issuing {
    /// Issues the pass of an application that was approved in this transaction, and says so in the application.
    pub(crate) async fn issue(
        &self,
        transaction: &DatabaseTransaction,
        approved: &Application,
        now: OffsetDateTime,
    ) -> Result<(Application, Pass), Error> {
        let pass = Pass::issued(self.random.as_ref(), approved.traveller, self.valid_for, now);
        self.keep(transaction, &pass, now).await?;
        let issued = approved.issued(now)?;
        if !store::update_application(transaction, &self.sealer, &issued).await? {
            return Err(Error::EtagMismatch);
        }
        Ok((issued, pass))
    }

    /// Keeps a new pass, or says what stands in its way.
    pub(crate) async fn keep(
        &self,
        transaction: &DatabaseTransaction,
        pass: &Pass,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        // One that time has ended makes room.
        for other in store::passes_of(transaction, [pass.traveller]).await? {
            if State::LIVE.contains(&other.stored_state) && !other.is_live(now) {
                self.expire(transaction, &other, now).await?;
            }
        }
        if store::insert_pass(transaction, pass).await? {
            return Ok(());
        }
        let live = store::pass_of(transaction, pass.traveller, now).await?.is_some_and(|it| it.is_live(now));
        Err(if live { Error::PassExists } else { Error::PassNumberTaken })
    }

    /// Writes down that the time of a live pass has ended; nothing when somebody else has done so.
    pub(crate) async fn expire(
        &self,
        transaction: &DatabaseTransaction,
        pass: &Pass,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let expired = pass.stepped(Step::Expire, now)?;
        let made = expired.made(self.random.uuid_v7(now), None, Note::default());
        store::update_pass(transaction, &self.sealer, &expired, &made, now).await?;
        Ok(())
    }
}
