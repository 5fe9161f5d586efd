//! The frame of an audited call, and the handle in which a handler notes what the call touched.
//!
//! Owns when a record is written: in the transaction of a write, and before the answer to anything else, refusals included. What cannot be
//! recorded is not answered.
//! Does not own which calls are audited: that is all of a service's but those that it lists.

use std::{
    fmt, mem,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entrypass_ambient::{Clock, Random};
use entrypass_db::{
    Database,
    answers::{AnswersError, Kept, RequestKey},
    micros,
};
use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::{Call, Problem, answer, resource_name};
use prost::Message;
use sea_orm::{DatabaseTransaction, DbErr};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    group::Group,
    numberer,
    record::{Record, Signed},
    store::{self, About},
    unplaced::Unplaced,
};

/// The outcome of a call that was answered as it was meant.
const OK: &str = "OK";

/// The audit of one copy of a service; cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    group: Arc<Group<Signed>>,
    written: Arc<Notify>,
    unplaced: Arc<Unplaced>,
    /// What the answers that are kept for repetitions are about: resources of this collection, or persons.
    answers_about: Option<&'static str>,
    /// Always, but in a benchmark.
    records: bool,
}

/// One call that is audited: its context, and what it touches. Cheap to clone; all clones note on the same sheet.
#[derive(Clone)]
pub struct Access {
    audit: Audit,
    call: Call,
    sheet: Arc<Mutex<Sheet>>,
}

#[derive(Debug, Default)]
struct Sheet {
    touched: Vec<Touched>,
    /// Written in a transaction that is not known to be committed.
    written: Vec<Signed>,
    /// The record is committed, with the write that it is of.
    recorded: bool,
}

/// A resource, a person, or a resource of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Touched {
    resource: Option<(&'static str, Uuid)>,
    subject: Option<Uuid>,
}

impl Audit {
    /// The audit of a service on `database`, whose kept answers are about persons.
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self::begin(database, clock, random, None)
    }

    /// As [`Self::new`], for a service that knows no persons: its kept answers are about resources of `collection`.
    #[must_use]
    pub fn of_resources(
        collection: &'static str,
        database: Database,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self::begin(database, clock, random, Some(collection))
    }

    /// The same without records: what a benchmark compares with.
    #[cfg(feature = "unrecorded")]
    #[must_use]
    pub fn without_records(self) -> Self {
        let Inner { database, clock, random, group, written, unplaced, answers_about, .. } = &*self.0;
        Self(Arc::new(Inner {
            database: database.clone(),
            clock: Arc::clone(clock),
            random: Arc::clone(random),
            group: Arc::clone(group),
            written: Arc::clone(written),
            unplaced: Arc::clone(unplaced),
            answers_about: *answers_about,
            records: false,
        }))
    }

    fn begin(
        database: Database,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        answers_about: Option<&'static str>,
    ) -> Self {
        let (written, unplaced) = (Arc::new(Notify::new()), Arc::<Unplaced>::default());
        let (to, tell, committed) = (database.clone(), Arc::clone(&written), Arc::clone(&unplaced));
        let group = Group::new("calls leave no audit record for now", move |records| {
            let (database, tell, committed) = (to.clone(), Arc::clone(&tell), Arc::clone(&committed));
            async move {
                store::insert_all(&database, &records).await?;
                committed.add(records);
                tell.notify_one();
                Ok(())
            }
        });
        Self(Arc::new(Inner {
            database,
            clock,
            random,
            group,
            written,
            unplaced,
            answers_about,
            records: true,
        }))
    }

    /// Answers one unary call as [`entrypass_rpc::answer`] does, and leaves its record: what `act` noted in the [`Access`], and what came of it.
    ///
    /// Where the record cannot be written, the answer is `STORE_UNAVAILABLE`, whatever it would have been.
    pub async fn answer<Q, A, E, F, Fut>(&self, request: Request<Q>, act: F) -> Result<Response<A>, Status>
    where
        F: FnOnce(Access, Q) -> Fut,
        Fut: Future<Output = Result<A, E>>,
        E: Into<Problem>,
    {
        answer(request, async |call, message| {
            let access = Access { audit: self.clone(), call, sheet: Arc::default() };
            // Boxed: what a handler holds would be held several times over by the frames around it.
            let answered = Box::pin(act(access.clone(), message)).await.map_err(Into::<Problem>::into);
            if access.settle(answered.as_ref().err()).await {
                answered
            } else {
                Err(Problem::new(ErrorReason::StoreUnavailable))
            }
        })
        .await
    }

    /// At most `size` records about something that are older than the record `before`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn about(&self, about: &About, before: Option<Uuid>, size: u64) -> Result<Vec<Record>, DbErr> {
        store::about(self.0.database.reader(), about, before, size).await
    }

    /// Gives records their places, until `stopping`.
    pub async fn run(&self, stopping: CancellationToken) {
        let Inner { database, clock, written, unplaced, .. } = &*self.0;
        numberer::run(database, clock.as_ref(), written, unplaced, &stopping).await;
    }
}

