//! Telling the registration service which registrations checkpoints have found good.
//!
//! A row in the transaction of the verification's record says that it is to be told; it goes when it was. A copy that writes one tells at once, and every
//! copy looks for those that were left every few seconds: what is told twice is noted once.

use std::{sync::Arc, time::Duration};

use entrypass_proto::registration::v1::{
    FirstVerification, NoteVerificationsRequest, registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{Transport, timestamp};
use thiserror::Error;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use crate::{
    error::Error,
    store::{First, Store},
    wire,
};

/// How many one call tells, as the contract of the registration service limits it.
const AT_ONCE: u64 = 100;
/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a row waits at most that another copy has left, or that could not be told.
const EVERY: Duration = Duration::from_secs(5);

/// Why something could not be told for now.
#[derive(Debug, Error)]
enum Untold {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the registration service answered {:?}: {}", .0.code(), .0.message())]
    Neighbour(Box<Status>),
    #[error("the registration service did not answer")]
    Silent,
}

/// Tells, for one copy of the service.
pub(crate) struct Telling {
    pub(crate) store: Store,
    pub(crate) registration: RegistrationServiceClient<Transport>,
    /// Is notified when there is something to tell.
    pub(crate) written: Arc<Notify>,
    pub(crate) stopping: CancellationToken,
}

impl Telling {
    /// Tells what there is to be told until it is to stop.
    pub(crate) async fn run(self) {
        let tell = async {
            let mut works = true;
            loop {
                let told = self.tell().await;
                if works && let Err(error) = &told {
                    tracing::warn!(%error, "verifications cannot be told for now");
                }
                works = told.is_ok();
                if works {
                    let _ = tokio::time::timeout(EVERY, self.written.notified()).await;
                } else {
                    tokio::time::sleep(EVERY).await;
                }
            }
        };
        self.stopping.run_until_cancelled(tell).await;
    }

    async fn tell(&self) -> Result<(), Untold> {
        loop {
            let some = self.store.untold(AT_ONCE).await?;
            if some.is_empty() {
                return Ok(());
            }
            self.tell_of(&some).await?;
            self.store.forget_told(&some).await.map_err(Error::from)?;
        }
    }

    async fn tell_of(&self, some: &[First]) -> Result<(), Untold> {
        let verification = |(registration, time): &First| FirstVerification {
            registration: wire::registration_name(*registration),
            time: Some(timestamp(*time)),
        };
        let verifications = some.iter().map(verification).collect();
        let mut request = Request::new(NoteVerificationsRequest { verifications });
        request.set_timeout(PATIENCE);
        let mut client = self.registration.clone();
        let told = tokio::time::timeout(PATIENCE, client.note_verifications(request)).await;
        told.map_err(|_elapsed| Untold::Silent)?.map_err(|status| Untold::Neighbour(Box::new(status)))?;
        Ok(())
    }
}
