//! Calls that write. Each answer is looked at; what a case wrote is counted in the store afterwards.

use std::sync::Arc;

use entrypass_proto::{
    epass::v1::electronic_pass_application::State,
    gateway::v1 as pb,
    registration::v1::{RegistrationForm, Relationship},
};
use prost_types::FieldMask;

use super::{Codes, KIOSK, Newcomers, Pool, Registered, VERIFIED, decoded, gateway, must, submission, whole};
use crate::{
    client::{Answer, Request},
    drive::Source,
    traveller::Population,
};

/// `SubmitRegistration` of somebody new with each call.
#[derive(Debug)]
pub struct Submit {
    population: Population,
    newcomers: Arc<Newcomers>,
    notice: String,
    /// The first part of each `request_id`.
    prefix: String,
    kept: std::sync::Mutex<Vec<Registered>>,
}

impl Submit {
    /// Registers `newcomers`, each under a `request_id` that begins with `prefix`.
    #[must_use]
    pub fn new(population: Population, newcomers: &Arc<Newcomers>, notice: &str, prefix: &str) -> Self {
        let (newcomers, notice, prefix) = (Arc::clone(newcomers), notice.to_owned(), prefix.to_owned());
        Self { population, newcomers, notice, prefix, kept: Vec::new().into() }
    }

