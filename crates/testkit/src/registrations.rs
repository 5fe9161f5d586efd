//! A registration service that knows what a test told it, for the tests of those that ask one.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use entrypass_proto::{
    errors::v1::ErrorReason,
    registration::v1::{
        self as pb, RegistrationState as State,
        registration_service_server::{RegistrationService, RegistrationServiceServer},
    },
};
use entrypass_rpc::{
    AnswerStream, Call, EdgeLayer, PageRequest, PageToken, Problem, Transport, answer, resource_id,
    resource_name,
};
use entrypass_rule::{Rule, Text, Violation, Violations};
use prost_types::Timestamp;
use tonic::{Code, Request, Response, Status, service::Routes};
use uuid::Uuid;

use crate::Feed;

/// A well-formed number with a wrong check character (6 would be right).
pub const WRONG_CHECK_CHARACTER: &str = "440699198501010017";

/// Registrations by name, travellers by document number, and what a test tells of their changes.
#[derive(Default)]
pub struct Registrations {
    facts: Mutex<HashMap<String, pb::GetRegistrationFactsResponse>>,
    travellers: Mutex<HashMap<String, String>>,
    companions: Mutex<HashMap<String, Vec<String>>>,
    verdict: Mutex<Option<pb::VerifyTravellerIdentityResponse>>,
    verifications: Mutex<Vec<pb::VerifyTravellerIdentityRequest>>,
    languages: Mutex<Vec<&'static str>>,
    fault: Mutex<Option<Code>>,
    failed_calls: AtomicUsize,
    verified: Mutex<HashMap<String, Timestamp>>,
    notes: Mutex<Vec<Vec<pb::FirstVerification>>>,
    refuses_notes: AtomicBool,
    feed: Feed,
}

impl Registrations {
    /// The way to it, in process behind `edge`.
    #[must_use]
    pub fn transport(self: &Arc<Self>, edge: &EdgeLayer) -> Transport {
        let server = RegistrationServiceServer::from_arc(Arc::clone(self));
        Transport::local(Routes::new(server), edge)
    }

    /// Makes a registration known, or changes what is known of it.
    pub fn put(&self, facts: pb::GetRegistrationFactsResponse) {
        locked(&self.facts).insert(facts.registration.clone(), facts);
    }

    /// Makes `companion` travel along with `holder`, as a relative who has agreed.
    pub fn bind(&self, holder: &str, companion: &str) {
        locked(&self.companions).entry(holder.to_owned()).or_default().push(companion.to_owned());
    }

    /// Makes known whose document `number` is. Of any other number it makes up a traveller when asked.
    pub fn own(&self, number: &str, traveller: &str) {
        locked(&self.travellers).insert(number.to_owned(), traveller.to_owned());
    }

    /// Answers each verification of an identity with `verdict` from now on. Until then everybody is VERIFIED, as FORMAL as the shipped service can.
    pub fn verify_as(&self, verdict: pb::VerifyTravellerIdentityResponse) {
        *locked(&self.verdict) = Some(verdict);
    }

    /// The verifications of identities that it was asked for while it worked, in order.
    pub fn verifications(&self) -> Vec<pb::VerifyTravellerIdentityRequest> {
        locked(&self.verifications).clone()
    }

    /// Answers with `code` and nothing of the catalogue from now on, as a broken connection or program does.
    pub fn break_with(&self, code: Code) {
        *locked(&self.fault) = Some(code);
    }

    /// Answers well again.
    pub fn mend(&self) {
        *locked(&self.fault) = None;
    }

    /// How many calls it answered while it was broken.
    pub fn failed_calls(&self) -> usize {
        self.failed_calls.load(Ordering::SeqCst)
    }

    /// What it was told of verifications, call by call.
    pub fn noted(&self) -> Vec<Vec<pb::FirstVerification>> {
        locked(&self.notes).clone()
    }

    /// Takes no verifications from now on, and answers everything else.
    pub fn refuse_notes(&self) {
        self.refuses_notes.store(true, Ordering::SeqCst);
    }

