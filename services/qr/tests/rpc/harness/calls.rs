//! The calls of a service's users, each in few words.

use entrypass_ambient::{Clock as _, Random as _};
use entrypass_proto::{
    qr::v1::{self as pb, Verdict, WithdrawalReason},
    registration::v1::RegistrationState,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, eventually};
use time::Duration;
use tonic::Streaming;

use super::{App, registration, told};

impl App {
    /// A revision of the registration `number`, which ends in 30 days.
    pub fn subject(&self, number: u128, revision: i32) -> pb::CodeSubject {
        let expire_time = Some(timestamp(self.clock.now() + Duration::days(30)));
        pb::CodeSubject { registration: registration(number), revision, expire_time }
    }

    /// The codes of `subjects`, `None` where one does not count any more.
    pub async fn issue(&self, subjects: Vec<pb::CodeSubject>) -> Result<Vec<Option<pb::QrCode>>, Refusal> {
        let request = pb::IssueQrCodesRequest { subjects };
        let issued = self.client().issue_qr_codes(request).await?.into_inner().qr_codes;
        Ok(issued.into_iter().map(|one| one.qr_code).collect())
    }

    /// The code of one subject, if it counts.
    pub async fn issue_one(&self, subject: pb::CodeSubject) -> Option<pb::QrCode> {
        let codes: [_; 1] =
            self.issue(vec![subject]).await.expect("an answer").try_into().expect("one for each subject");
        let [code] = codes;
        code
    }

    /// What is said of one revision of the registration `number` when its code is asked for.
    pub async fn issued(&self, number: u128, revision: i32) -> pb::IssuedQrCode {
        let request = pb::IssueQrCodesRequest { subjects: vec![self.subject(number, revision)] };
        let issued = self.client().issue_qr_codes(request).await.expect("an answer").into_inner().qr_codes;
        issued.into_iter().next().expect("one for each subject")
    }

    /// The code of one revision of the registration `number`, which is active in that revision.
    pub async fn code(&self, number: u128, revision: i32) -> pb::QrCode {
        self.registered(number, revision, RegistrationState::Active);
        self.issue_one(self.subject(number, revision)).await.expect("a code that counts")
    }

    pub async fn decision(&self, content: &str) -> pb::VerifyQrCodeResponse {
        let request = pb::VerifyQrCodeRequest { content: content.to_owned(), ..Default::default() };
        self.client().verify_qr_code(request).await.expect("a decision").into_inner()
    }

    /// The verdict on `content` with its checks, as [`told`] writes them.
    pub async fn verdict(&self, content: &str) -> (Verdict, String) {
        told(&self.decision(content).await)
    }

    /// The keys, as a verifier is told of them.
    pub async fn keys(&self) -> pb::ListVerificationKeysResponse {
        let answer = self.client().list_verification_keys(pb::ListVerificationKeysRequest {}).await;
        answer.expect("the keys").into_inner()
    }

    /// Revokes, by a request of its own, and says how many were not revoked before.
    pub async fn revoke(&self, registration: String) -> Result<i32, Refusal> {
        let request = pb::RevokeQrCodesRequest {
            registration,
            request_id: self.request_id(),
            reason: WithdrawalReason::HolderRequest.into(),
            ..Default::default()
        };
        Ok(self.client().revoke_qr_codes(request).await?.into_inner().revoked_count)
    }

    /// Suspends the codes of the registration `number` for so long, by a request of its own.
    pub async fn suspend(&self, number: u128, long: Duration) -> Result<pb::QrCodeStanding, Refusal> {
        let request = pb::SuspendQrCodesRequest {
            request_id: self.request_id(),
            registration: registration(number),
            suspend_until_time: Some(timestamp(self.clock.now() + long)),
            reason: WithdrawalReason::HealthOrder.into(),
            ..Default::default()
        };
        let answer = self.client().suspend_qr_codes(request).await?.into_inner();
        Ok(answer.standing.expect("a standing"))
    }

    /// Lifts the suspension of the registration `number`, by a request of its own.
    pub async fn reinstate(&self, number: u128) -> Result<pb::QrCodeStanding, Refusal> {
        let request = pb::ReinstateQrCodesRequest {
            request_id: self.request_id(),
            registration: registration(number),
            ..Default::default()
        };
        let answer = self.client().reinstate_qr_codes(request).await?.into_inner();
        Ok(answer.standing.expect("a standing"))
    }

    /// How the codes of the registration `number` stand.
    pub async fn standing(&self, number: u128) -> pb::QrCodeStanding {
        let request =
            pb::GetQrCodeStandingRequest { registration: registration(number), ..Default::default() };
        let answer = self.client().get_qr_code_standing(request).await.expect("an answer").into_inner();
        answer.standing.expect("a standing")
    }

    /// Lets the changes of registrations be followed up to this hour, and waits until they are.
    pub async fn followed(&self) {
        let now = self.clock.now();
        self.registrations.feed().set_as_of(now);
        eventually("registrations are followed up to this hour", async || {
            self.registrations.feed().checkpoint();
            let bundle = self.bundle().await;
            bundle.is_ok_and(|bundle| bundle.as_of_time == Some(timestamp(now)))
        })
        .await;
    }

    /// A snapshot.
    pub async fn bundle(&self) -> Result<pb::VerificationBundle, Refusal> {
        let answer = self.client().get_verification_bundle(pb::GetVerificationBundleRequest {}).await?;
        Ok(answer.into_inner().bundle.expect("a bundle"))
    }

    /// The stream of bundles behind `cursor`.
    pub async fn watch(
        &self,
        cursor: &str,
    ) -> Result<Streaming<pb::WatchVerificationBundleResponse>, Refusal> {
        let request = pb::WatchVerificationBundleRequest { cursor: cursor.to_owned() };
        Ok(self.client().watch_verification_bundle(request).await?.into_inner())
    }

    /// One that nobody had before.
    pub fn request_id(&self) -> String {
        self.random.uuid_v7(self.clock.now()).to_string()
    }
}
