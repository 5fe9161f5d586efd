//! The one RPC: parse, verify, render.

use std::sync::Arc;

use entrypass_ambient::{Clock, city_date};
use entrypass_proto::identity::v1::{self as pb, identity_service_server::IdentityService};
use entrypass_rpc::answer;
use entrypass_rule::Violations;
use tonic::{Request, Response, Status};

use crate::{verification::verify, wire};

/// Implements the generated trait.
pub(crate) struct Identity {
    pub(crate) clock: Arc<dyn Clock>,
}

impl Identity {
    fn verify(&self, message: pb::VerifyIdentityRequest) -> Result<pb::VerifyIdentityResponse, Violations> {
        let (claim, wanted) = wire::parse(message, city_date(self.clock.now()))?;
        Ok(wire::render(&verify(&claim, wanted)))
    }
}

#[tonic::async_trait]
impl IdentityService for Identity {
    async fn verify_identity(
        &self,
        request: Request<pb::VerifyIdentityRequest>,
    ) -> Result<Response<pb::VerifyIdentityResponse>, Status> {
        answer(request, async |_, message| self.verify(message)).await
    }
}