    /// Those who were registered.
    pub fn registered(&self) -> Vec<Registered> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Source for Submit {
    fn request(&self, _: u64) -> Option<(u64, Request)> {
        let index = self.newcomers.next();
        let traveller = self.population.traveller(index);
        let request_id = format!("{}{index}", self.prefix);
        let message = submission(&self.population, &traveller, request_id, &self.notice);
        Some((index, Request::new(gateway!("SubmitRegistration"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let answer: pb::SubmitRegistrationResponse = decoded(answer)?;
        let pass = whole(answer.entry_pass)?;
        let form = pass.registration.as_ref().and_then(|registration| registration.form.as_ref());
        let name = form.map(|form| form.chinese_name.as_str()).unwrap_or_default();
        must(name == self.population.traveller(mark).name(), "somebody else's registration")?;
        let registered = Registered { index: mark, ..Registered::of(pass).ok_or("no code")? };
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(registered);
        Ok(())
    }

    fn codes(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.iter().take(VERIFIED).map(|registered| registered.code.clone()).collect()
    }
}

/// `UpdateRegistration`: how long they stay, one day more or less.
#[derive(Debug)]
pub struct Amend {
    pool: Pool<Registered>,
    prefix: String,
}

impl Amend {
    /// Amends each of `registered` again and again.
    #[must_use]
    pub fn new(registered: Vec<Registered>, prefix: &str) -> Self {
        Self { pool: Pool::new(registered), prefix: prefix.to_owned() }
    }
}

impl Source for Amend {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let Registered { name, etag, revision, .. } = self.pool.take(nth)?;
        // Another number than before: it is a change.
        let stay_days = 7 + revision % 20;
        let message = pb::UpdateRegistrationRequest {
            request_id: format!("{}{nth}", self.prefix),
            registration: name,
            etag,
            form: Some(RegistrationForm { stay_days, ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["stay_days".to_owned()] }),
        };
        Some((nth, Request::new(gateway!("UpdateRegistration"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let before = self.pool.taken(mark).ok_or("an answer to no call")?;
        let answer: pb::UpdateRegistrationResponse = decoded(answer)?;
        let after = Registered::of(whole(answer.entry_pass)?).ok_or("no code")?;
        must(
            after.name == before.name && after.revision == before.revision + 1,
            "another registration, or no change",
        )?;
        self.pool.give_back(after);
        Ok(())
    }

    fn codes(&self) -> Vec<String> {
        // Those of earlier revisions count no more.
        self.pool.free().into_iter().take(VERIFIED).map(|registered| registered.code).collect()
    }
}

/// `BindCompanion` of somebody new, whom the holder registers.
#[derive(Debug)]
pub struct Bind {
    population: Population,
    newcomers: Arc<Newcomers>,
    notice: String,
    holders: Pool<String>,
    prefix: String,
    codes: Codes,
}

impl Bind {
    /// Binds at most `each` companions to each of `holders`.
    #[must_use]
    pub fn new(
        population: Population,
        newcomers: &Arc<Newcomers>,
        notice: &str,
        holders: &[Registered],
        each: usize,
        prefix: &str,
    ) -> Self {
        let names = holders.iter().map(|holder| holder.name.clone());
        let holders = Pool::new((0..each).flat_map(|_| names.clone()).collect());
        let (newcomers, notice, prefix) = (Arc::clone(newcomers), notice.to_owned(), prefix.to_owned());
        Self { population, newcomers, notice, holders, prefix, codes: Codes::default() }
    }
}

impl Source for Bind {
    fn request(&self, _: u64) -> Option<(u64, Request)> {
        let index = self.newcomers.next();
        let holder = self.holders.take(index)?;
        let message = binding(&self.population, &holder, index, &self.notice, &self.prefix);
        Some((index, Request::new(gateway!("BindCompanion"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let holder = self.holders.taken(mark).ok_or("an answer to no call")?;
        let answer: pb::BindCompanionResponse = decoded(answer)?;
        let pass = whole(answer.entry_pass)?;
        must(pass.registration.as_ref().is_some_and(|it| it.name == holder), "another holder")?;
        must(!pass.companions.is_empty() && answer.confirmation_code.is_empty(), "nobody was bound")?;
        self.codes.note(&pass);
        Ok(())
    }

    fn codes(&self) -> Vec<String> {
        self.codes.all()
    }
}

/// The request that registers the traveller `index` as a companion of `holder`.
pub(crate) fn binding(
    population: &Population,
    holder: &str,
    index: u64,
    notice: &str,
    prefix: &str,
) -> pb::BindCompanionRequest {
    let traveller = population.traveller(index);
    pb::BindCompanionRequest {
        request_id: format!("{prefix}{index}"),
        registration: holder.to_owned(),
        relationship: Relationship::Relative.into(),
        document: Some(traveller.document()),
        form: Some(population.form(&traveller)),
        acknowledged_notice_version: notice.to_owned(),
        truth_declared: true,
        ..pb::BindCompanionRequest::default()
    }
}

/// `CreateElectronicPassApplication`: a draft for each of some registrations, once.
#[derive(Debug)]
pub struct Begin {
    registered: Vec<Registered>,
    prefix: String,
}

/// `ApplyForElectronicPass` for each of some registrations, once.
#[derive(Debug)]
pub struct Apply {
    registered: Vec<Registered>,
    prefix: String,
}

/// `CancelRegistration` of some registrations, each once.
#[derive(Debug)]
pub struct Cancel {
    registered: Vec<Registered>,
    prefix: String,
}

impl Cancel {
    /// Of each of `registered`.
    #[must_use]
    pub fn new(registered: Vec<Registered>, prefix: &str) -> Self {
        Self { registered, prefix: prefix.to_owned() }
    }
}

impl Source for Cancel {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let Registered { name, etag, .. } = self.registered.get(usize::try_from(nth).ok()?)?.clone();
        let request_id = format!("{}{nth}", self.prefix);
        let message = pb::CancelRegistrationRequest { request_id, registration: name, etag };
        Some((nth, Request::new(gateway!("CancelRegistration"), KIOSK, &message)))
    }

    fn judge(&self, _: u64, answer: &Answer) -> Result<(), String> {
        let answer: pb::CancelRegistrationResponse = decoded(answer)?;
        must(answer.registration.is_some(), "no registration")
    }
}

impl Begin {
    /// For each of `registered`.
    #[must_use]
    pub fn new(registered: Vec<Registered>, prefix: &str) -> Self {
        Self { registered, prefix: prefix.to_owned() }
    }
}

impl Apply {
    /// For each of `registered`.
    #[must_use]
    pub fn new(registered: Vec<Registered>, prefix: &str) -> Self {
        Self { registered, prefix: prefix.to_owned() }
    }
}

impl Source for Begin {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let registration = self.registered.get(usize::try_from(nth).ok()?)?.name.clone();
        let request_id = format!("{}{nth}", self.prefix);
        let message = pb::CreateElectronicPassApplicationRequest { request_id, registration };
        Some((nth, Request::new(gateway!("CreateElectronicPassApplication"), KIOSK, &message)))
    }

    fn judge(&self, _: u64, answer: &Answer) -> Result<(), String> {
        let answer: pb::CreateElectronicPassApplicationResponse = decoded(answer)?;
        must(answer.application.is_some_and(|it| it.state() == State::Draft), "no draft")
    }
}

impl Source for Apply {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let registration = self.registered.get(usize::try_from(nth).ok()?)?.name.clone();
        let request_id = format!("{}{nth}", self.prefix);
        let message = pb::ApplyForElectronicPassRequest { request_id, registration, evidence: Vec::new() };
        Some((nth, Request::new(gateway!("ApplyForElectronicPass"), KIOSK, &message)))
    }

    fn judge(&self, _: u64, answer: &Answer) -> Result<(), String> {
        let answer: pb::ApplyForElectronicPassResponse = decoded(answer)?;
        must(answer.application.is_some_and(|it| it.submission_count == 1), "no submitted application")
    }
}
