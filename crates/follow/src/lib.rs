//! Follows the changes of registrations for a service that has a database of its own.
//!
//! Owns: how far the feed was followed, in the transaction that has the effects ([`Follower`]), so that each change has its effect exactly
//! once, whatever breaks in between and however many copies follow at once; when to begin again, and from where.
//! Does not own: the feed (`services/registration`), and what a change does, which is each service's own.
//!
//! Copies do not divide the work. Each follows the whole feed; for each batch they compete for the position, the first one has the
//! effects, the others skip what is done and stay ready to go on where it stops.

mod as_of;
mod change;
mod failure;
mod place;

use std::{convert::Infallible, error::Error, time::Duration};

use entrypass_db::{Database, follower, hold};
use entrypass_proto::registration::v1::{
    RegistrationChange, WatchRegistrationsRequest, WatchRegistrationsResponse,
    registration_service_client::RegistrationServiceClient, watch_registrations_request::Start,
};
use entrypass_rpc::{Transport, instant};
use sea_orm::{DatabaseTransaction, DbErr};
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};

use crate::{
    failure::{Failure, Outage},
    place::Place,
};

pub use as_of::AsOf;
pub use change::{Change, ChangeKind};

/// The feed's name in the table of positions.
pub const FEED: &str = "registrations";
/// How long a stream may be silent: three of the checkpoints that come at least every 10 seconds.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Follows the changes of registrations.
#[derive(Debug)]
pub struct Follower {
    /// The way to the service whose feed it is.
    pub registration: Transport,
    /// The database that has the effects, and the table of positions beside them.
    pub database: Database,
    /// How long nothing may be heard before the stream counts as broken: [`PATIENCE`].
    pub patience: Duration,
    /// Ends it.
    pub stopping: CancellationToken,
    /// Is told up to which hour the feed is followed.
    pub as_of: AsOf,
}

impl Follower {
    /// Follows until `stopping` is cancelled. `apply` has the effect of one change, in the transaction that it is given; it is called in the
    /// feed's order, and holds ([`entrypass_db::hold`]) every registration of its batch already.
    ///
    /// Without a stored position, and when the stored one is refused (too old, or of another system), it begins with the oldest change
    /// that is kept: changes are kept longer than any registration can last, so that this is complete, and effects must bear to be had
    /// again. What breaks is tried again with a growing pause, from the stored position.
    ///
    /// A change of an unknown kind, sent by a newer version, counts as dealt with. So does one that is against the contract, after an
    /// error in the log: it cannot be read better later, and to stop at it would keep every later change from having its effect.
    pub async fn run<E>(self, apply: impl AsyncFn(&DatabaseTransaction, &Change) -> Result<(), E>)
    where
        E: Error + Send + Sync + 'static,
    {
        let (mut outage, mut refused) = (Outage::default(), None);
        let follow = async {
            loop {
                let Err(failure) = self.follow(&apply, &mut outage, refused.as_deref()).await;
                if let Failure::CursorRefused { cursor, .. } = &failure {
                    refused = Some(cursor.clone());
                }
                outage.pause(&failure).await;
            }
        };
        let _: Option<Infallible> = self.stopping.run_until_cancelled(follow).await;
    }

    /// Follows one stream to its end. It begins where the stored position says, unless that is the one that was `refused`.
    async fn follow<E>(
        &self,
        apply: &impl AsyncFn(&DatabaseTransaction, &Change) -> Result<(), E>,
        outage: &mut Outage,
        refused: Option<&str>,
    ) -> Result<Infallible, Failure>
    where
        E: Error + Send + Sync + 'static,
    {
        let mut place = Place::at(self.stored().await?);
        let cursor = place.stored().filter(|stored| refused != Some(stored)).map(str::to_owned);
        let start = if cursor.is_none() { Start::Oldest } else { Start::Unspecified };
        let request =
            WatchRegistrationsRequest { cursor: cursor.clone().unwrap_or_default(), start: start.into() };
        // Without the deadline that every other call has.
        let mut client = RegistrationServiceClient::new(self.registration.clone());
        let stream = self.heard(cursor.as_deref(), client.watch_registrations(request)).await;
        let mut stream = stream.map(Response::into_inner)?;
        loop {
            let batch = self.heard(cursor.as_deref(), stream.message()).await?.ok_or(Failure::Ended)?;
            self.deal(&mut place, &batch, apply).await?;
            outage.is_over();
        }
    }

    /// What the neighbour says, if it says something in time; `cursor` is the one that it was given.
    async fn heard<T>(
        &self,
        cursor: Option<&str>,
        answer: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Failure> {
        let answer = tokio::time::timeout(self.patience, answer).await;
        answer.map_err(|_| Failure::Silent)?.map_err(|status| Failure::of(&status, cursor))
    }

    /// Deals with what another copy has not dealt with of `batch`.
    async fn deal<E>(
        &self,
        place: &mut Place,
        batch: &WatchRegistrationsResponse,
        apply: &impl AsyncFn(&DatabaseTransaction, &Change) -> Result<(), E>,
    ) -> Result<(), Failure>
    where
        E: Error + Send + Sync + 'static,
    {
        if !place.is_in_step() {
            // The other copy may be further by now.
            place.see(self.stored().await?);
        }
        while let Some(left) = place.left_of(batch) {
            let nothing_new = place.stored() == Some(&batch.cursor);
            if nothing_new || self.have_effects(place.stored(), left, &batch.cursor, apply).await? {
                place.pass(batch);
                // Not before: until then the effects of this batch can be missing. A stream that is out of step says nothing, since its
                // copy cannot tell whether the other one is ahead or began again.
                if let Some(hour) = batch.as_of_time.as_ref().and_then(instant) {
                    self.as_of.reach(hour);
                }
                return Ok(());
            }
            place.see(self.stored().await?);
        }
        if place.stood_still_for(self.patience) { Err(Failure::OutOfStep) } else { Ok(()) }
    }

    /// Moves the position from `from` to `to` and has the effects of the changes in between; `false`, and nothing of it, when the position
    /// is not at `from` any more.
    async fn have_effects<E>(
        &self,
        from: Option<&str>,
        changes: &[RegistrationChange],
        to: &str,
        apply: &impl AsyncFn(&DatabaseTransaction, &Change) -> Result<(), E>,
    ) -> Result<bool, Failure>
    where
        E: Error + Send + Sync + 'static,
    {
        let transaction = self.database.begin().await?;
        // First of all, so that another copy waits here, and not in the middle of the same effects.
        if !follower::advance(&transaction, FEED, from, to).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        let changes: Vec<_> = changes.iter().filter_map(readable).collect();
        // All at once and in one order: one after the other they could meet a call that holds several in another order.
        let touched = changes.iter().flat_map(|change| [change.registration, change.traveller]);
        hold(&transaction, touched).await?;
        for change in &changes {
            apply(&transaction, change).await.map_err(|error| Failure::Effect(Box::new(error)))?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn stored(&self) -> Result<Option<String>, DbErr> {
        follower::position(self.database.reader(), FEED).await
    }
}

/// The change in `message`, if it is one that can have an effect here.
fn readable(message: &RegistrationChange) -> Option<Change> {
    Change::read(message).unwrap_or_else(|error| {
        tracing::error!(%error, cursor = message.cursor, "a change has no effect here");
        None
    })
}
