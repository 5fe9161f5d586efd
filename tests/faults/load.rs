//! Travellers who register, amend and cancel as fast as they are answered, and remember what they were told.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entrypass_e2e::Traveller;
use entrypass_proto::{
    gateway::v1 as pb,
    registration::v1::{Registration, RegistrationForm},
};
use prost_types::FieldMask;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::client::{Gateways, Insistence};

/// How long the load may make no progress before the system counts as broken.
const PATIENCE: Duration = Duration::from_secs(90);
/// Rest between two looks at the progress.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What one traveller was told is done.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// Resource name of the registration.
    pub(crate) registration: String,
    /// Its revision after the last write that was acknowledged.
    pub(crate) revision: i32,
    /// Whether that write was the cancellation.
    pub(crate) cancelled: bool,
    /// The codes that were shown, in the order of the revisions.
    pub(crate) codes: Vec<String>,
}

/// A load under way.
pub(crate) struct Load {
    gateways: Gateways,
    stories: Arc<Mutex<Vec<Story>>>,
    stopping: CancellationToken,
    travellers: JoinSet<Result<(), Status>>,
}

/// What came of a load.
pub(crate) struct Outcome {
    /// Every traveller's story, each told to its end.
    pub(crate) stories: Vec<Story>,
    /// Calls that were repeated.
    pub(crate) retried: usize,
}

impl Load {
    /// Begins, with so many travellers at once.
    pub(crate) fn begin(gateways: &Gateways, insistence: Insistence, at_once: usize) -> Self {
        let mut load = Self {
            gateways: gateways.clone(),
            stories: Arc::default(),
            stopping: CancellationToken::new(),
            travellers: JoinSet::new(),
        };
        let numbers = Arc::new(AtomicUsize::new(0));
        for _ in 0..at_once {
            let (gateways, numbers) = (gateways.clone(), Arc::clone(&numbers));
            let (stories, stopping) = (Arc::clone(&load.stories), load.stopping.clone());
            load.travellers.spawn(async move {
                while !stopping.is_cancelled() {
                    let nth = numbers.fetch_add(1, Ordering::SeqCst);
                    let visit = Visit { gateways: &gateways, insistence, number: format!("X{nth:07}") };
                    let story = visit.make(nth).await?;
                    locked(&stories).push(story);
                }
                Ok(())
            });
        }
        load
    }

    /// Waits until `count` more travellers have been served from beginning to end.
    pub(crate) async fn progress(&mut self, count: usize) {
        let goal = locked(&self.stories).len() + count;
        let stories = Arc::clone(&self.stories);
        self.until(|| locked(&stories).len() >= goal).await;
    }

    /// Waits until `count` more calls have been repeated.
    pub(crate) async fn retries(&mut self, count: usize) {
        let goal = self.gateways.retried() + count;
        let gateways = self.gateways.clone();
        self.until(|| gateways.retried() >= goal).await;
    }

    async fn until(&mut self, reached: impl Fn() -> bool) {
        let looking = async {
            while !reached() {
                if let Some(ended) = self.travellers.try_join_next() {
                    panic!("a call failed: {ended:?}");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, looking).await.is_ok(), "the system makes no progress");
    }

    /// Lets every traveller come to an end.
    pub(crate) async fn end(self) -> Outcome {
        let Self { gateways, stories, stopping, travellers } = self;
        stopping.cancel();
        for ended in travellers.join_all().await {
            ended.expect("every call is answered in the end");
        }
        let stories = std::mem::take(&mut *locked(&stories));
        Outcome { stories, retried: gateways.retried() }
    }
}

/// One traveller's visit.
struct Visit<'g> {
    gateways: &'g Gateways,
    insistence: Insistence,
    number: String,
}

impl Visit<'_> {
    /// Registers, amends once or twice, and cancels in one case of three.
    async fn make(&self, nth: usize) -> Result<Story, Status> {
        let pass = self.register().await?;
        let mut codes = vec![shown(&pass)];
        let mut registration = told(pass);
        for amendment in 0..=nth % 2 {
            let pass = self.amend(&registration, amendment).await?;
            codes.push(shown(&pass));
            registration = told(pass);
        }
        let cancelled = nth.is_multiple_of(3);
        if cancelled {
            registration = self.cancel(&registration).await?;
        }
        Ok(Story { registration: registration.name, revision: registration.revision, cancelled, codes })
    }

    async fn register(&self) -> Result<pb::EntryPass, Status> {
        let notice =
            self.gateways.insist(self.insistence, pb::GetNoticeRequest {}, async |mut gateway, request| {
                gateway.get_notice(request).await
            });
        let version = notice.await?.notice.expect("a notice").version;
        let request =
            Traveller::passport(&self.number).submission(&format!("submit-{}", self.number), &version);
        let answer = self.gateways.insist(self.insistence, request, async |mut gateway, request| {
            gateway.submit_registration(request).await
        });
        Ok(answer.await?.entry_pass.expect("an entry pass"))
    }

    async fn amend(&self, registration: &Registration, amendment: usize) -> Result<pb::EntryPass, Status> {
        let request = pb::UpdateRegistrationRequest {
            request_id: format!("amend-{}-{amendment}", self.number),
            registration: registration.name.clone(),
            etag: registration.etag.clone(),
            form: Some(RegistrationForm { stay_days: 7 + i32::from(amendment > 0), ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["stay_days".to_owned()] }),
        };
        let answer = self.gateways.insist(self.insistence, request, async |mut gateway, request| {
            gateway.update_registration(request).await
        });
        Ok(answer.await?.entry_pass.expect("an entry pass"))
    }

    async fn cancel(&self, registration: &Registration) -> Result<Registration, Status> {
        let request = pb::CancelRegistrationRequest {
            request_id: format!("cancel-{}", self.number),
            registration: registration.name.clone(),
            etag: registration.etag.clone(),
        };
        let answer = self.gateways.insist(self.insistence, request, async |mut gateway, request| {
            gateway.cancel_registration(request).await
        });
        Ok(answer.await?.registration.expect("a registration"))
    }
}

/// The code on the screen: a write that shows none has said UNAVAILABLE.
fn shown(pass: &pb::EntryPass) -> String {
    let code = pass.qr_code.as_ref();
    code.unwrap_or_else(|| panic!("no code, and {:?}", pass.unavailable_parts)).content.clone()
}

fn told(pass: pb::EntryPass) -> Registration {
    pass.registration.expect("a registration")
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
