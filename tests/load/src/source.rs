//! What is called: for each RPC how the call number i is made, and how its answer is judged.

mod mix;
mod reads;
mod writes;

use std::sync::{Mutex, PoisonError};

use crate::{
    client::Answer,
    traveller::{Population, Traveller},
};
use entrypass_proto::{gateway::v1 as pb, registration::v1::Registration};
use prost::Message;

pub use mix::Mix;
pub use reads::{Check, Draw, GetPass, Prefill, Verify};
pub(crate) use writes::binding;
pub use writes::{Amend, Apply, Begin, Bind, Cancel, Submit};

/// Every how many answers to a read are decoded and looked at; of the others the status is. An answer to a write is always looked at.
const LOOKED_AT: u64 = 16;

/// Callers by the names in the list of `entrypass dev-certs`.
pub const KIOSK: &str = "kiosk";
/// Whoever scans.
pub const CHECKPOINT: &str = "checkpoint";

/// A path of the gateway.
macro_rules! gateway {
    ($method:literal) => {
        concat!("/entrypass.gateway.v1.EntryPassService/", $method)
    };
}
pub(crate) use gateway;

/// A registration that calls can be about.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The traveller's number in the population; of whoever was not registered for this, 0.
    pub index: u64,
    /// Its resource name.
    pub name: String,
    /// Its etag.
    pub etag: String,
    /// Its revision.
    pub revision: i32,
    /// The code on the screen.
    pub code: String,
}

impl Registered {
    /// From an entry pass with a code; `None` without one.
    #[must_use]
    pub fn of(pass: pb::EntryPass) -> Option<Self> {
        let registration = pass.registration?;
        let code = pass.qr_code?.content;
        let Registration { name, etag, revision, .. } = registration;
        Some(Self { index: 0, name, etag, revision, code })
    }
}

/// Whom the next new registration is for. Systems that share a store share this.
#[derive(Debug)]
pub struct Newcomers(std::sync::atomic::AtomicU64);

impl Newcomers {
    /// From `first` on nobody is registered.
    #[must_use]
    pub fn from(first: u64) -> Self {
        Self(first.into())
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}

/// Some codes of answers, to be verified when the case is over.
#[derive(Debug, Default)]
struct Codes(Mutex<Vec<String>>);

/// So many codes of one case are verified.
const VERIFIED: usize = 200;

impl Codes {
    fn note(&self, pass: &pb::EntryPass) {
        let companions = pass.companions.iter().filter_map(|companion| companion.qr_code.as_ref());
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() < VERIFIED {
            codes.extend(pass.qr_code.iter().chain(companions).map(|code| code.content.clone()));
        }
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Things of which each is used by one call at a time: taken for a call, and given back with its answer.
#[derive(Debug)]
struct Pool<T> {
    free: Mutex<Vec<T>>,
    taken: Mutex<std::collections::BTreeMap<u64, T>>,
}

impl<T: Clone> Pool<T> {
    fn new(free: Vec<T>) -> Self {
        Self { free: free.into(), taken: Mutex::default() }
    }

    fn take(&self, mark: u64) -> Option<T> {
        let taken = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(mark, taken.clone());
        Some(taken)
    }

    fn taken(&self, mark: u64) -> Option<T> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&mark)
    }

    fn free(&self) -> Vec<T> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn give_back(&self, thing: T) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).insert(0, thing);
    }
}

fn decoded<M: Message + Default>(answer: &Answer) -> Result<M, String> {
    M::decode(answer.body.clone()).map_err(|error| error.to_string())
}

fn must(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// The submission of `traveller` under `request_id`.
#[must_use]
pub fn submission(
    population: &Population,
    traveller: &Traveller,
    request_id: String,
    notice: &str,
) -> pb::SubmitRegistrationRequest {
    pb::SubmitRegistrationRequest {
        request_id,
        document: Some(traveller.document()),
        form: Some(population.form(traveller)),
        acknowledged_notice_version: notice.to_owned(),
        truth_declared: true,
    }
}

/// Whether a pass is whole: registration, code, and nothing that could not be had.
fn whole(pass: Option<pb::EntryPass>) -> Result<pb::EntryPass, String> {
    let pass = pass.ok_or("no pass")?;
    must(pass.unavailable_parts.is_empty(), "a part is unavailable")?;
    must(pass.qr_code.is_some(), "no code")?;
    Ok(pass)
}
