//! What a traveller and a reviewer's system do about the electronic pass, in few words.

use entrypass_proto::{
    epass::v1::{
        ClaimElectronicPassApplicationsRequest, ElectronicPassApplication, ReviewDecision,
        ReviewElectronicPassApplicationRequest, ReviewElectronicPassApplicationResponse,
        electronic_pass_application::State,
    },
    gateway::v1 as pb,
};
use entrypass_testkit::eventually;

use crate::System;

/// Who decides.
const REVIEWER: &str = "reviewer-1";

impl System {
    /// Applies for the electronic pass under `registration`, and gives the application once its verification is over.
    pub async fn applied(&self, request_id: &str, registration: &str) -> ElectronicPassApplication {
        let request = pb::ApplyForElectronicPassRequest {
            request_id: request_id.to_owned(),
            registration: registration.to_owned(),
            evidence: Vec::new(),
        };
        let applied = self.pass.clone().apply_for_electronic_pass(request).await.expect("offered");
        self.verified(&applied.into_inner().application.expect("an application").name).await
    }

    /// The application `name` once the verification of identity is over.
    pub async fn verified(&self, name: &str) -> ElectronicPassApplication {
        let under_way = [State::Submitted, State::IdentityVerifying];
        eventually("the identity is verified", async || {
            !under_way.contains(&self.application(name).await.state())
        })
        .await;
        self.application(name).await
    }

    /// The application `name`, as its traveller sees it.
    pub async fn application(&self, name: &str) -> ElectronicPassApplication {
        let request = pb::GetElectronicPassApplicationRequest { application: name.to_owned() };
        let answer = self.pass.clone().get_electronic_pass_application(request).await.expect("it is there");
        answer.into_inner().application.expect("an application")
    }

    /// Lets a reviewer take what waits, and decide on `application` as it was read.
    pub async fn reviewed(
        &self,
        application: &ElectronicPassApplication,
        decision: ReviewDecision,
        note: &str,
    ) -> ReviewElectronicPassApplicationResponse {
        let claim = ClaimElectronicPassApplicationsRequest {
            request_id: format!("claim-{}", application.etag),
            reviewer: REVIEWER.to_owned(),
            count: 20,
        };
        self.epass.clone().claim_electronic_pass_applications(claim).await.expect("taken");
        let request = ReviewElectronicPassApplicationRequest {
            request_id: format!("review-{}", application.etag),
            application: application.name.clone(),
            etag: application.etag.clone(),
            decision: decision.into(),
            note: note.to_owned(),
            reviewer: REVIEWER.to_owned(),
        };
        let decided = self.epass.clone().review_electronic_pass_application(request).await;
        decided.expect("decided").into_inner()
    }
}