impl Access {
    /// Notes that the call is about the resource `id` in `collection`, and whose that is, once it is known.
    pub fn touch(&self, collection: &'static str, id: Uuid, subject: Option<Uuid>) {
        let resource = Some((collection, id));
        let touched = &mut self.sheet().touched;
        // What is known of a person alone is known better now.
        let alone = |known: &Touched| known.resource.is_none() && known.subject == subject;
        match touched.iter_mut().find(|known| known.resource == resource || alone(known)) {
            Some(known) => *known = Touched { resource, subject: subject.or(known.subject) },
            None => touched.push(Touched { resource, subject }),
        }
    }

    /// Notes that the call is about the person `subject`, and no resource of theirs.
    pub fn touch_person(&self, subject: Uuid) {
        let touched = &mut self.sheet().touched;
        if touched.iter().all(|known| known.subject != Some(subject)) {
            touched.push(Touched { resource: None, subject: Some(subject) });
        }
    }

    /// Does a write once, as [`RequestKey::once`] does, with its record in the same transaction.
    ///
    /// # Errors
    /// Those of `act`, and those of [`RequestKey::once`].
    pub async fn once<A, E>(
        &self,
        key: &RequestKey,
        database: &Database,
        now: OffsetDateTime,
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Kept<A>, E>,
    ) -> Result<A, E>
    where
        A: Message + Default,
        E: From<AnswersError>,
    {
        let mut written = false;
        let answer = key.once(database, now, async |transaction| {
            let answer = act(transaction).await?;
            self.record(transaction).await.map_err(AnswersError::Database)?;
            written = true;
            Ok::<_, E>(answer)
        });
        let answer = answer.await?;
        if written {
            self.recorded();
        } else {
            self.repeats(key, database).await.map_err(AnswersError::Database)?;
        }
        Ok(answer)
    }

    /// The answer that was given to this request before, if it was, as [`RequestKey::first_answer`] finds it.
    ///
    /// # Errors
    /// Those of [`RequestKey::first_answer`].
    pub async fn first_answer<A: Message + Default>(
        &self,
        key: &RequestKey,
        database: &Database,
    ) -> Result<Option<A>, AnswersError> {
        let first = key.first_answer(database).await?;
        if first.is_some() {
            self.repeats(key, database).await?;
        }
        Ok(first)
    }

    /// Notes whom the first answer is about: to repeat a write is to read what it answered.
    async fn repeats(&self, key: &RequestKey, database: &Database) -> Result<(), DbErr> {
        let Some(subject) = key.subject(database).await? else { return Ok(()) };
        if let Some(collection) = self.audit.0.answers_about {
            self.touch(collection, subject, None);
            return Ok(());
        }
        let mut sheet = self.sheet();
        for touched in sheet.touched.iter_mut().filter(|touched| touched.subject.is_none()) {
            touched.subject = Some(subject);
        }
        drop(sheet);
        self.touch_person(subject);
        Ok(())
    }

