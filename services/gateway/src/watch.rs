//! The change feeds and the stream of offline bundles, handed through one message at a time as the caller takes them: how much waits for a
//! slow caller is the transport's flow control to say.

use entrypass_proto::{
    epass::v1::{self as epass, epass_service_client::EpassServiceClient},
    gateway::v1 as pb,
    qr::v1::{self as qr, qr_service_client::QrServiceClient},
    registration::v1::{self as registration, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{Call, Problem, Transport};
use futures_util::{Stream, StreamExt as _};

use crate::service::Gateway;

impl Gateway {
    /// The changes of registrations.
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

    /// The changes of electronic passes.
    pub(crate) async fn watch_passes(
        &self,
        call: Call,
        message: pb::WatchElectronicPassesRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchElectronicPassesResponse, Problem>> + use<>, Problem> {
        let request = same!(message, pb::WatchElectronicPassesRequest => epass::WatchElectronicPassesRequest {
            cursor, start
        });
        let open = async |mut client: EpassServiceClient<Transport>, request| {
            client.watch_electronic_passes(request).await
        };
        let problem = |status| Problem::from_neighbour("epass", status);
        let changes = self.epass.open(&call, request, open).await.map_err(problem)?;
        Ok(changes.map(move |next| {
            let next = next.map_err(problem)?;
            Ok(same!(next, epass::WatchElectronicPassesResponse => pb::WatchElectronicPassesResponse {
                changes, cursor, as_of_time
            }))
        }))
    }

    pub(crate) async fn bundle(
        &self,
        call: Call,
        _: pb::GetVerificationBundleRequest,
    ) -> Result<pb::GetVerificationBundleResponse, Problem> {
        let answer = ask!(self, call, qr.get_verification_bundle(qr::GetVerificationBundleRequest {}))?;
        Ok(same!(answer, qr::GetVerificationBundleResponse => pb::GetVerificationBundleResponse { bundle }))
    }

    /// The offline bundles.
    pub(crate) async fn watch_bundle(
        &self,
        call: Call,
        message: pb::WatchVerificationBundleRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchVerificationBundleResponse, Problem>> + use<>, Problem>
    {
        let request = same!(message, pb::WatchVerificationBundleRequest => qr::WatchVerificationBundleRequest {
            cursor
        });
        let open = async |mut client: QrServiceClient<Transport>, request| {
            client.watch_verification_bundle(request).await
        };
        let problem = |status| Problem::from_neighbour("qr", status);
        let bundles = self.qr.open(&call, request, open).await.map_err(problem)?;
        Ok(bundles.map(move |next| {
            let next = next.map_err(problem)?;
            Ok(same!(next, qr::WatchVerificationBundleResponse => pb::WatchVerificationBundleResponse { bundle }))
        }))
    }
}
