//! Codes that are asked for at once and do not exist yet are recorded together: one transaction, one statement a table, one commit.
//!
//! Owns the group. When it comes to nothing, each of those in it records alone ([`Store::codes_of`]) and is told there what is wrong.
//!
//! [`Store::codes_of`]: super::Store::codes_of

use std::{fmt, sync::Arc, time::Duration};

use entrypass_ambient::Random;
use entrypass_audit::Access;
use entrypass_db::{Database, Limits, Together};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use time::OffsetDateTime;

use super::{
    Pen, Standings,
    codes::{in_order, record, with_standings},
    look_ups::of_registrations_in,
};
use crate::{
    code::{Code, Subject},
    error::Error,
};

/// Codes of one transaction at most.
const AT_ONCE: usize = 100;
/// Codes that wait at most. Who comes then records alone, in the queue for a connection.
const MOST_WAITING: usize = 1024;
/// How long a group may write before its commit.
const PATIENCE: Duration = Duration::from_millis(500);

/// The recordings of one copy of the service.
#[derive(Clone)]
pub(super) struct Recordings(Arc<Together<Recording, Option<Recorded>>>);

/// The codes of some subjects, and how those of their registrations stand.
pub(super) type Recorded = (Vec<Code>, Standings);

/// Somebody who waits for their group.
struct Recording {
    subjects: Vec<Subject>,
    access: Access,
    now: OffsetDateTime,
}

impl Recordings {
    /// Those in `database`.
    pub(super) fn new(database: &Database, random: Arc<dyn Random>) -> Self {
        let limits = Limits {
            weigh: |recording: &Recording| recording.subjects.len(),
            at_once: AT_ONCE,
            waiting: MOST_WAITING,
            abandoned: false,
        };
        let database = database.clone();
        Self(Together::new(limits, move |group| {
            let (database, random) = (database.clone(), Arc::clone(&random));
            async move { record_group(&database, random.as_ref(), group).await }
        }))
    }

    /// The codes of `subjects`, which were recorded together with others', with the audit record of the call. `None` when they were not, or that is
    /// not known.
    pub(super) async fn together(
        &self,
        subjects: &[Subject],
        now: OffsetDateTime,
        access: &Access,
    ) -> Option<Recorded> {
        self.0.ask(Recording { subjects: subjects.to_vec(), access: access.clone(), now }).await.flatten()
    }
}

async fn record_group(
    database: &Database,
    random: &dyn Random,
    group: Vec<Recording>,
) -> Vec<Option<Recorded>> {
    let attempts: Vec<_> = group.iter().map(|recording| recording.access.attempt()).collect();
    let written = database.commit_within(PATIENCE, async |transaction| {
        write_into(transaction, random, &group, &attempts).await
    });
    match written.await {
        Ok((known, standings)) => {
            let own = |(recording, attempt): (Recording, &Access)| {
                recording.access.adopt(attempt);
                let codes = in_order(&known, &recording.subjects)?;
                let of =
                    |subject: &Subject| Some((subject.registration, *standings.get(&subject.registration)?));
                Some((codes, recording.subjects.iter().filter_map(of).collect()))
            };
            group.into_iter().zip(&attempts).map(own).collect()
        }
        Err(error) => {
            tracing::debug!(%error, "codes were not recorded together");
            vec![None; group.len()]
        }
    }
}

async fn write_into(
    transaction: &DatabaseTransaction,
    random: &dyn Random,
    group: &[Recording],
    attempts: &[Access],
) -> Result<Recorded, Error> {
    let Some(now) = group.iter().map(|recording| recording.now).max() else {
        return Ok(Recorded::default());
    };
    let subjects = || group.iter().flat_map(|recording| &recording.subjects);
    let revisions = subjects().map(|subject| (subject.registration, subject.revision));
    record(transaction, revisions, &Pen { now, random }).await?;
    let registrations = subjects().map(|subject| subject.registration);
    let find = of_registrations_in(transaction.get_database_backend(), registrations)?;
    let recorded = with_standings(find.all(transaction).await?, now)?;
    Access::record_all(transaction, &attempts.iter().collect::<Vec<_>>()).await?;
    Ok(recorded)
}

impl fmt::Debug for Recordings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recordings").finish_non_exhaustive()
    }
}
