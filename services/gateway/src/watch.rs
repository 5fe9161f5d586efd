//! The change feed, handed through.

use entrypass_proto::{
    gateway::v1 as pb,
    registration::v1::{self as registration, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{Call, Problem, Transport};
use futures_util::{Stream, StreamExt as _};

use crate::service::Gateway;

impl Gateway {
    /// Hands the registration service's stream through, one message at a time as the caller takes them: how much waits for a slow caller is
    /// the transport's flow control to say.
    pub(crate) async fn watch(
        &self,
        call: Call,
        message: pb::WatchRegistrationsRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchRegistrationsResponse, Problem>> + use<>, Problem> {
        let request = same!(message, pb::WatchRegistrationsRequest => registration::WatchRegistrationsRequest {
            cursor, start
        });
        let open = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.watch_registrations(request).await
        };
        let problem = |status| Problem::from_neighbour("registration", status);
        let changes = self.registration.open(&call, request, open).await.map_err(problem)?;
        Ok(changes.map(move |next| {
            let next = next.map_err(problem)?;
            Ok(same!(next, registration::WatchRegistrationsResponse => pb::WatchRegistrationsResponse {
                changes, cursor, as_of_time
            }))
        }))
    }
}
