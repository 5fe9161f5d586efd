//! Filling a system with travellers, through the RPCs that they use.
//!
//! Every tenth is a holder, and registers the next two as companions; the others register alone. Each write has a `request_id` that follows
//! from the traveller's number, so that a load that was broken off is simply begun again; a note in the folder says how far it came.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use entrypass_ambient::{Clock as _, SystemClock, city_date};
use entrypass_proto::gateway::v1 as pb;
use prost::Message as _;
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    client::{Answer, Connection, Request, Target},
    drive::{self, LOST, Outcome, Source, Until, Width},
    source::{KIOSK, binding, gateway, submission},
    store::Store,
    traveller::Population,
};

/// The largest population.
pub const LARGEST: u64 = 20_000_000;
/// Of so many travellers the first is a holder, and the next two are the companions.
pub const GROUP: u64 = 10;
const COMPANIONS: u64 = 2;
/// Travellers between two notes, the first and the later ones: what a broken load does again at most.
const CHUNK: Range<u64> = 1000..10_000;
/// From here on newcomers have their numbers, behind the largest population: one that grows does not meet them. Each run has some for itself.
const NEWCOMERS: Range<u64> = LARGEST..40_000_000;
const NEWCOMERS_OF_A_RUN: u64 = 400_000;
/// Codes of gRPC by which a server says that it has too much to do.
const DEADLINE_EXCEEDED: i32 = 4;
const RESOURCE_EXHAUSTED: i32 = 8;
const UNAVAILABLE: i32 = 14;
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

/// Loads what is missing of `size` travellers of `seed`, `width` calls at once as long as the program keeps up, and begins a run.
pub async fn fill(
    target: &Target,
    (store, folder): (&Store, &Path),
    seed: u64,
    size: u64,
    mut width: Width,
) -> Result<Filled, Failure> {
    let note = folder.join("loaded.json");
    let mut loaded =
        read(&note)?.unwrap_or(Loaded { seed, travellers: 0, runs: 0, today: city_date(SystemClock.now()) });
    if loaded.seed != seed || loaded.travellers > size {
        return Err(format!("{} is of another seed, or has more travellers", note.display()).into());
    }
    let population = Population { seed, size, today: loaded.today };
    let notice = notice_version(target).await?;
    let (began, before, mut analyzed) = (Instant::now(), loaded.travellers, loaded.travellers);
    while loaded.travellers < size {
        let indexes =
            loaded.travellers..size.min(loaded.travellers + loaded.travellers.clamp(CHUNK.start, CHUNK.end));
        let filling = Filling::new(population, &notice, &indexes);
        let outcome = load(target, width, filling, |done| {
            progress(before, loaded.travellers + done, size, began);
        })
        .await?;
        if is_overload(&outcome) && width != Width::ONE {
            width = width.halved();
            continue;
        }
        all_right(&outcome)?;
        loaded.travellers = indexes.end;
        progress(before, loaded.travellers, size, began);
        write(&note, &loaded)?;
        // Plans that were made for empty tables would be kept.
        if loaded.travellers >= 2 * analyzed {
            store.analyze().await?;
            analyzed = loaded.travellers;
        }
    }
    let first_newcomer = NEWCOMERS.start + loaded.runs * NEWCOMERS_OF_A_RUN;
    if first_newcomer >= NEWCOMERS.end {
        return Err(format!("{}: so many runs leave no newcomers; begin anew", note.display()).into());
    }
    loaded.runs += 1;
    write(&note, &loaded)?;
    Ok(Filled { population, first_newcomer, run: loaded.runs, rate: rate(size - before, began.elapsed()) })
}

/// Whether all of `size` travellers are there.
pub fn is_loaded(folder: &Path, size: u64) -> Result<bool, Failure> {
    Ok(read(&folder.join("loaded.json"))?.is_some_and(|loaded| loaded.travellers >= size))
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

/// Registers those of `indexes`. Each companion follows as soon as the holder has registered, beside other people's submissions: what the program
/// writes one by one and what it writes in groups do not wait for each other.
async fn load(
    target: &Target,
    width: Width,
    filling: Filling,
    tell: impl Fn(u64),
) -> Result<Outcome, Failure> {
    let filling = Arc::new(filling);
    let source: Arc<dyn Source> = Arc::<Filling>::clone(&filling);
    // It ends when there is nobody left. Whoever calls for a holder takes up the companions, if nobody else did.
    let (outcome, _) =
        drive::closed(target, &source, width, Until::Calls(u64::MAX), 0, |_| tell(filling.done())).await?;
    Ok(outcome)
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

/// Whether nothing was wrong but that calls took too long, or were too many: that is the machine's, and fewer at once will do.
fn is_overload(outcome: &Outcome) -> bool {
    let by_code = |code: &i32| [0, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE, LOST].contains(code);
    outcome.errors() > 0 && outcome.wrong_count == outcome.errors() && outcome.codes.keys().all(by_code)
}

/// Some of a population who are not registered, or of whom that is not known.
struct Filling {
    population: Population,
    notice: String,
    end: u64,
    queue: Mutex<Queue>,
}

struct Queue {
    /// Nobody who registers alone was called for from here on.
    next: u64,
    /// Companions, with their holders' registrations: of each holder the next one, since two at once would wait for each other. They come before
    /// other people, so that there are never many.
    companions: Vec<(u64, String)>,
    /// Those that were called for.
    under_way: BTreeMap<u64, String>,
    done: u64,
}

impl Filling {
    fn new(population: Population, notice: &str, indexes: &Range<u64>) -> Self {
        let queue =
            Queue { next: indexes.start, companions: Vec::new(), under_way: BTreeMap::new(), done: 0 };
        Self { population, notice: notice.to_owned(), end: indexes.end, queue: queue.into() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) -> u64 {
        self.queue().done
    }
}

impl Source for Filling {
    fn request(&self, _: u64) -> Option<(u64, Request)> {
        let Self { population, notice, end, .. } = self;
        let mut queue = self.queue();
        if let Some((index, holder)) = queue.companions.pop() {
            let message = binding(population, &holder, index, notice, PREFIX);
            queue.under_way.insert(index, holder);
            return Some((index, Request::new(gateway!("BindCompanion"), KIOSK, &message)));
        }
        let index = (queue.next..*end).find(|index| !is_companion(*index))?;
        queue.next = index + 1;
        let message =
            submission(population, &population.traveller(index), format!("{PREFIX}{index}"), notice);
        Some((index, Request::new(gateway!("SubmitRegistration"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let mut queue = self.queue();
        queue.done += 1;
        let holder = queue.under_way.remove(&mark);
        let next = mark + 1;
        if next >= self.end || !is_companion(next) {
            return Ok(());
        }
        let holder = holder.map_or_else(|| registered(answer), Ok)?;
        queue.companions.push((next, holder));
        Ok(())
    }
}

/// The name of what was registered.
fn registered(answer: &Answer) -> Result<String, String> {
    let answer = pb::SubmitRegistrationResponse::decode(answer.body.clone());
    let pass = answer.map_err(|error| error.to_string())?.entry_pass;
    Ok(pass.and_then(|pass| pass.registration).ok_or("no registration")?.name)
}

fn is_companion(index: u64) -> bool {
    (1..=COMPANIONS).contains(&(index % GROUP))
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
