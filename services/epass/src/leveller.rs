//! Levels at work: those that may have changed are decided anew, and what changed is told in the feed.
//!
//! Whatever bears on a level marks its person's row as due in its own transaction; what time alone does is due at its hour; and what another policy decided
//! is due once this one applies. So nothing is forgotten, and
//! a copy that dies leaves its part to the others. Several copies may decide on the same row: the first to write wins, by the row's revision.
//! Does not own the rule ([`crate::level`]), and nobody waits for it: who asks for a level has it decided on the spot.

use std::{collections::HashMap, sync::Arc, time::Duration};

use entrypass_ambient::Clock;
use entrypass_db::{Database, hold};
use entrypass_feed::Feed;
use entrypass_policy::EvaluationError;
use entrypass_proto::registration::v1::{
    BatchGetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::Transport;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    application::Applicant,
    change::{Change, What},
    error::Error,
    level::{Level, Standing, standing},
    policies::{Policies, Unavailable},
    store::{self, Due, Known},
    wire,
};

/// How long a level that is due waits at most.
const POLL: Duration = Duration::from_secs(1);
/// Persons whose levels are decided at once: as many as the registration service is asked for.
const AT_ONCE: u64 = 100;
/// How long the registration service may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The job of one copy of the service.
pub(crate) struct Leveller {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registration: RegistrationServiceClient<Transport>,
    pub(crate) city_divisions: Vec<String>,
    pub(crate) feed: Feed,
    pub(crate) policies: Policies,
    pub(crate) stopping: CancellationToken,
}

impl Leveller {
    /// Decides until it is to stop.
    pub(crate) async fn run(self) {
        let trouble = "it is not told for now which levels change";
        entrypass_rpc::repeat(trouble, POLL, &self.stopping, || self.all()).await;
    }

    async fn all(&self) -> Result<(), Error> {
        while self.some().await? {}
        Ok(())
    }

    /// Decides on some of the levels that are due; `false` when that was all.
    async fn some(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let reader = self.database.reader();
        let (ordinal, timeline) = self.policies.from(reader, now).await?;
        let mut due = store::due_levels(reader, now, AT_ONCE).await?;
        if due.is_empty() {
            // Another policy applies than the one that they were decided by.
            due = store::levels_before(reader, ordinal, AT_ONCE).await?;
        }
        if due.is_empty() {
            return Ok(false);
        }
        let travellers: Vec<_> = due.iter().map(|due| due.traveller).collect();
        // Asked before the transaction begins: no lock is held while a neighbour answers.
        let holders = self.holders(&travellers, now).await?;
        let transaction = self.database.begin().await?;
        hold(&transaction, travellers.iter().copied()).await?;
        let known = Known::read(&transaction, &travellers).await?;
        // Beside the calls, which need the threads.
        let decided = spawn_blocking(move || {
            let decide = |due: &Due| {
                let Some(holder) = holders.get(&due.traveller) else { return Ok((None, None)) };
                let standing = standing(&known.of(due.traveller), holder, &timeline, now)?;
                Ok((Some(holder.registration), Some(standing)))
            };
            let decided = due.iter().map(|due| Ok((*due, decide(due)?)));
            decided.collect::<Result<Vec<_>, EvaluationError>>()
        });
        for (due, told) in decided.await.map_err(|_| Unavailable::Interrupted)?? {
            settle(&transaction, &due, told, ordinal, now).await?;
        }
        transaction.commit().await?;
        self.feed.committed();
        Ok(true)
    }

    /// What the registrations that count say of `travellers`, by person.
    async fn holders(
        &self,
        travellers: &[Uuid],
        now: OffsetDateTime,
    ) -> Result<HashMap<Uuid, Applicant>, Error> {
        let mut request = Request::new(BatchGetRegistrationFactsRequest {
            registrations: Vec::new(),
            travellers: travellers.iter().copied().map(wire::render_traveller_name).collect(),
        });
        request.set_timeout(PATIENCE);
        let mut client = self.registration.clone();
        let answer = tokio::time::timeout(PATIENCE, client.batch_get_registration_facts(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")));
        let facts = answer.map_err(Error::Registration)?.into_inner().facts;
        let holders = facts.into_iter().map(|facts| wire::parse_applicant(facts, &self.city_divisions, now));
        holders.map(|holder| holder.map(|holder| (holder.traveller, holder))).collect()
    }
}

/// Writes down what was decided, and tells of it where it is another level than was told last, or ends at another time. Who has no registration has no
/// level.
async fn settle(
    transaction: &DatabaseTransaction,
    due: &Due,
    (registration, standing): (Option<Uuid>, Option<Standing>),
    ordinal: i64,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let (level, until) = standing.map_or((Level::None, None), |it| (it.level, it.until));
    // To the microsecond, as it is kept: a finer end is the same one.
    let until = until.map(OffsetDateTime::truncate_to_microsecond);
    let settled = store::settle_level(transaction, due, (level, ordinal), until).await?;
    if settled && (level, until) != (due.level, due.until) {
        let what = What::Level { registration, level, until };
        let change = Change { traveller: due.traveller, what, create_time: now };
        store::add_change(transaction, change).await?;
    }
    Ok(())
}
