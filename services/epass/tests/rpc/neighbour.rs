//! The neighbour: a registration service that knows what a test told it, and answers what epass asks.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use entrypass_proto::{
    errors::v1::ErrorReason,
    registration::v1::{self as pb, registration_service_server::RegistrationService},
};
use entrypass_rpc::{Problem, answer};
use entrypass_rule::{Rule, Text, Violation, Violations};
use tonic::{Request, Response, Status};

/// A well-formed number with a wrong check character (6 would be right).
pub const WRONG_CHECK_CHARACTER: &str = "440699198501010017";

/// Registrations by name, and travellers by document number.
#[derive(Default)]
pub struct Registrations {
    facts: Mutex<HashMap<String, pb::GetRegistrationFactsResponse>>,
    travellers: Mutex<HashMap<String, String>>,
    languages: Mutex<Vec<&'static str>>,
}

impl Registrations {
    /// Makes a registration known, or changes what is known of it.
    pub fn put(&self, facts: pb::GetRegistrationFactsResponse) {
        locked(&self.facts).insert(facts.registration.clone(), facts);
    }

    /// Makes known whose document `number` is.
    pub fn own(&self, number: &str, traveller: &str) {
        locked(&self.travellers).insert(number.to_owned(), traveller.to_owned());
    }

    /// The languages in which it was called, in order.
    pub fn languages(&self) -> Vec<&'static str> {
        locked(&self.languages).clone()
    }

    fn facts_of(
        &self,
        request: &pb::GetRegistrationFactsRequest,
    ) -> Result<pb::GetRegistrationFactsResponse, Problem> {
        let found = locked(&self.facts).get(&request.registration).cloned();
        found.ok_or_else(|| Problem::new(ErrorReason::RegistrationNotFound))
    }

    fn traveller_of(
        &self,
        request: pb::ResolveTravellerRequest,
    ) -> Result<pb::ResolveTravellerResponse, Problem> {
        let number = request.document.unwrap_or_default().number;
        if number == WRONG_CHECK_CHARACTER {
            let text = Text::new("证件号码校验码有误", "the check character is wrong");
            let rule = Rule::new("DOCUMENT_NUMBER_CHECK_CHARACTER", text);
            return Err(Violations::from(Violation { field: "document.number".to_owned(), rule }).into());
        }
        let mut travellers = locked(&self.travellers);
        let next = format!("travellers/00000000-0000-7000-8000-{:012x}", travellers.len() + 0xff00);
        Ok(pb::ResolveTravellerResponse { traveller: travellers.entry(number).or_insert(next).clone() })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The service, of which epass calls two methods; the listed ones it has no reason to call.
macro_rules! registration_service_without {
    ($($method:ident: $request:ident => $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl RegistrationService for Registrations {
            async fn get_registration_facts(
                &self,
                request: Request<pb::GetRegistrationFactsRequest>,
            ) -> Result<Response<pb::GetRegistrationFactsResponse>, Status> {
                answer(request, |call, message| async move {
                    locked(&self.languages).push(call.language().tag());
                    self.facts_of(&message)
                }).await
            }

            async fn resolve_traveller(
                &self,
                request: Request<pb::ResolveTravellerRequest>,
            ) -> Result<Response<pb::ResolveTravellerResponse>, Status> {
                answer(request, |_, message| async move { self.traveller_of(message) }).await
            }

            $(async fn $method(&self, _: Request<pb::$request>) -> Result<Response<pb::$response>, Status> {
                Err(Status::unimplemented("epass does not call this"))
            })+
        }
    };
}

registration_service_without! {
    check_document: CheckDocumentRequest => CheckDocumentResponse,
    get_notice: GetNoticeRequest => GetNoticeResponse,
    submit_registration: SubmitRegistrationRequest => SubmitRegistrationResponse,
    get_registration: GetRegistrationRequest => GetRegistrationResponse,
    get_prefill: GetPrefillRequest => GetPrefillResponse,
    update_registration: UpdateRegistrationRequest => UpdateRegistrationResponse,
    replace_document: ReplaceDocumentRequest => ReplaceDocumentResponse,
    cancel_registration: CancelRegistrationRequest => CancelRegistrationResponse,
    list_registration_revisions: ListRegistrationRevisionsRequest => ListRegistrationRevisionsResponse,
    bind_companion: BindCompanionRequest => BindCompanionResponse,
    confirm_companion: ConfirmCompanionRequest => ConfirmCompanionResponse,
    unbind_companion: UnbindCompanionRequest => UnbindCompanionResponse,
}
