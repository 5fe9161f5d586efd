//! The list of callers, judged as a whole: what is in it can be used.

use std::collections::{BTreeSet, HashMap};

use crate::{
    AccessError, AccessSettings, CallerLimits, CallerSettings, Fault, HolderProof, Identity, Pattern, Peer,
    PersonalData, Refusal, Who,
};

/// Most of anything that is counted for a caller; so much is as good as no limit.
const MOST: u32 = 1_000_000;

impl CallerLimits {
    const NONE: Self = Self { requests_per_second: MOST, burst: MOST, in_flight: MOST, streams: MOST };
}

/// Everybody who may call, with their rules.
#[derive(Debug, Clone)]
pub struct Callers {
    listed: Vec<KnownCaller>,
    by_name: HashMap<String, usize>,
    by_identity: HashMap<Identity, usize>,
    pub(crate) health: Who,
    pub(crate) reflection: Who,
    pub(crate) rpcs: BTreeSet<String>,
}

/// One of the callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCaller {
    pub(crate) name: String,
    pub(crate) identity: Identity,
    pub(crate) rules: Vec<Pattern>,
    pub(crate) personal_data: PersonalData,
    pub(crate) holder_proof: HolderProof,
    pub(crate) purposes: Vec<String>,
    pub(crate) must_state_purpose: bool,
    pub(crate) speaks_for_others: bool,
    pub(crate) limits: CallerLimits,
}

impl Callers {
    /// Judges `settings`. `rpcs` are the full names of all RPCs that there are; a caller has those of the limits `usual` that it has no
    /// number of its own for, and a service that speaks for others has none of these.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn new(
        settings: &[CallerSettings],
        access: &AccessSettings,
        usual: CallerLimits,
        rpcs: BTreeSet<String>,
    ) -> Result<Self, AccessError> {
        let judge = Judge { purposes: purposes(access)?, usual, rpcs: &rpcs };
        let (mut by_name, mut by_identity, mut listed) = (HashMap::new(), HashMap::new(), Vec::new());
        for (index, caller) in settings.iter().enumerate() {
            let wrong = |fault| AccessError::Caller {
                number: index + 1,
                name: if is_name(&caller.name) { caller.name.clone() } else { "no name".to_owned() },
                fault,
            };
            let known = judge.caller(caller).map_err(wrong)?;
            if by_name.insert(known.name.clone(), index).is_some() {
                return Err(wrong(Fault::NameTaken));
            }
            if by_identity.insert(known.identity.clone(), index).is_some() {
                return Err(wrong(Fault::IdentityTaken));
            }
            listed.push(known);
        }
        for (setting, who) in [("health", &access.health), ("reflection", &access.reflection)] {
            let names = if let Who::Named(names) = who { names.as_slice() } else { &[] };
            if let Some(name) = names.iter().find(|name| !by_name.contains_key(*name)) {
                return Err(AccessError::UnknownCaller { setting, name: name.clone() });
            }
        }
        let (health, reflection) = (access.health.clone(), access.reflection.clone());
        Ok(Self { listed, by_name, by_identity, health, reflection, rpcs })
    }

    /// All of them, in their order.
    #[must_use]
    pub fn all(&self) -> &[KnownCaller] {
        &self.listed
    }

    /// The caller of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&KnownCaller> {
        self.by_name.get(name).and_then(|index| self.listed.get(*index))
    }

    /// The caller whom a certificate names. One that names several callers is the one of its SPIFFE id, and otherwise the first by name: it
    /// holds them all, and must be the same one each time.
    #[must_use]
    pub fn proven(&self, peer: &Peer) -> Option<&KnownCaller> {
        let known = peer.identities.iter().filter(|identity| self.by_identity.contains_key(identity));
        let index = self.by_identity.get(known.min()?)?;
        self.listed.get(*index)
    }
}

impl KnownCaller {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its certificate names it.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How much of a person it is shown.
    #[must_use]
    pub fn personal_data(&self) -> PersonalData {
        self.personal_data
    }

