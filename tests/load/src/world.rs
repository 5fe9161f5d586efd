//! A loaded system, and what is called there.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use entrypass_ambient::{Clock as _, SystemClock};
use entrypass_proto::gateway::v1 as pb;
use entrypass_verifier::{Bundle, Thumbprint, Verdict, Verifier};
use prost::Message as _;

use crate::{
    Failure,
    client::{Answer, Connection, Request, Target},
    drive::{self, Source, Until, Width},
    load::{self, Filled, GROUP, all_right},
    process::Spent,
    source::{
        Amend, Apply, Begin, Bind, CHECKPOINT, Cancel, Check, Draw, GetPass, KIOSK, Mix, Newcomers, Prefill,
        Registered, Submit, Verify, gateway,
    },
    store::Server,
    system::{Plan, System},
    traveller::Population,
};

/// What a case calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rpc {
    /// `CheckDocument`.
    Check,
    /// `GetEntryPass` with two companions.
    Pass,
    /// `VerifyQrCode`.
    Verify,
    /// `RenderQrCode` as PNG.
    Draw,
    /// `GetPrefill`.
    Prefill,
    /// `SubmitRegistration`.
    Submit,
    /// `UpdateRegistration`.
    Amend,
    /// `BindCompanion` of somebody new.
    Bind,
    /// `CreateElectronicPassApplication`.
    Begin,
    /// `ApplyForElectronicPass`.
    Apply,
    /// Some of all.
    Mix,
}

/// Companions that a holder gets; two are there, and eight are the limit.
const EACH: usize = 5;

/// How much is prepared for a case, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Preparation {
    /// Codes and registrations that calls go through.
    pub count: u64,
    /// Calls at once.
    pub width: Width,
    /// Calls at once while travellers are loaded: as many as the program writes together.
    pub loading: Width,
}

/// A running system with its travellers.
pub struct World {
    /// What it is made of.
    pub plan: Plan,
    /// It runs.
    pub system: System,
    /// Who is there.
    pub population: Population,
    /// Whom the next submission is for.
    pub newcomers: Arc<Newcomers>,
    /// How fast it was loaded, travellers a second.
    pub load_rate: f64,
    /// The same in words, with whose the time was; nothing if everybody was there.
    pub loading: Option<String>,
    preparation: Preparation,
    notice: String,
    run: u64,
    cases: Mutex<u64>,
}

impl World {
    /// Makes a system if it is not there, starts it, and loads what is missing of `size` travellers.
    pub async fn start(plan: Plan, seed: u64, size: u64, preparation: Preparation) -> Result<Self, Failure> {
        plan.prepare().await?;
        let is_loading = !load::is_loaded(&plan.folder, size)?;
        plan.store.wait_for_disk(!is_loading).await?;
        let mut system = plan.start().await?;
        let target = plan.target(system.address, KIOSK)?;
        let database = plan.store.server().map(Server::process).transpose()?;
        let spent = Spent::so_far(&system.ids(), database);
        let Filled { population, first_newcomer, run, rate } =
            load::fill(&target, (&plan.store, &plan.folder), seed, size, preparation.loading).await?;
        let loading = is_loading
            .then(|| format!("{rate:.0} travellers a second; {}", spent.since(&system.ids(), database)));
        if is_loading {
            system.stop().await?;
            plan.store.wait_for_disk(true).await?;
            system = plan.start().await?;
        }
        let notice = load::notice_version(&plan.target(system.address, KIOSK)?).await?;
        let newcomers = Arc::new(Newcomers::from(first_newcomer));
        Ok(Self {
            plan,
            system,
            population,
            newcomers,
            load_rate: rate,
            loading,
            preparation,
            notice,
            run,
            cases: Mutex::new(0),
        })
    }

    /// The same travellers by another system on the same store.
    #[must_use]
    pub fn beside(&self, plan: Plan, system: System) -> Self {
        let run = self.run + 500;
        Self {
            plan,
            system,
            population: self.population,
            newcomers: Arc::clone(&self.newcomers),
            load_rate: 0.0,
            loading: None,
            preparation: self.preparation,
            notice: self.notice.clone(),
            run,
            cases: Mutex::new(0),
        }
    }

    /// Ends the system and starts it again; gives how long it took.
    pub async fn restart(
        self,
        meanwhile: impl AsyncFnOnce() -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        self.system.stop().await?;
        meanwhile().await?;
        let system = self.plan.start().await?;
        Ok(Self { system, ..self })
    }

    /// Where `rpc` is called, by whom it is called in a city.
    pub fn target(&self, rpc: Rpc) -> Result<Target, Failure> {
        let caller = if rpc == Rpc::Verify { CHECKPOINT } else { KIOSK };
        self.plan.target(self.system.address, caller)
    }

