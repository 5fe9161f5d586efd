//! Filling a system with travellers, through the RPCs that they use.
//!
//! Every tenth is a holder, and registers the next two as companions; the others register alone. Each write has a `request_id` that follows
//! from the traveller's number, so that a load that was broken off is simply begun again; a note in the folder says how far it came.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use entrypass_ambient::{Clock as _, SystemClock, city_date};
use entrypass_proto::gateway::v1 as pb;
use prost::Message as _;
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    client::{Answer, Connection, Request, Target},
    drive::{self, Outcome, Source, Until, Width},
    source::{KIOSK, binding, gateway, submission},
    traveller::Population,
};

/// Of so many travellers the first is a holder, and the next two are the companions.
pub const GROUP: u64 = 10;
const COMPANIONS: u64 = 2;
/// Travellers between two notes: what a broken load does again at most.
const CHUNK: u64 = 10_000;
/// Numbers that the newcomers of one run have for themselves.
const NEWCOMERS_OF_A_RUN: u64 = 1_000_000;
/// Under what everybody of the population was registered.
const PREFIX: &str = "load-";

/// What is in a store.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Loaded {
    seed: u64,
    travellers: u64,
    /// Runs that were begun, whose newcomers are there as well.
    runs: u64,
    today: time::Date,
}

/// A loaded store's population, and the number of this run in it.
#[derive(Debug, Clone, Copy)]
pub struct Filled {
    /// Who is there.
    pub population: Population,
    /// From which number on nobody is registered.
    pub first_newcomer: u64,
    /// How many runs the store has seen.
    pub run: u64,
    /// Travellers a second while it was loaded; 0 if all were there.
    pub rate: f64,
}

/// Loads what is missing of `size` travellers of `seed`, `width` calls at once, and begins a run.
pub async fn fill(
    target: &Target,
    folder: &Path,
    seed: u64,
    size: u64,
    width: Width,
) -> Result<Filled, Failure> {
    let note = folder.join("loaded.json");
    let mut loaded =
        read(&note)?.unwrap_or(Loaded { seed, travellers: 0, runs: 0, today: city_date(SystemClock.now()) });
    if loaded.seed != seed || loaded.travellers > size {
        return Err(format!("{} is of another seed, or has more travellers", note.display()).into());
    }
    let population = Population { seed, size, today: loaded.today };
    let notice = notice_version(target).await?;
    let (began, before) = (Instant::now(), loaded.travellers);
    while loaded.travellers < size {
        let end = size.min(loaded.travellers + CHUNK);
        load(target, width, population, &notice, loaded.travellers..end, |done| {
            progress(before, loaded.travellers + done, size, began);
        })
        .await?;
        loaded.travellers = end;
        write(&note, &loaded)?;
    }
    loaded.runs += 1;
    write(&note, &loaded)?;
    let first_newcomer = size + loaded.runs * NEWCOMERS_OF_A_RUN;
    Ok(Filled { population, first_newcomer, run: loaded.runs, rate: rate(size - before, began.elapsed()) })
}

/// Version of the notice in force.
pub async fn notice_version(target: &Target) -> Result<String, Failure> {
    let request = Request::new(gateway!("GetNotice"), KIOSK, &pb::GetNoticeRequest {});
    let answer = Connection::open(target).await?.call(&request).await?;
    if answer.code != 0 {
        return Err(format!("no notice: {}", String::from_utf8_lossy(&answer.body)).into());
    }
    Ok(pb::GetNoticeResponse::decode(answer.body)?.notice.ok_or("no notice")?.version)
}