    /// Whether it must give the holder's name.
    #[must_use]
    pub fn holder_proof(&self) -> HolderProof {
        self.holder_proof
    }

    /// Whether what it says of the first caller is believed.
    #[must_use]
    pub fn speaks_for_others(&self) -> bool {
        self.speaks_for_others
    }

    /// What it is held to.
    #[must_use]
    pub fn limits(&self) -> CallerLimits {
        self.limits
    }

    /// Whether it may call with the purpose that it states, or without one.
    ///
    /// # Errors
    /// Why not.
    pub fn may_state(&self, purpose: Option<&str>) -> Result<(), Refusal> {
        match purpose {
            None if self.must_state_purpose => Err(Refusal::PurposeRequired),
            Some(stated) if !self.purposes.iter().any(|may| may == stated) => Err(Refusal::PurposeNotAllowed),
            _ => Ok(()),
        }
    }
}

/// What all callers are judged by.
struct Judge<'s> {
    purposes: BTreeSet<&'s str>,
    usual: CallerLimits,
    rpcs: &'s BTreeSet<String>,
}

impl Judge<'_> {
    fn caller(&self, settings: &CallerSettings) -> Result<KnownCaller, Fault> {
        if !is_name(&settings.name) {
            return Err(Fault::Name);
        }
        if let Some(unknown) =
            settings.purposes.iter().find(|purpose| !self.purposes.contains(purpose.as_str()))
        {
            return Err(Fault::UnknownPurpose(unknown.clone()));
        }
        let must_state_purpose = settings.must_state_purpose.unwrap_or(!settings.purposes.is_empty());
        if must_state_purpose && settings.purposes.is_empty() {
            return Err(Fault::NoPurpose);
        }
        Ok(KnownCaller {
            name: settings.name.clone(),
            identity: settings.identity.parse().map_err(|_| Fault::Identity)?,
            rules: settings.rpcs.iter().map(|rule| self.rule(rule)).collect::<Result<_, _>>()?,
            personal_data: settings.personal_data,
            holder_proof: settings.holder_proof,
            purposes: settings.purposes.clone(),
            must_state_purpose,
            speaks_for_others: settings.speaks_for_others,
            limits: self.limits(settings)?,
        })
    }

    fn rule(&self, text: &str) -> Result<Pattern, Fault> {
        let pattern = Pattern::parse(text).ok_or_else(|| Fault::Pattern(text.to_owned()))?;
        if self.rpcs.iter().any(|rpc| pattern.matches(rpc)) {
            Ok(pattern)
        } else {
            Err(Fault::NoSuchRpc(text.to_owned()))
        }
    }

    fn limits(&self, settings: &CallerSettings) -> Result<CallerLimits, Fault> {
        // What reaches a service of ours through another was counted there, caller by caller.
        let usual = if settings.speaks_for_others { CallerLimits::NONE } else { self.usual };
        // Who gives a rate of its own does not mean the usual burst.
        let burst = settings.burst.or(settings.requests_per_second).unwrap_or(usual.burst);
        Ok(CallerLimits {
            requests_per_second: within(
                "requests_per_second",
                settings.requests_per_second.unwrap_or(usual.requests_per_second),
            )?,
            burst: within("burst", burst)?,
            in_flight: within("in_flight", settings.in_flight.unwrap_or(usual.in_flight))?,
            streams: within("streams", settings.streams.unwrap_or(usual.streams))?,
        })
    }
}

fn within(setting: &'static str, value: u32) -> Result<u32, Fault> {
    if (1..=MOST).contains(&value) { Ok(value) } else { Err(Fault::Limit(setting)) }
}

fn purposes(access: &AccessSettings) -> Result<BTreeSet<&str>, AccessError> {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_purpose = |text: &&str| (1..=64).contains(&text.len()) && text.bytes().all(allowed);
    let purposes: BTreeSet<_> = access.purposes.iter().map(String::as_str).filter(is_purpose).collect();
    if purposes.len() == access.purposes.len() { Ok(purposes) } else { Err(AccessError::Purposes) }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
