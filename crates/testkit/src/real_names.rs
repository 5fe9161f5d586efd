//! A city's own identity service: a register of real names that knows what a test told it. It shares the contract with the one that ships, and nothing
//! else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entrypass_proto::{
    identity::v1::{
        VerifyIdentityRequest, VerifyIdentityResponse,
        identity_service_server::{IdentityService, IdentityServiceServer},
    },
    registration::v1::{
        IdentityCheck, IdentityOutcome as Outcome, IdentityStrength as Strength,
        identity_check::Result as Found,
    },
};
use entrypass_rpc::{EdgeLayer, Transport};
use tonic::{Code, Request, Response, Status, service::Routes};

/// Names by document number, and how the service behaves.
#[derive(Default)]
pub struct RealNames {
    names: Mutex<HashMap<String, String>>,
    questions: Mutex<Vec<VerifyIdentityRequest>>,
    fault: Mutex<Option<Code>>,
    answer: Mutex<Option<VerifyIdentityResponse>>,
}

impl RealNames {
    /// Has `name` (Chinese, or surname and given names with a blank between) in the register under `number`.
    pub fn know(&self, number: &str, name: &str) {
        locked(&self.names).insert(number.to_owned(), name.to_owned());
    }

    /// Answers with `code` and nothing of our catalogue from now on.
    pub fn break_with(&self, code: Code) {
        *locked(&self.fault) = Some(code);
    }

    /// Answers well again.
    pub fn mend(&self) {
        *locked(&self.fault) = None;
    }

    /// Answers everything with `answer` from now on.
    pub fn answer_with(&self, answer: VerifyIdentityResponse) {
        *locked(&self.answer) = Some(answer);
    }

    /// What it was asked, in order, also while it was broken.
    pub fn questions(&self) -> Vec<VerifyIdentityRequest> {
        locked(&self.questions).clone()
    }

    /// The service, to be served at a listener.
    #[must_use]
    pub fn routes(self: &Arc<Self>) -> Routes {
        Routes::new(IdentityServiceServer::from_arc(Arc::clone(self)))
    }

    /// The way to it, in process behind `edge`.
    #[must_use]
    pub fn transport(self: &Arc<Self>, edge: &EdgeLayer) -> Transport {
        Transport::local(self.routes(), edge)
    }

    /// The register's word: real names at most, since it sees no faces.
    fn verify(&self, question: &VerifyIdentityRequest) -> VerifyIdentityResponse {
        let VerifyIdentityRequest { document, chinese_name, surname, given_names, .. } = question;
        let number = document.as_ref().map(|document| document.number.as_str()).unwrap_or_default();
        let latin = format!("{surname} {given_names}");
        let name = if chinese_name.is_empty() { latin.trim() } else { chinese_name };
        let found = match locked(&self.names).get(number) {
            None => Found::NotPerformed,
            Some(registered) if registered == name => Found::Passed,
            Some(_) => Found::Failed,
        };
        let (outcome, strength) = match found {
            Found::Failed => (Outcome::Mismatch, Strength::Unspecified),
            Found::Passed if question.strength() <= Strength::RealName => {
                (Outcome::Verified, Strength::RealName)
            }
            Found::Passed => (Outcome::CannotVerify, Strength::RealName),
            Found::NotPerformed | Found::Unspecified => (Outcome::CannotVerify, Strength::Unspecified),
        };
        let check = IdentityCheck {
            check: "REGISTER".to_owned(),
            result: found.into(),
            text_zh_cn: "已向实名登记库查询。".to_owned(),
            text_en: "The register of real names was asked.".to_owned(),
        };
        VerifyIdentityResponse { outcome: outcome.into(), strength: strength.into(), checks: vec![check] }
    }
}

#[tonic::async_trait]
impl IdentityService for RealNames {
    async fn verify_identity(
        &self,
        request: Request<VerifyIdentityRequest>,
    ) -> Result<Response<VerifyIdentityResponse>, Status> {
        let question = request.into_inner();
        locked(&self.questions).push(question.clone());
        if let Some(code) = *locked(&self.fault) {
            return Err(Status::new(code, "broken"));
        }
        let told = locked(&self.answer).clone();
        Ok(Response::new(told.unwrap_or_else(|| self.verify(&question))))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
