//! The calls of those who show codes and of those who verify them, each in few words.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    qr::v1::{self as pb, Verdict},
    registration::v1::RegistrationState,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::Duration;

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
}
