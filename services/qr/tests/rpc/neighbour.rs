//! The neighbour: a registration service that knows what a test told it, or breaks when told to.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use entrypass_proto::{
    errors::v1::ErrorReason,
    registration::v1::{self as pb, registration_service_server::RegistrationService},
};
use entrypass_rpc::{Problem, answer};
use tonic::{Code, Request, Response, Status};

/// Registrations by name.
#[derive(Default)]
pub struct Registrations {
    facts: Mutex<HashMap<String, pb::GetRegistrationFactsResponse>>,
    fault: Mutex<Option<Code>>,
}

impl Registrations {
    /// Makes a registration known, or changes what is known of it.
    pub fn put(&self, facts: pb::GetRegistrationFactsResponse) {
        locked(&self.facts).insert(facts.registration.clone(), facts);
    }

    /// Answers with `code` and nothing of the catalogue from now on, as a broken connection or program does.
    pub fn break_with(&self, code: Code) {
        *locked(&self.fault) = Some(code);
    }

    /// Answers well again.
    pub fn mend(&self) {
        *locked(&self.fault) = None;
    }

    async fn facts_of(
        &self,
        request: Request<pb::GetRegistrationFactsRequest>,
    ) -> Result<Response<pb::GetRegistrationFactsResponse>, Status> {
        if let Some(code) = *locked(&self.fault) {
            return Err(Status::new(code, "broken"));
        }
        answer(request, async |_, message| self.known(&message.registration)).await
    }

    fn known(&self, registration: &str) -> Result<pb::GetRegistrationFactsResponse, Problem> {
        let found = locked(&self.facts).get(registration).cloned();
        found.ok_or_else(|| Problem::new(ErrorReason::RegistrationNotFound))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The service, of which qr calls one method; the listed ones it has no reason to call.
macro_rules! registration_service_without {
    ($($method:ident: $request:ident => $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl RegistrationService for Registrations {
            async fn get_registration_facts(
                &self,
                request: Request<pb::GetRegistrationFactsRequest>,
            ) -> Result<Response<pb::GetRegistrationFactsResponse>, Status> {
                self.facts_of(request).await
            }

            $(async fn $method(&self, _: Request<pb::$request>) -> Result<Response<pb::$response>, Status> {
                Err(Status::unimplemented("qr does not call this"))
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
    resolve_traveller: ResolveTravellerRequest => ResolveTravellerResponse,
    update_registration: UpdateRegistrationRequest => UpdateRegistrationResponse,
    replace_document: ReplaceDocumentRequest => ReplaceDocumentResponse,
    cancel_registration: CancelRegistrationRequest => CancelRegistrationResponse,
    list_registration_revisions: ListRegistrationRevisionsRequest => ListRegistrationRevisionsResponse,
    bind_companion: BindCompanionRequest => BindCompanionResponse,
    confirm_companion: ConfirmCompanionRequest => ConfirmCompanionResponse,
    unbind_companion: UnbindCompanionRequest => UnbindCompanionResponse,
}