    /// Writes what was touched so far into `transaction`, as done. To be called last, and [`Self::recorded`] after the commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(&self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        Self::record_all(transaction, &[self]).await
    }

    /// The same call for a try that may come to nothing: what the try touches is not of the call before [`Self::adopt`].
    #[must_use]
    pub fn attempt(&self) -> Self {
        let sheet = Sheet { touched: self.sheet().touched.clone(), ..Sheet::default() };
        Self { sheet: Arc::new(Mutex::new(sheet)), ..self.clone() }
    }

    /// As [`Self::record`], of several calls that one transaction does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_all(transaction: &DatabaseTransaction, calls: &[&Self]) -> Result<(), DbErr> {
        let leave = calls.iter().filter(|call| call.audit.0.records);
        let written: Vec<_> = leave.map(|call| (call, call.records(OK))).collect();
        let all: Vec<_> = written.iter().flat_map(|(_, records)| records).cloned().collect();
        store::insert(transaction, &all).await?;
        for (call, records) in written {
            call.sheet().written = records;
        }
        Ok(())
    }

    /// Says that the transaction is committed in which `attempt` was recorded: it is what the call did.
    pub fn adopt(&self, attempt: &Self) {
        attempt.recorded();
        let touched = mem::take(&mut attempt.sheet().touched);
        let mut sheet = self.sheet();
        (sheet.touched, sheet.recorded) = (touched, true);
    }

    /// Says that the transaction of [`Self::record`] is committed: the call has its record.
    pub fn recorded(&self) {
        let mut sheet = self.sheet();
        sheet.recorded = true;
        let committed = mem::take(&mut sheet.written);
        drop(sheet);
        self.audit.0.unplaced.add(committed);
        self.audit.0.written.notify_one();
    }

    /// Writes what was touched so far down as done, and waits for it no longer than `patience`: for an answer that is given without its record
    /// rather than not at all. `false` when it was not written yet.
    pub async fn record_within(&self, patience: Duration) -> bool {
        self.sheet().recorded = true;
        self.audit.0.group.keep(self.records(OK), patience).await
    }

    /// Sees to it that the call has its record before it is answered; `false` when it has not.
    async fn settle(&self, problem: Option<&Problem>) -> bool {
        if self.sheet().recorded || !self.audit.0.records {
            return true;
        }
        let reason = problem.map(Problem::reason);
        let outcome = reason.map_or(OK, |reason| {
            let name = reason.as_str_name();
            name.strip_prefix("ERROR_REASON_").unwrap_or(name)
        });
        // Nothing was shown, and the database is away: the record is queued, and not waited for.
        let away = reason == Some(ErrorReason::StoreUnavailable);
        let patience = if away { Duration::ZERO } else { self.call.time_left() };
        self.audit.0.group.keep(self.records(outcome), patience).await
    }

    /// One record of each thing that was touched, or of the call alone.
    fn records(&self, outcome: &str) -> Vec<Signed> {
        let nothing = [Touched { resource: None, subject: None }];
        let sheet = self.sheet();
        let touched = if sheet.touched.is_empty() { nothing.as_slice() } else { &sheet.touched };
        touched.iter().map(|touched| self.record_of(*touched, outcome)).collect()
    }

    fn record_of(&self, Touched { resource, subject }: Touched, outcome: &str) -> Signed {
        let Inner { database, clock, random, .. } = &*self.audit.0;
        let now = clock.now();
        let record = Record {
            id: random.uuid_v7(now),
            time: micros(now),
            caller: self.call.caller().as_str().to_owned(),
            peer: self.call.peer().as_str().to_owned(),
            rpc: self.call.method().to_owned(),
            purpose: self.call.purpose().map(str::to_owned),
            resource: resource.map(|(collection, id)| resource_name(collection, id)),
            subject,
            outcome: outcome.to_owned(),
            trace_id: self.call.trace_id(),
        };
        record.sign(|bytes| numberer::mac(database.sealer(), bytes))
    }

    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Access {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}