async fn load(
    target: &Target,
    width: Width,
    population: Population,
    notice: &str,
    indexes: std::ops::Range<u64>,
    tell: impl Fn(u64),
) -> Result<(), Failure> {
    let is_companion = |index: &u64| (1..=COMPANIONS).contains(&(index % GROUP));
    let alone: Vec<u64> = indexes.clone().filter(|index| !is_companion(index)).collect();
    let count = alone.len() as u64;
    let holders = Arc::new(Holders { population, notice: notice.to_owned(), alone, names: Mutex::default() });
    let source: Arc<dyn Source> = Arc::<Holders>::clone(&holders);
    let (outcome, _) = drive::closed(target, &source, width, Until::Calls(count), 0, &tell).await?;
    all_right(&outcome)?;
    let names = std::mem::take(&mut *holders.names.lock().unwrap_or_else(PoisonError::into_inner));
    let pairs = names.into_iter().flat_map(|(index, name)| {
        let companions = index + 1..=index + COMPANIONS;
        companions.filter(|index| indexes.contains(index)).map(move |index| (index, name.clone()))
    });
    let bonds = Bonds { population, notice: notice.to_owned(), pairs: pairs.collect() };
    let bindings = bonds.pairs.len() as u64;
    let source: Arc<dyn Source> = Arc::new(bonds);
    let until = Until::Calls(bindings);
    let (outcome, _) = drive::closed(target, &source, width, until, 0, |done| tell(count + done)).await?;
    all_right(&outcome)
}

/// Fails with what was wrong, if anything was.
pub fn all_right(outcome: &Outcome) -> Result<(), Failure> {
    if outcome.errors() == 0 && outcome.wrong_count == 0 {
        return Ok(());
    }
    let (errors, wrong) = (outcome.errors(), outcome.wrong_count);
    Err(format!("{errors} errors, {wrong} wrong answers, by code {:?}: {:?}", outcome.codes, outcome.wrong)
        .into())
}

/// Those who register alone; of the holders among them the names are kept.
struct Holders {
    population: Population,
    notice: String,
    alone: Vec<u64>,
    names: Mutex<Vec<(u64, String)>>,
}

impl Source for Holders {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let index = *self.alone.get(usize::try_from(nth).ok()?)?;
        let traveller = self.population.traveller(index);
        let message = submission(&self.population, &traveller, format!("{PREFIX}{index}"), &self.notice);
        Some((index, Request::new(gateway!("SubmitRegistration"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        if !mark.is_multiple_of(GROUP) {
            return Ok(());
        }
        let answer = pb::SubmitRegistrationResponse::decode(answer.body.clone());
        let pass = answer.map_err(|error| error.to_string())?.entry_pass;
        let name = pass.and_then(|pass| pass.registration).ok_or("no registration")?.name;
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push((mark, name));
        Ok(())
    }
}

/// Companions and their holders' registrations.
struct Bonds {
    population: Population,
    notice: String,
    pairs: Vec<(u64, String)>,
}

impl Source for Bonds {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let (index, holder) = self.pairs.get(usize::try_from(nth).ok()?)?;
        let message = binding(&self.population, holder, *index, &self.notice, PREFIX);
        Some((*index, Request::new(gateway!("BindCompanion"), KIOSK, &message)))
    }

    fn judge(&self, _: u64, _: &Answer) -> Result<(), String> {
        Ok(())
    }
}

fn read(note: &PathBuf) -> Result<Option<Loaded>, Failure> {
    if !note.exists() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&fs::read(note)?)?))
}

fn write(note: &PathBuf, loaded: &Loaded) -> Result<(), Failure> {
    Ok(fs::write(note, serde_json::to_vec_pretty(loaded)?)?)
}

#[expect(clippy::cast_precision_loss, reason = "there are 40 million travellers at most")]
fn rate(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::EPSILON)
}

fn progress(before: u64, done: u64, size: u64, began: Instant) {
    let rate = rate(done.saturating_sub(before), began.elapsed()).max(1.0);
    let left = Duration::from_secs_f64(
        f64::from(u32::try_from(size.saturating_sub(done)).unwrap_or(u32::MAX)) / rate,
    );
    let line =
        format!("\rload: {done} of {size} travellers, {rate:.0} a second, {} s left  ", left.as_secs());
    // Nobody is hurt by a line that is not seen.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if done >= size {
        let _ = std::io::stderr().write_all(b"\n");
    }
}