    /// What is told of changes.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The languages of the calls that it answered well or refused, in order.
    pub fn languages(&self) -> Vec<&'static str> {
        locked(&self.languages).clone()
    }

    fn works(&self) -> Result<(), Status> {
        let Some(code) = *locked(&self.fault) else { return Ok(()) };
        self.failed_calls.fetch_add(1, Ordering::SeqCst);
        Err(Status::new(code, "broken"))
    }

    fn note(&self, call: &Call) {
        locked(&self.languages).push(call.language().tag());
    }

    fn facts_of(&self, registration: &str) -> Result<pb::GetRegistrationFactsResponse, Problem> {
        let found = locked(&self.facts).get(registration).cloned();
        found.ok_or_else(|| Problem::new(ErrorReason::RegistrationNotFound))
    }

    fn all_facts_of(
        &self,
        request: &pb::BatchGetRegistrationFactsRequest,
    ) -> pb::BatchGetRegistrationFactsResponse {
        let known = locked(&self.facts);
        let asked: BTreeSet<_> = request.registrations.iter().collect();
        let mut facts: Vec<_> = asked.into_iter().filter_map(|name| known.get(name).cloned()).collect();
        for traveller in request.travellers.iter().collect::<BTreeSet<_>>() {
            let theirs = known.values().filter(|facts| facts.traveller == *traveller);
            // The active one, or else the last: that of the largest name here.
            facts.extend(
                theirs.max_by_key(|facts| (facts.state() == State::Active, &facts.registration)).cloned(),
            );
        }
        pb::BatchGetRegistrationFactsResponse { facts }
    }

    /// Those behind the page token, in the order of their names.
    fn list_facts(
        &self,
        request: &pb::ListRegistrationFactsRequest,
    ) -> Result<pb::ListRegistrationFactsResponse, Problem> {
        let page = PageRequest::parse_bulk(request.page_size, &request.page_token)?;
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let name = |id: Uuid| resource_name("travellers", id);
        let after = page.after.map(|PageToken(last)| name(last)).unwrap_or_default();
        let all: BTreeSet<_> = locked(&self.facts).values().map(|facts| facts.traveller.clone()).collect();
        let mut travellers: Vec<_> = all.into_iter().filter(|it| *it > after).collect();
        let more = travellers.len() > size;
        travellers.truncate(size);
        let last = travellers.last().filter(|_| more).and_then(|last| resource_id("travellers", last).ok());
        let next_page_token = last.map(|last| PageToken(last).encode()).unwrap_or_default();
        let request = pb::BatchGetRegistrationFactsRequest { travellers, ..Default::default() };
        Ok(pb::ListRegistrationFactsResponse { facts: self.all_facts_of(&request).facts, next_page_token })
    }

    fn groups_of(&self, request: &pb::GetTravelGroupsRequest) -> pb::GetTravelGroupsResponse {
        let group = |name: &String| {
            let holder = self.member(name);
            let active = holder.as_ref().is_some_and(|holder| holder.state() == State::Active);
            let bound = locked(&self.companions).get(name).cloned().unwrap_or_default();
            let members = bound.iter().filter(|_| active).filter_map(|name| self.member(name));
            let companions = members.filter(|member| member.state() == State::Active);
            let companion = |member| pb::TravelGroupCompanion {
                relationship: pb::Relationship::Relative.into(),
                member: Some(member),
            };
            pb::TravelGroup { holder, companions: companions.map(companion).collect() }
        };
        pb::GetTravelGroupsResponse { groups: request.registrations.iter().map(group).collect() }
    }

    fn verdict_on(
        &self,
        request: pb::VerifyTravellerIdentityRequest,
    ) -> Result<pb::VerifyTravellerIdentityResponse, Problem> {
        let revision = self.facts_of(&request.registration)?.revision;
        let outcome = match request.strength() {
            pb::IdentityStrength::Formal => pb::IdentityOutcome::Verified,
            _ => pb::IdentityOutcome::CannotVerify,
        };
        locked(&self.verifications).push(request);
        let formal = || pb::VerifyTravellerIdentityResponse {
            outcome: outcome.into(),
            strength: pb::IdentityStrength::Formal.into(),
            checks: Vec::new(),
            revision,
        };
        Ok(locked(&self.verdict).clone().unwrap_or_else(formal))
    }

    /// Whoever it is, they are called 王 and masked.
    fn member(&self, registration: &str) -> Option<pb::TravelGroupMember> {
        let facts = locked(&self.facts).get(registration).cloned()?;
        Some(pb::TravelGroupMember {
            registration: facts.registration,
            state: facts.state,
            revision: facts.revision,
            expire_time: facts.expire_time,
            masked_name: "王*".to_owned(),
            document_type: facts.document_type,
            masked_number: "11**************01".to_owned(),
            verified_time: locked(&self.verified).get(registration).copied(),
        })
    }

    /// Keeps the first time that it is told, which of several need not be the earliest.
    fn note_verified(&self, request: pb::NoteVerificationsRequest) -> pb::NoteVerificationsResponse {
        let mut verified = locked(&self.verified);
        for one in &request.verifications {
            verified.entry(one.registration.clone()).or_insert(one.time.unwrap_or_default());
        }
        locked(&self.notes).push(request.verifications);
        pb::NoteVerificationsResponse {}
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

/// The service, of which neighbours call some methods; the listed ones none has a reason to call.
macro_rules! registration_service_without {
    ($($method:ident: $request:ident => $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl RegistrationService for Registrations {
            async fn get_registration_facts(
                &self,
                request: Request<pb::GetRegistrationFactsRequest>,
            ) -> Result<Response<pb::GetRegistrationFactsResponse>, Status> {
                self.works()?;
                answer(request, |call, message| async move {
                    self.note(&call);
                    self.facts_of(&message.registration)
                }).await
            }

            async fn batch_get_registration_facts(
                &self,
                request: Request<pb::BatchGetRegistrationFactsRequest>,
            ) -> Result<Response<pb::BatchGetRegistrationFactsResponse>, Status> {
                self.works()?;
                answer(request, |call, message| async move {
                    self.note(&call);
                    Ok::<_, Problem>(self.all_facts_of(&message))
                }).await
            }

            async fn list_registration_facts(
                &self,
                request: Request<pb::ListRegistrationFactsRequest>,
            ) -> Result<Response<pb::ListRegistrationFactsResponse>, Status> {
                self.works()?;
                answer(request, |call, message| async move {
                    self.note(&call);
                    self.list_facts(&message)
                }).await
            }

            async fn get_travel_groups(
                &self,
                request: Request<pb::GetTravelGroupsRequest>,
            ) -> Result<Response<pb::GetTravelGroupsResponse>, Status> {
                self.works()?;
                answer(request, |call, message| async move {
                    self.note(&call);
                    Ok::<_, Problem>(self.groups_of(&message))
                }).await
            }

            async fn verify_traveller_identity(
                &self,
                request: Request<pb::VerifyTravellerIdentityRequest>,
            ) -> Result<Response<pb::VerifyTravellerIdentityResponse>, Status> {
                self.works()?;
                answer(request, |call, message| async move {
                    self.note(&call);
                    self.verdict_on(message)
                }).await
            }

            async fn resolve_traveller(
                &self,
                request: Request<pb::ResolveTravellerRequest>,
            ) -> Result<Response<pb::ResolveTravellerResponse>, Status> {
                self.works()?;
                answer(request, |call, message| async move {
                    self.note(&call);
                    self.traveller_of(message)
                }).await
            }

            async fn note_verifications(
                &self,
                request: Request<pb::NoteVerificationsRequest>,
            ) -> Result<Response<pb::NoteVerificationsResponse>, Status> {
                self.works()?;
                if self.refuses_notes.load(Ordering::SeqCst) {
                    return Err(Status::unavailable("refused"));
                }
                answer(request, |_, message| async move {
                    Ok::<_, Problem>(self.note_verified(message))
                }).await
            }

            type WatchRegistrationsStream = AnswerStream<pb::WatchRegistrationsResponse>;

            async fn watch_registrations(
                &self,
                request: Request<pb::WatchRegistrationsRequest>,
            ) -> Result<Response<Self::WatchRegistrationsStream>, Status> {
                self.works()?;
                answer(request, |_, message| async move { self.feed.watch(&message) }).await
            }

            $(async fn $method(&self, _: Request<pb::$request>) -> Result<Response<pb::$response>, Status> {
                Err(Status::unimplemented("no neighbour calls this"))
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
    erase_traveller: EraseTravellerRequest => EraseTravellerResponse,
    export_traveller: ExportTravellerRequest => ExportTravellerResponse,
    list_registration_revisions: ListRegistrationRevisionsRequest => ListRegistrationRevisionsResponse,
    list_access: ListAccessRequest => ListAccessResponse,
    list_registrations: ListRegistrationsRequest => ListRegistrationsResponse,
    submit_next_registration: SubmitNextRegistrationRequest => SubmitNextRegistrationResponse,
    request_correction: RequestCorrectionRequest => RequestCorrectionResponse,
    withdraw_correction: WithdrawCorrectionRequest => WithdrawCorrectionResponse,
    get_correction: GetCorrectionRequest => GetCorrectionResponse,
    list_corrections: ListCorrectionsRequest => ListCorrectionsResponse,
    review_correction: ReviewCorrectionRequest => ReviewCorrectionResponse,
    bind_companion: BindCompanionRequest => BindCompanionResponse,
    confirm_companion: ConfirmCompanionRequest => ConfirmCompanionResponse,
    list_holders: ListHoldersRequest => ListHoldersResponse,
    unbind_companion: UnbindCompanionRequest => UnbindCompanionResponse,
}