    /// Calls of `rpc`, with what they need already there: for `count` calls at most where each needs a registration of its own.
    pub async fn source(&self, rpc: Rpc, count: u64) -> Result<Arc<dyn Source>, Failure> {
        let population = self.population;
        let prefix = self.prefix();
        Ok(match rpc {
            Rpc::Check => Arc::new(Check(population)),
            Rpc::Pass => Arc::new(GetPass::new(population)),
            Rpc::Prefill => Arc::new(Prefill { population, once: self.ended().await? }),
            Rpc::Verify => Arc::new(Verify(self.shown(self.preparation.count).await?)),
            Rpc::Draw => Arc::new(Draw(self.shown(self.preparation.count).await?)),
            Rpc::Submit => Arc::new(Submit::new(population, &self.newcomers, &self.notice, &prefix)),
            Rpc::Amend => {
                Arc::new(Amend::new(self.registered(count.min(self.preparation.count)).await?, &prefix))
            }
            Rpc::Bind => {
                let holders = self.registered(count / EACH as u64 + 1).await?;
                Arc::new(Bind::new(population, &self.newcomers, &self.notice, &holders, EACH, &prefix))
            }
            Rpc::Begin => Arc::new(Begin::new(self.registered(count).await?, &prefix)),
            Rpc::Apply => Arc::new(Apply::new(self.registered(count).await?, &prefix)),
            Rpc::Mix => Arc::new(Mix::new(vec![
                (6, Arc::new(Check(population)) as Arc<dyn Source>),
                (4, Arc::new(GetPass::new(population))),
                (2, Arc::new(Draw(self.shown(self.preparation.count).await?))),
                (1, Arc::new(Prefill { population, once: self.ended().await? })),
                (2, Arc::new(Submit::new(population, &self.newcomers, &self.notice, &prefix))),
                (
                    1,
                    Arc::new(Amend::new(
                        self.registered(self.preparation.count).await?,
                        &format!("{prefix}a"),
                    )),
                ),
            ])),
        })
    }

    /// The first part of every `request_id` of one case: another with each.
    fn prefix(&self) -> String {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        *cases += 1;
        format!("run-{}-{cases}-", self.run)
    }

    /// So many who were registered for this.
    async fn registered(&self, count: u64) -> Result<Vec<Registered>, Failure> {
        let submit = Arc::new(Submit::new(self.population, &self.newcomers, &self.notice, &self.prefix()));
        let source: Arc<dyn Source> = Arc::<Submit>::clone(&submit);
        let (outcome, _) = drive::closed(
            &self.target(Rpc::Submit)?,
            &source,
            self.preparation.width,
            Until::Calls(count),
            0,
            |_| (),
        )
        .await?;
        all_right(&outcome)?;
        Ok(submit.registered())
    }

    /// The numbers of some who were registered, and are not any more.
    async fn ended(&self) -> Result<Vec<u64>, Failure> {
        let registered = self.registered(self.preparation.count).await?;
        let (once, count) = (registered.iter().map(|it| it.index).collect(), registered.len() as u64);
        let source: Arc<dyn Source> = Arc::new(Cancel::new(registered, &self.prefix()));
        let (target, width) = (self.target(Rpc::Submit)?, self.preparation.width);
        let (outcome, _) = drive::closed(&target, &source, width, Until::Calls(count), 0, |_| ()).await?;
        all_right(&outcome)?;
        Ok(once)
    }

    /// Passes of some of the population, with the codes that are shown now.
    async fn shown(&self, count: u64) -> Result<Vec<Registered>, Failure> {
        let shown = Arc::new(Shown { population: self.population, found: Mutex::default() });
        let source: Arc<dyn Source> = Arc::<Shown>::clone(&shown);
        let (outcome, _) = drive::closed(
            &self.target(Rpc::Pass)?,
            &source,
            self.preparation.width,
            Until::Calls(count),
            0,
            |_| (),
        )
        .await?;
        all_right(&outcome)?;
        Ok(std::mem::take(&mut *shown.found.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Decides on `codes` as a verifier without a network does, by the bundle of this moment: gives how many there were.
    pub async fn verify_offline(&self, codes: &[String]) -> Result<usize, Failure> {
        let target = self.target(Rpc::Verify)?;
        let request =
            Request::new(gateway!("GetVerificationBundle"), CHECKPOINT, &pb::GetVerificationBundleRequest {});
        let answer = Connection::open(&target).await?.call(&request).await?;
        let answer = pb::GetVerificationBundleResponse::decode(answer.body)?;
        let bundle = Bundle::decode(&answer.bundle.ok_or("no bundle")?.bundle)?;
        let mut verifier = Verifier::new([Thumbprint(bundle.signer().thumbprint())]);
        let now = SystemClock.now().unix_timestamp();
        verifier.accept(&bundle, now)?;
        for code in codes {
            let decision = verifier.verify(code, now);
            if decision.verdict != Verdict::Valid {
                return Err(format!("a code that was answered is {:?}", decision.verdict).into());
            }
        }
        Ok(codes.len())
    }

    /// Bytes of program and logs aside, where everything of it is.
    #[must_use]
    pub fn folder(&self) -> &PathBuf {
        &self.plan.folder
    }
}

/// `GetEntryPass` of holders, whose passes are kept.
struct Shown {
    population: Population,
    found: Mutex<Vec<Registered>>,
}

impl Source for Shown {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        // Each once, as far as there are so many.
        let index = nth * GROUP % self.population.size;
        let traveller = self.population.traveller(index);
        let (document, holder_name) = (Some(traveller.document()), traveller.name());
        let message = pb::GetEntryPassRequest { document, holder_name, registration: String::new() };
        Some((nth, Request::new(gateway!("GetEntryPass"), KIOSK, &message)))
    }

    fn judge(&self, _: u64, answer: &Answer) -> Result<(), String> {
        let answer =
            pb::GetEntryPassResponse::decode(answer.body.clone()).map_err(|error| error.to_string())?;
        let found = answer.entry_pass.and_then(Registered::of).ok_or("a pass without a code")?;
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(found);
        Ok(())
    }
}
