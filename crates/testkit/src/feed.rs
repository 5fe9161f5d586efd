//! A change feed that tells what a test wants it to, when the test wants it to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrypass_proto::{
    errors::v1::ErrorReason,
    registration::v1::{
        RegistrationChange, WatchRegistrationsRequest, WatchRegistrationsResponse, registration_change::Kind,
        watch_registrations_request::Start,
    },
};
use entrypass_rpc::{AnswerStream, Problem, timestamp};
use entrypass_rule::{Rule, Text, Violation, Violations};
use futures_util::{StreamExt as _, stream};
use prost_types::Timestamp;
use time::OffsetDateTime;
use tokio::sync::watch;
use tonic::{Code, Status};

/// The change feed of [`crate::Registrations`]: every stream tells all changes, in batches of at most 100, and a checkpoint only when
/// the test wants one.
#[derive(Debug)]
pub struct Feed {
    told: Arc<Mutex<Told>>,
    /// Wakes the streams.
    moved: watch::Sender<()>,
}

#[derive(Debug)]
struct Told {
    changes: Vec<RegistrationChange>,
    /// How many of them are forgotten.
    tail: usize,
    batch: usize,
    requests: Vec<WatchRegistrationsRequest>,
    checkpoints: usize,
    as_of: Option<Timestamp>,
    /// How the streams ended that were open each time, `None` for an orderly end.
    ends: Vec<Option<Code>>,
    /// How many more messages streams give before they break.
    left: Option<usize>,
}

/// One stream.
struct Watcher {
    told: Arc<Mutex<Told>>,
    moved: watch::Receiver<()>,
    position: usize,
    checkpoints: usize,
    ends: usize,
}

/// What a stream does next.
enum Next {
    Tell(WatchRegistrationsResponse),
    End(Option<Code>),
    Wait,
}

impl Default for Feed {
    fn default() -> Self {
        let told = Told {
            changes: Vec::new(),
            tail: 0,
            batch: 100,
            requests: Vec::new(),
            checkpoints: 0,
            as_of: None,
            ends: Vec::new(),
            left: None,
        };
        Self { told: Arc::new(Mutex::new(told)), moved: watch::Sender::new(()) }
    }
}

impl Feed {
    /// The cursor behind the `position`-th change, told or not.
    #[must_use]
    pub fn cursor(position: usize) -> String {
        format!("{position:032x}")
    }

    /// Tells one change, and gives its cursor.
    #[must_use]
    pub fn tell(&self, registration: &str, kind: Kind, revision: i32) -> String {
        self.tell_all([RegistrationChange {
            registration: registration.to_owned(),
            kind: kind.into(),
            revision,
            ..RegistrationChange::default()
        }])
    }

    /// Tells changes all at once, numbers them, and gives the cursor of the last.
    pub fn tell_all(&self, changes: impl IntoIterator<Item = RegistrationChange>) -> String {
        let mut told = self.told();
        for change in changes {
            let cursor = Self::cursor(told.changes.len() + 1);
            told.changes.push(RegistrationChange { cursor, ..change });
        }
        let last = Self::cursor(told.changes.len());
        drop(told);
        self.moved.send_replace(());
        last
    }

    /// Puts at most `size` changes into one message from now on.
    pub fn set_batch(&self, size: usize) {
        self.told().batch = size;
    }

    /// Gives every open stream a checkpoint.
    pub fn checkpoint(&self) {
        self.told().checkpoints += 1;
        self.moved.send_replace(());
    }

    /// Says with every answer that leaves nothing to tell that all changes committed before `as_of` are told; at first nothing is said of it.
    pub fn set_as_of(&self, as_of: OffsetDateTime) {
        self.told().as_of = Some(timestamp(as_of));
    }

    /// Ends every open stream with `code`, or orderly.
    pub fn end(&self, code: Option<Code>) {
        self.told().ends.push(code);
        self.moved.send_replace(());
    }

    /// Lets streams give `messages` more in all; the one that would give another breaks instead, and from then on all are well.
    pub fn break_after(&self, messages: usize) {
        self.told().left = Some(messages);
    }

    /// Forgets the changes up to `cursor`: older cursors are out of range.
    pub fn forget(&self, cursor: &str) {
        let mut told = self.told();
        told.tail = position(cursor).expect("a cursor of this feed");
    }

    /// Every request for a stream, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<WatchRegistrationsRequest> {
        self.told().requests.clone()
    }

    pub(crate) fn watch(
        &self,
        request: &WatchRegistrationsRequest,
    ) -> Result<AnswerStream<WatchRegistrationsResponse>, Problem> {
        let mut told = self.told();
        told.requests.push(request.clone());
        let position = told.begin(request)?;
        let watcher = Watcher {
            told: Arc::clone(&self.told),
            moved: self.moved.subscribe(),
            position,
            checkpoints: told.checkpoints,
            ends: told.ends.len(),
        };
        Ok(stream::unfold(Some(watcher), Watcher::next).boxed())
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        lock(&self.told)
    }
}

impl Told {
    /// How many changes a stream passes over.
    fn begin(&self, request: &WatchRegistrationsRequest) -> Result<usize, Problem> {
        match request.start() {
            Start::Oldest => Ok(self.tail),
            Start::Now => Ok(self.changes.len()),
            Start::Unspecified => {
                let position = position(&request.cursor).ok_or_else(bad_cursor)?;
                let known = (self.tail..=self.changes.len()).contains(&position);
                known.then_some(position).ok_or_else(|| Problem::new(ErrorReason::CursorOutOfRange))
            }
        }
    }
}

impl Watcher {
    async fn next(
        watcher: Option<Self>,
    ) -> Option<(Result<WatchRegistrationsResponse, Status>, Option<Self>)> {
        let mut watcher = watcher?;
        loop {
            match watcher.look() {
                Next::Tell(message) => return Some((Ok(message), Some(watcher))),
                Next::End(code) => return code.map(|code| (Err(Status::new(code, "broken")), None)),
                Next::Wait => watcher.moved.changed().await.ok()?,
            }
        }
    }

    fn look(&mut self) -> Next {
        let told = Arc::clone(&self.told);
        let mut told = lock(&told);
        if let Some(end) = told.ends.get(self.ends) {
            return Next::End(*end);
        }
        let last = told.changes.len().min(self.position + told.batch);
        if last == self.position && self.checkpoints == told.checkpoints {
            return Next::Wait;
        }
        match &mut told.left {
            Some(0) => {
                told.left = None;
                return Next::End(Some(Code::Unavailable));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        if last == self.position {
            self.checkpoints = told.checkpoints;
        }
        let changes = told.changes.get(self.position..last).unwrap_or_default().to_vec();
        self.position = last;
        let as_of_time = told.as_of.filter(|_| last == told.changes.len());
        Next::Tell(WatchRegistrationsResponse { changes, cursor: Feed::cursor(last), as_of_time })
    }
}

/// How many changes lie before a cursor of [`Feed::cursor`].
fn position(cursor: &str) -> Option<usize> {
    let position = usize::from_str_radix(cursor, 16).ok();
    position.filter(|position| Feed::cursor(*position) == cursor)
}

fn bad_cursor() -> Problem {
    let text = Text::new("位置格式错误", "not a cursor of this system");
    let rule = Rule::new("BAD_CURSOR", text);
    Violations::from(Violation { field: "cursor".to_owned(), rule }).into()
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
