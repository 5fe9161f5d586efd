//! How passes come to be kept, and how their end by time is written down: for whoever answers calls, and for what the service does unasked.

use std::sync::Arc;

use entrypass_ambient::Random;
use entrypass_seal::Sealer;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    application::Application,
    error::Error,
    pass::{ExternalPass, Made, Pass, Recorded, State, Step},
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
        self.make_room(transaction, pass.traveller, now).await?;
        if store::insert_pass(transaction, pass).await? {
            return Ok(());
        }
        let live = store::pass_of(transaction, pass.traveller, now).await?.is_some_and(|it| it.is_live(now));
        Err(if live { Error::PassExists } else { Error::PassNumberTaken })
    }

    /// Keeps a pass that another channel tells of, or finds it; says what stands in its way. Of one that is kept already nothing is taken over but an end
    /// that is later.
    pub(crate) async fn record(
        &self,
        transaction: &DatabaseTransaction,
        traveller: Uuid,
        told: ExternalPass,
        now: OffsetDateTime,
    ) -> Result<(Recorded, Pass), Error> {
        let known = store::pass_by_number(transaction, &told.issuer, &told.number).await?;
        let Some(known) = known.filter(|known| known.traveller == traveller) else {
            let pass = Pass::recorded(self.random.uuid_v7(now), traveller, told, now);
            self.keep(transaction, &pass, now).await?;
            return Ok((Recorded::New, pass));
        };
        match known.later_end(told.expire_time) {
            None => Ok((Recorded::Known, known)),
            Some(later) => Ok((Recorded::Prolonged, self.prolong(transaction, known, later, now).await?)),
        }
    }

    /// Has a pass of another channel last until `later`.
    async fn prolong(
        &self,
        transaction: &DatabaseTransaction,
        known: Pass,
        later: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Pass, Error> {
        // Its own end is written down too, so that its life tells of it.
        self.make_room(transaction, known.traveller, now).await?;
        let known = store::pass(transaction, known.id).await?.unwrap_or(known);
        let steps = store::steps_of(transaction, &self.sealer, known.traveller).await?;
        let mut steps = steps.get(&known.id).into_iter().flatten();
        let before_its_end = steps.rfind(|made| made.state != State::Expired);
        let suspended = before_its_end.is_some_and(|made| made.state == State::Suspended);
        let prolonged = known.prolonged(later, suspended, now)?;
        let live = store::pass_of(transaction, known.traveller, now).await?.filter(|it| it.is_live(now));
        if live.is_some_and(|live| live.id != known.id) {
            return Err(Error::PassExists);
        }
        let made = Made { time: now, ..prolonged.made(self.random.uuid_v7(now), None, Note::default()) };
        if store::update_pass(transaction, &self.sealer, &prolonged, &made, now).await? {
            Ok(prolonged)
        } else {
            Err(Error::EtagMismatch)
        }
    }

    /// Has each pass that time has ended make room for another.
    async fn make_room(
        &self,
        transaction: &DatabaseTransaction,
        traveller: Uuid,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        for other in store::passes_of(transaction, [traveller]).await? {
            if State::LIVE.contains(&other.stored_state) && !other.is_live(now) {
                self.expire(transaction, &other, now).await?;
            }
        }
        Ok(())
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
