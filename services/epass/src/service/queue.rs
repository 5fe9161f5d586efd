//! Applications, as reviewers see them: the queue, who has what of it, and the decision.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::epass::v1 as pb;
use time::OffsetDateTime;

use super::{Epass, REGISTRATIONS};
use crate::{
    application::{Application, Claim, State},
    decision::Terms,
    error::Error,
    store::{self, queue},
    wire,
};

impl Epass {
    pub(super) async fn list(
        &self,
        call: Access,
        request: pb::ListElectronicPassApplicationsRequest,
    ) -> Result<pb::ListElectronicPassApplicationsResponse, Error> {
        let wire::ListRequest { filter, size, from } = wire::parse_list(&request)?;
        let (reader, sealer, now) = (self.database.reader(), self.database.sealer(), self.clock.now());
        let (page, next) = queue::page(reader, sealer, filter, (size, from), now).await?;
        for application in &page {
            call.touch(REGISTRATIONS, application.registration, Some(application.traveller));
        }
        Ok(pb::ListElectronicPassApplicationsResponse {
            applications: page.iter().map(|application| wire::render_queued(application, now)).collect(),
            next_page_token: next.map(wire::place::render).unwrap_or_default(),
        })
    }

    /// What was claimed is kept as names, and read again for each answer: an answer of many persons could not be taken away with one of them.
    pub(super) async fn claim(
        &self,
        call: Access,
        request: pb::ClaimElectronicPassApplicationsRequest,
    ) -> Result<pb::ClaimElectronicPassApplicationsResponse, Error> {
        let wire::ClaimRequest { reviewer, count } = wire::parse_claim(call.caller(), &request)?;
        let (caller, rpc) = (call.caller().as_str(), "ClaimElectronicPassApplications");
        let key = RequestKey::new(caller, rpc, &request.request_id, &request);
        let now = self.clock.now();
        let claim = Claim { reviewer, until: now + self.claims_last };
        let kept = self.once(&call, &key, now, async |transaction| {
            let claimed = queue::claim(transaction, self.database.sealer(), &claim, count, now).await?;
            for application in &claimed {
                call.touch(REGISTRATIONS, application.registration, Some(application.traveller));
            }
            let applications = claimed.iter().map(wire::name_application).collect();
            Ok(Kept::of(pb::ClaimElectronicPassApplicationsResponse { applications }))
        });
        self.read_again(&call, kept.await?, now).await
    }

    /// What is there now of the applications that `kept` names.
    async fn read_again(
        &self,
        call: &Access,
        kept: pb::ClaimElectronicPassApplicationsResponse,
        now: OffsetDateTime,
    ) -> Result<pb::ClaimElectronicPassApplicationsResponse, Error> {
        let mut applications = Vec::new();
        for named in kept.applications {
            let id = wire::parse_application(&named.name)?;
            let found = store::application(self.database.reader(), self.database.sealer(), id).await?;
            if let Some(found) = found.map(|found| found.at(now)) {
                call.touch(REGISTRATIONS, found.registration, Some(found.traveller));
                applications.push(wire::render_queued(&found, now));
            }
        }
        Ok(pb::ClaimElectronicPassApplicationsResponse { applications })
    }

    pub(super) async fn release(
        &self,
        call: Access,
        request: pb::ReleaseElectronicPassApplicationRequest,
    ) -> Result<pb::ReleaseElectronicPassApplicationResponse, Error> {
        let (application, reviewer) = wire::parse_release(call.caller(), &request)?;
        let (caller, rpc) = (call.caller().as_str(), "ReleaseElectronicPassApplication");
        let key = RequestKey::new(caller, rpc, &request.request_id, &request);
        let now = self.clock.now();
        self.once(&call, &key, now, async |transaction| {
            let found = self.held(transaction, &call, application, now).await?;
            if !found.is_claimed_by(&reviewer, now) {
                return Err(Error::NotClaimed);
            }
            queue::set_claim(transaction, [found.id], None).await?;
            let released = Application { claim: None, ..found };
            let application = Some(wire::render_queued(&released, now));
            Ok(Kept::about(released.traveller, pb::ReleaseElectronicPassApplicationResponse { application }))
        })
        .await
    }

    pub(super) async fn review(
        &self,
        call: Access,
        request: pb::ReviewElectronicPassApplicationRequest,
    ) -> Result<pb::ReviewElectronicPassApplicationResponse, Error> {
        let wire::ReviewRequest { application, etag, reviewer, review } =
            wire::parse_review(call.caller(), &request)?;
        let (caller, rpc) = (call.caller().as_str(), "ReviewElectronicPassApplication");
        let key = RequestKey::new(caller, rpc, &request.request_id, &request);
        let now = self.clock.now();
        self.policies.warm(self.database.reader(), now).await;
        self.once(&call, &key, now, async |transaction| {
            // Held, so that nobody else's claim begins between the look and the decision.
            let found = self.held(transaction, &call, application, now).await?;
            if found.etag() != etag {
                return Err(Error::EtagMismatch);
            }
            let claimed = found.is_claimed_by(&reviewer, now);
            let terms = Terms::of(&*self.policies.at(transaction, now).await?);
            let reviewed = found.reviewed(review, reviewer, terms.lapse_time(now), now)?;
            if !claimed {
                return Err(Error::NotClaimed);
            }
            self.replace(transaction, &reviewed).await?;
            let (concluded, pass) = if reviewed.state == State::Approved {
                let (issued, pass) = self.issuing.issue(transaction, &reviewed, now).await?;
                (issued, Some(pass))
            } else {
                (reviewed, None)
            };
            let answer = pb::ReviewElectronicPassApplicationResponse {
                application: Some(wire::render_queued(&concluded, now)),
                electronic_pass: pass.as_ref().map(|pass| wire::render_pass(pass, now)),
            };
            Ok(Kept::about(concluded.traveller, answer))
        })
        .await
    }
}
