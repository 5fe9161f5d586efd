//! What is done about applications, in few words.

use entrypass_proto::epass::v1::{self as pb, electronic_pass_application::State};
use entrypass_testkit::{Refusal, eventually};

use super::{App, Person};

/// Who decides, where it does not matter who.
pub const REVIEWER: &str = "reviewer-1";

impl App {
    /// Begins an application.
    pub async fn draft(
        &self,
        request_id: &str,
        person: &Person,
    ) -> Result<pb::ElectronicPassApplication, Refusal> {
        let request = pb::CreateElectronicPassApplicationRequest {
            request_id: request_id.to_owned(),
            registration: person.registration.clone(),
        };
        let answer = self.client().create_electronic_pass_application(request).await?.into_inner();
        Ok(answer.application.expect("an application"))
    }

    /// Submits an application, and gives the answer.
    pub async fn submit(
        &self,
        request_id: &str,
        person: &Person,
    ) -> Result<pb::ElectronicPassApplication, Refusal> {
        let request = pb::ApplyForElectronicPassRequest {
            request_id: request_id.to_owned(),
            registration: person.registration.clone(),
            evidence: Vec::new(),
        };
        let answer = self.client().apply_for_electronic_pass(request).await?.into_inner();
        Ok(answer.application.expect("an application"))
    }

    /// Submits an application and waits until the verification of identity has left it to a reviewer.
    pub async fn await_review(
        &self,
        request_id: &str,
        person: &Person,
    ) -> Result<pb::ElectronicPassApplication, Refusal> {
        let submitted = self.submit(request_id, person).await?;
        Ok(self.settled(&submitted.name).await)
    }

    /// As [`Self::await_review`], and [`REVIEWER`] has it.
    pub async fn apply(
        &self,
        request_id: &str,
        person: &Person,
    ) -> Result<pb::ElectronicPassApplication, Refusal> {
        let waiting = self.await_review(request_id, person).await?;
        self.claim(&format!("claim-{request_id}"), REVIEWER, 20).await?;
        Ok(waiting)
    }

    /// The application `name` once its verification is over.
    pub async fn settled(&self, name: &str) -> pb::ElectronicPassApplication {
        let under_way = [State::Submitted, State::IdentityVerifying];
        let settled =
            async || !under_way.contains(&self.application(name).await.expect("it is there").state());
        eventually("the identity is verified", settled).await;
        self.application(name).await.expect("it is there")
    }

    /// The application `name`.
    pub async fn application(&self, name: &str) -> Result<pb::ElectronicPassApplication, Refusal> {
        let request = pb::GetElectronicPassApplicationRequest { application: name.to_owned() };
        let answer = self.client().get_electronic_pass_application(request).await?.into_inner();
        Ok(answer.application.expect("an application"))
    }

    /// Withdraws `application` as it was read.
    pub async fn withdraw(
        &self,
        request_id: &str,
        application: &pb::ElectronicPassApplication,
    ) -> Result<pb::ElectronicPassApplication, Refusal> {
        let request = pb::WithdrawElectronicPassApplicationRequest {
            request_id: request_id.to_owned(),
            application: application.name.clone(),
            etag: application.etag.clone(),
        };
        let answer = self.client().withdraw_electronic_pass_application(request).await?.into_inner();
        Ok(answer.application.expect("an application"))
    }

    /// Lets `reviewer` take at most `count` applications from the queue.
    pub async fn claim(
        &self,
        request_id: &str,
        reviewer: &str,
        count: i32,
    ) -> Result<Vec<pb::ElectronicPassApplication>, Refusal> {
        let (request_id, reviewer) = (request_id.to_owned(), reviewer.to_owned());
        let request = pb::ClaimElectronicPassApplicationsRequest { request_id, reviewer, count };
        Ok(self.client().claim_electronic_pass_applications(request).await?.into_inner().applications)
    }

    /// Lets `reviewer` give `application` back.
    pub async fn release(
        &self,
        request_id: &str,
        application: &pb::ElectronicPassApplication,
        reviewer: &str,
    ) -> Result<pb::ElectronicPassApplication, Refusal> {
        let request = pb::ReleaseElectronicPassApplicationRequest {
            request_id: request_id.to_owned(),
            application: application.name.clone(),
            reviewer: reviewer.to_owned(),
        };
        let answer = self.client().release_electronic_pass_application(request).await?.into_inner();
        Ok(answer.application.expect("an application"))
    }

    pub async fn review(
        &self,
        request: pb::ReviewElectronicPassApplicationRequest,
    ) -> Result<pb::ReviewElectronicPassApplicationResponse, Refusal> {
        Ok(self.client().review_electronic_pass_application(request).await?.into_inner())
    }

    pub async fn list(
        &self,
        request: pb::ListElectronicPassApplicationsRequest,
    ) -> Result<pb::ListElectronicPassApplicationsResponse, Refusal> {
        Ok(self.client().list_electronic_pass_applications(request).await?.into_inner())
    }
}

/// A decision on `application` as it was read, with a note where one is needed.
pub fn decision(
    request_id: &str,
    application: &pb::ElectronicPassApplication,
    decision: pb::ReviewDecision,
) -> pb::ReviewElectronicPassApplicationRequest {
    let note = if decision == pb::ReviewDecision::Approve { "" } else { "照片不清晰" };
    pb::ReviewElectronicPassApplicationRequest {
        request_id: request_id.to_owned(),
        application: application.name.clone(),
        etag: application.etag.clone(),
        decision: decision.into(),
        note: note.to_owned(),
        reviewer: REVIEWER.to_owned(),
    }
}
