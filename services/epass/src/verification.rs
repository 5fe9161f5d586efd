//! Verifying identities in the background: what is submitted goes to a reviewer, back to its traveller, or straight to its pass.
//!
//! Every copy works. Whoever takes an application has it to themselves for a time, by a compare-and-set in its row, and a copy that died is followed by
//! another when that time is over. No lock is held while the neighbour answers; what became of the application meanwhile decides then whether the
//! answer still counts. A neighbour that cannot be reached, or answers against its contract, is asked again with growing pauses; after [`PATIENCE`] a
//! reviewer decides without it.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_db::{Database, hold};
use entrypass_feed::Feed;
use entrypass_policy::Policy;
use entrypass_proto::registration::v1::{
    GetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{Call, Neighbour, Transport};
use futures_util::future::join_all;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::{
    application::{Applicant, Application, Finding, State, Strength, Task},
    decision::Terms,
    error::Error,
    facts::{LastApplication, Person},
    issuing::Issuing,
    pass,
    policies::Policies,
    store::{self, Known, due::Unreadable},
    wire,
};

/// How long what another copy took, and what is due again, waits at most.
const POLL: std::time::Duration = std::time::Duration::from_secs(1);
/// Applications that are verified side by side.
const AT_ONCE: u64 = 16;
/// How long whoever took an application has it: longer than a call lasts by far.
const LEASE: Duration = Duration::minutes(2);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::seconds(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::minutes(10);
/// How long a neighbour that cannot be reached holds an application up: a small part of the time that is promised to its traveller.
const PATIENCE: Duration = Duration::hours(6);

/// Verifies the identities of those who applied.
pub(crate) struct Verification {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) issuing: Issuing,
    pub(crate) policies: Policies,
    pub(crate) city_divisions: Vec<String>,
    pub(crate) registration: Neighbour<RegistrationServiceClient<Transport>>,
    /// Tells of a submission to this copy.
    pub(crate) submitted: Arc<Notify>,
    pub(crate) stopping: CancellationToken,
}

impl Verification {
    /// Verifies what is submitted until it is to stop.
    pub(crate) async fn run(self) {
        let work = async {
            let mut works = true;
            loop {
                let done = self.round().await;
                if works && let Err(error) = &done {
                    tracing::warn!(%error, "no identity is verified for now");
                }
                works = done.is_ok();
                // A full round leaves more.
                if done.is_ok_and(|taken| taken == AT_ONCE) {
                    continue;
                }
                let _ = tokio::time::timeout(POLL, self.submitted.notified()).await;
            }
        };
        self.stopping.run_until_cancelled(work).await;
    }

    /// Verifies what is due, and says how many applications that were.
    async fn round(&self) -> Result<u64, Error> {
        let (reader, sealer, now) = (self.database.reader(), self.database.sealer(), self.clock.now());
        let (due, unreadable) = store::due::to_verify(reader, sealer, AT_ONCE, now).await?;
        self.pass_over(unreadable, now).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let wanted = self.policies.at(reader, now).await?.review().identity_strength;
        let done = join_all(due.iter().map(|application| self.verify(application, wanted, now))).await;
        let count = u64::try_from(done.len()).unwrap_or(AT_ONCE);
        done.into_iter().collect::<Result<(), _>>().map(|()| count)
    }

    /// Puts off what cannot be read, as where its key is missing: it must not keep others waiting.
    async fn pass_over(&self, unreadable: Vec<Unreadable>, now: OffsetDateTime) -> Result<(), Error> {
        for Unreadable { application, error } in unreadable {
            tracing::error!(%application, %error, "an application waits for its verification and is not readable");
            let transaction = self.database.begin().await?;
            store::due::postpone_verification(&transaction, application, now + LONGEST_PAUSE).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Verifies the holder of one application, unless another copy does so.
    async fn verify(
        &self,
        application: &Application,
        wanted: Strength,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let Some(taken) = self.take(application, now).await? else { return Ok(()) };
        match self.found(&taken, wanted).await {
            Ok((finding, applicant)) => self.conclude(&taken, &finding, applicant.as_ref()).await,
            // Whatever stands in the way, an answer against the contract included: nobody waits for ever, and no evidence is kept for ever.
            Err(error) => self.put_off(&taken, &error).await,
        }
    }

    /// What the neighbour says of the holder, and of one who is verified what the registration says: the policy is asked later, and no lock is held while a
    /// neighbour answers.
    async fn found(
        &self,
        taken: &Application,
        wanted: Strength,
    ) -> Result<(Finding, Option<Applicant>), Error> {
        let finding = self.ask(taken, wanted).await?;
        let applicant = match finding.verified() {
            Some(_) => Some(self.applicant(taken).await?),
            None => None,
        };
        Ok((finding, applicant))
    }

    /// What the registration says now of whoever applied.
    async fn applicant(&self, taken: &Application) -> Result<Applicant, Error> {
        let registration = wire::render_registration_name(taken.registration);
        let request = GetRegistrationFactsRequest { registration };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.get_registration_facts(request).await
        };
        let call = Call::of(&Request::new(()));
        let facts = self.registration.ask(&call, request, ask).await.map_err(Error::Registration)?;
        wire::parse_applicant(facts, &self.city_divisions, self.clock.now())
    }

    /// Takes an application for [`LEASE`]; nothing where somebody else did.
    async fn take(&self, found: &Application, now: OffsetDateTime) -> Result<Option<Application>, Error> {
        let next = now + LEASE;
        let transaction = self.database.begin().await?;
        hold(&transaction, [found.traveller]).await?;
        let (taken, kept) = if found.state == State::Submitted {
            let taken = found.verifying(next, now)?;
            let kept = store::update_application(&transaction, self.database.sealer(), &taken).await?;
            (taken, kept)
        } else {
            let task = Task { tries: found.task.map_or(1, |task| task.tries + 1), next };
            let kept = store::due::set_task(&transaction, found, task).await?;
            (Application { task: Some(task), ..found.clone() }, kept)
        };
        transaction.commit().await?;
        self.feed.committed();
        Ok(kept.then_some(taken))
    }

    /// What the neighbour says of the holder.
    async fn ask(&self, taken: &Application, wanted: Strength) -> Result<Finding, Error> {
        let (reader, sealer) = (self.database.reader(), self.database.sealer());
        let evidence = store::due::evidence(reader, sealer, taken.id).await?;
        let request = wire::render_verification(taken, wanted, evidence);
        // It goes by itself, and on behalf of nobody.
        let call = Call::of(&Request::new(()));
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.verify_traveller_identity(request).await
        };
        let found = self.registration.ask(&call, request, ask).await.map_err(Error::Registration)?;
        wire::parse_finding(found, wanted)
    }

    /// Lets an application wait until it can be verified, or a reviewer decide without that.
    async fn put_off(&self, taken: &Application, error: &Error) -> Result<(), Error> {
        let now = self.clock.now();
        let tries = taken.task.map_or(1, |task| task.tries);
        let code = if let Error::Registration(status) = error { Some(status.code()) } else { None };
        tracing::warn!(%error, ?code, tries, "an identity could not be verified for now");
        if now >= taken.update_time + PATIENCE {
            return self.conclude(taken, &Finding::nobody_answered(), None).await;
        }
        let task = Task { tries, next: now + pause_after(tries) };
        let transaction = self.database.begin().await?;
        // Where somebody else has it by now, it is theirs.
        store::due::set_task(&transaction, taken, task).await?;
        Ok(transaction.commit().await?)
    }

    /// Writes down what was found of `applicant`, who may get their pass without a reviewer. A pass that came from elsewhere meanwhile is for a reviewer to see.
    async fn conclude(
        &self,
        taken: &Application,
        finding: &Finding,
        applicant: Option<&Applicant>,
    ) -> Result<(), Error> {
        self.policies.warm(self.database.reader(), self.clock.now()).await;
        match self.concluded(taken, finding, applicant).await {
            Err(Error::PassExists | Error::PassNumberTaken) => self.concluded(taken, finding, None).await,
            done => done,
        }
    }

    async fn concluded(
        &self,
        taken: &Application,
        finding: &Finding,
        applicant: Option<&Applicant>,
    ) -> Result<(), Error> {
        let (sealer, now) = (self.database.sealer(), self.clock.now());
        let transaction = self.database.begin().await?;
        // As for a submission: no pass under a registration whose end is known here.
        hold(&transaction, [taken.registration, taken.traveller]).await?;
        // The one that applies now, whichever it was when the neighbour was asked.
        let policy = self.policies.at(&transaction, now).await?;
        let enough = match applicant {
            Some(applicant) => {
                self.is_enough(&transaction, taken, finding, (&policy, applicant), now).await?
            }
            None => false,
        };
        let verified = taken.verified(finding.clone(), enough, Terms::of(&policy).lapse_time(now), now)?;
        if !store::update_application(&transaction, sealer, &verified).await? {
            // Withdrawn, ended or erased meanwhile.
            return Ok(transaction.rollback().await?);
        }
        if verified.state == State::Approved {
            self.issuing.issue(&transaction, &verified, now).await?;
        }
        transaction.commit().await?;
        self.feed.committed();
        Ok(())
    }

    /// Whether what was found is enough for a pass without a reviewer, by the policy and by what is known of the person, who is held.
    async fn is_enough(
        &self,
        transaction: &DatabaseTransaction,
        taken: &Application,
        finding: &Finding,
        (policy, applicant): (&Policy, &Applicant),
        now: OffsetDateTime,
    ) -> Result<bool, Error> {
        let verified = finding.verified();
        if verified.is_none_or(|verified| verified < policy.review().identity_strength)
            // Amended since: what is registered now is not what was verified.
            || finding.revision != Some(applicant.revision)
            || store::has_ended(transaction, taken.registration).await?
        {
            return Ok(false);
        }
        let known = Known::read(transaction, &[taken.traveller]).await?.of(taken.traveller);
        // Whom an authority has revoked a pass of nobody but a reviewer gives another.
        if known.passes.iter().any(|pass| pass.stored_state == pass::State::Revoked) {
            return Ok(false);
        }
        let last = LastApplication { verified, ..LastApplication::of(taken) };
        let person = Person { last: Some(last), ..known };
        Ok(person.approves_itself(policy, applicant, now)?)
    }
}

/// The pause after the `tries`-th failure.
fn pause_after(tries: i32) -> Duration {
    let doubled = u32::try_from(tries - 1).ok().and_then(|times| 2_i32.checked_pow(times));
    let pause = doubled.and_then(|times| FIRST_PAUSE.checked_mul(times));
    pause.map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests;
