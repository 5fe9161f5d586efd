//! Submissions that come at once are written together: one transaction, one statement a table, one commit.
//!
//! Owns the clear case alone: a `request_id` that was not used, and somebody unknown or without an active registration. Whatever else there is to a
//! submission, it is done alone, as [`Registrations::submit`] does it: so nothing is refused here, and every error has one place.
//!
//! [`Registrations::submit`]: super::Registrations::submit

use std::{sync::Arc, time::Duration};

use entrypass_ambient::Random;
use entrypass_audit::Access;
use entrypass_db::{
    Database, Limits, Together,
    answers::{Kept, RequestKey, keep_first},
};
use entrypass_feed::Feed;
use entrypass_proto::registration::v1::SubmitRegistrationResponse;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;

use super::entry;
use crate::{
    error::Error,
    registration::Registration,
    service::access::touched,
    store::{Newcomer, Rows, Standing},
    wire::{self, Submission},
};

/// Submissions of one transaction at most.
const AT_ONCE: usize = 64;
/// Submissions that wait at most. What comes then is done alone, in the queue for a connection.
const MOST_WAITING: usize = 1024;
/// How long a group may write before its commit.
const PATIENCE: Duration = Duration::from_millis(500);

/// The submissions of one copy of the service.
pub(in crate::service) struct Submissions(Arc<Together<Submitted, Option<SubmitRegistrationResponse>>>);

/// One that waits for its group.
struct Submitted {
    access: Access,
    key: RequestKey,
    submission: Submission,
    now: OffsetDateTime,
}

/// Writes groups.
struct Writer {
    database: Database,
    random: Arc<dyn Random>,
    valid_for: time::Duration,
    feed: Feed,
}

/// What is written of one submission, and the answer to it.
struct Draft {
    /// Which of the group it is.
    nth: usize,
    access: Access,
    attempt: Access,
    key: RequestKey,
    registration: Registration,
    unknown: bool,
    answer: Kept<SubmitRegistrationResponse>,
}

impl Submissions {
    pub(in crate::service) fn new(
        database: Database,
        random: Arc<dyn Random>,
        valid_for: time::Duration,
        feed: Feed,
    ) -> Self {
        let writer = Arc::new(Writer { database, random, valid_for, feed });
        let limits = Limits { weigh: |_| 1, at_once: AT_ONCE, waiting: MOST_WAITING, abandoned: false };
        Self(Together::new(limits, move |group| {
            let writer = Arc::clone(&writer);
            async move { writer.write(group).await }
        }))
    }

    /// The answer to a submission that was written together with others, with its audit record. `None` when it was not, or the answer to it is not
    /// known: then it must be done alone.
    pub(super) async fn together(
        &self,
        access: &Access,
        key: &RequestKey,
        submission: &Submission,
        now: OffsetDateTime,
    ) -> Option<SubmitRegistrationResponse> {
        let (access, key, submission) = (access.clone(), key.clone(), submission.clone());
        self.0.ask(Submitted { access, key, submission, now }).await.flatten()
    }
}

impl Writer {
    /// Writes those of `group` that are clear cases, or none.
    async fn write(&self, group: Vec<Submitted>) -> Vec<Option<SubmitRegistrationResponse>> {
        let mut answers = vec![None; group.len()];
        let written = self
            .database
            .commit_within(PATIENCE, async |transaction| self.write_into(transaction, group).await);
        match written.await {
            Ok(committed) => {
                for Draft { nth, access, attempt, answer, .. } in committed {
                    access.adopt(&attempt);
                    answers[nth] = Some(answer.into_answer());
                }
                self.feed.committed();
            }
            // Whoever tries alone is told what is wrong.
            Err(error) => tracing::debug!(%error, "submissions were not written together"),
        }
        answers
    }

    async fn write_into(
        &self,
        transaction: &DatabaseTransaction,
        group: Vec<Submitted>,
    ) -> Result<Vec<Draft>, Error> {
        let rows = Rows::new(transaction, self.database.sealer());
        let documents: Vec<_> =
            group.iter().map(|submitted| submitted.submission.declared.document.key()).collect();
        let standings = rows.standing(&documents).await?;
        let mut drafts = self.drafts(group.into_iter().zip(standings));
        if drafts.is_empty() {
            return Ok(drafts);
        }
        let answers: Vec<_> =
            drafts.iter().map(|draft| (&draft.key, draft.registration.create_time, &draft.answer)).collect();
        let mut free = keep_first(transaction, self.database.sealer(), &answers).await?.into_iter();
        drafts.retain(|_| free.next() == Some(true));
        if drafts.is_empty() {
            return Ok(drafts);
        }
        rows.add_newcomers(newcomers(&drafts)).await?;
        let calls: Vec<_> = drafts.iter().map(|draft| &draft.attempt).collect();
        Access::record_all(transaction, &calls).await?;
        Ok(drafts)
    }

    /// Drafts of those who stand in nobody's way, the first of each name, document and person.
    fn drafts(&self, group: impl Iterator<Item = (Submitted, Standing)>) -> Vec<Draft> {
        let mut drafts = Vec::<Draft>::new();
        for (nth, (submitted, standing)) in group.enumerate() {
            let Submitted { access, key, submission, now } = submitted;
            let (traveller, unknown) = match standing {
                Standing::Unknown => (self.random.uuid_v7(now), true),
                Standing::Free(traveller) => (traveller, false),
                Standing::Taken => continue,
            };
            let same = |Draft { key: other, registration, .. }: &Draft| {
                other.has_name_of(&key)
                    || registration.traveller == traveller
                    || registration.declared.document == submission.declared.document
            };
            if drafts.iter().any(same) {
                continue;
            }
            let registration = entry(submission, traveller, now, self.valid_for, self.random.as_ref());
            let attempt = access.attempt();
            touched(&attempt, [&registration]);
            let shown = Some(wire::registration(&registration, now));
            let answer = Kept::about(traveller, SubmitRegistrationResponse { registration: shown });
            drafts.push(Draft { nth, access, attempt, key, registration, unknown, answer });
        }
        drafts
    }
}

fn newcomers(drafts: &[Draft]) -> Vec<Newcomer<'_>> {
    drafts
        .iter()
        .map(|Draft { registration, unknown, .. }| Newcomer { registration, unknown: *unknown })
        .collect()
}
