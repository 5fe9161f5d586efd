//! Deciding on scanned codes.
//!
//! However many are scanned at once, it takes one statement for the codes, one question to the registration service, one statement for the
//! companions, and the record.

use std::{collections::HashMap, time::Duration};

use entrypass_audit::Access;
use entrypass_proto::{
    qr::v1 as pb,
    registration::v1::{GetTravelGroupsRequest, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{Call, Transport};
use entrypass_token::{Claims, CodeId, Issuer, Malformed, Token, without_additions};
use entrypass_verifier::{Checks, Reason};
use time::OffsetDateTime;
use tonic::Code as GrpcCode;
use uuid::Uuid;

use super::{Codes, touched};
use crate::{
    code::{Code, CodeState},
    error::Error,
    keys::Found,
    record::{self, Finding, Record},
    verification::{self, Registration},
    wire::{self, Decision, Group, Scan},
};

/// How long a verdict waits for the registration service: a checkpoint must learn soon that nothing can be decided.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// How long it waits for its record.
const LONGEST_KEEPING: Duration = Duration::from_secs(1);

/// A scanned text, read as far as its signature.
pub(super) enum Reading {
    Genuine(Claims),
    Not(Checks),
}

/// What the registration service said of each registration that there is; `None` when it could not be asked.
type Groups = Option<HashMap<Uuid, Group>>;

impl Codes {
    pub(super) async fn verify(
        &self,
        call: Access,
        message: pb::VerifyQrCodeRequest,
    ) -> Result<pb::VerifyQrCodeResponse, Error> {
        let mut decisions = self.decide(&call, wire::scan(message)?).await?;
        decisions.pop().ok_or(Error::Corrupt("no decision"))
    }

    pub(super) async fn verify_all(
        &self,
        call: Access,
        message: pb::VerifyQrCodesRequest,
    ) -> Result<pb::VerifyQrCodesResponse, Error> {
        let decisions = self.decide(&call, wire::scans(message)?).await?;
        Ok(pb::VerifyQrCodesResponse { decisions })
    }

    async fn decide(&self, call: &Access, scan: Scan) -> Result<Vec<pb::VerifyQrCodeResponse>, Error> {
        let now = self.clock.now();
        let readings = self.read(scan.contents.iter().map(|content| without_additions(content))).await?;
        let codes = self.store.recorded(&ids(&readings)).await?;
        touched(call, codes.values().map(|code| code.registration));
        let groups = self.groups(call, &codes).await?;
        let decisions: Vec<_> =
            readings.iter().map(|reading| self.judge(reading, &codes, &groups, now)).collect();
        let companions = decisions.iter().filter_map(Decision::shown).flat_map(Group::companions);
        let withdrawn = self.store.withdrawn(companions.collect(), now).await?;
        let findings = self.findings(call, &scan, &decisions, &withdrawn, now);
        let names: Vec<_> = findings.iter().map(|one| wire::verification_name(one.record.id)).collect();
        let patience = call.share(LONGEST_KEEPING).time_left();
        let (kept, _) = tokio::join!(self.recorder.keep(findings, patience), call.record_within(patience));
        let render = |(decision, name): (&Decision<'_>, String)| {
            wire::decision(decision, &withdrawn, if kept { name } else { String::new() }, now)
        };
        Ok(decisions.iter().zip(names).map(render).collect())
    }

    /// Reads scanned texts as far as their signatures.
    pub(super) async fn read(&self, contents: impl Iterator<Item = &str>) -> Result<Vec<Reading>, Error> {
        let tokens: Vec<_> = contents.map(Token::decode).collect();
        let ids: Vec<_> = tokens.iter().flatten().map(Token::key_id).collect();
        let mut keys = self.keys.find(&ids).await?.into_iter();
        let read = |token: Result<Token, Malformed>| match token {
            Ok(token) => self.believe(&token, keys.next().unwrap_or(Found::Unknown)),
            Err(_) => Reading::Not(verification::malformed()),
        };
        Ok(tokens.into_iter().map(read).collect())
    }

    fn believe(&self, token: &Token, key: Found) -> Reading {
        let trusted = match key {
            Found::Trusted(trusted) => trusted,
            Found::Revoked => return Reading::Not(verification::not_trusted(Reason::KeyRevoked)),
            Found::Unknown => return Reading::Not(verification::not_trusted(Reason::KeyUnknown)),
        };
        let Ok(claims) = token.verify(&trusted.key) else { return Reading::Not(verification::forged()) };
        match trusted.accepts(claims).and_then(|()| self.speaks_for(claims.issuer())) {
            Ok(()) => Reading::Genuine(*claims),
            Err(reason) => Reading::Not(verification::not_believed(reason)),
        }
    }

    /// Another city's system could be given the same key.
    fn speaks_for(&self, issuer: Issuer) -> Result<(), Reason> {
        if issuer == self.config.issuer { Ok(()) } else { Err(Reason::IssuerUnknown) }
    }

    /// Asks the registration service, which alone knows the present revisions, and who travels with whom. If it cannot be asked, that
    /// is a finding too.
    async fn groups(&self, call: &Call, codes: &HashMap<CodeId, Code>) -> Result<Groups, Error> {
        let mut asked: Vec<_> = codes.values().map(|code| code.registration).collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Ok(Some(HashMap::new()));
        }
        let registrations = asked.iter().map(|id| wire::registration_name(*id)).collect();
        // A neighbour that is silent to the end would leave no time to say so: half of it is kept for the verdict.
        let share = call.share(LONGEST_WAIT);
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.get_travel_groups(request).await
        };
        let request = GetTravelGroupsRequest { registrations };
        match self.registration.ask(&share, request, ask).await {
            Ok(answer) => wire::groups(&asked, answer).map(Some),
            Err(status) => match status.code() {
                GrpcCode::Unavailable
                | GrpcCode::Unknown
                | GrpcCode::DeadlineExceeded
                | GrpcCode::Cancelled => Ok(None),
                _ => Err(Error::Neighbour(Box::new(status))),
            },
        }
    }

    fn judge<'a>(
        &self,
        reading: &'a Reading,
        codes: &HashMap<CodeId, Code>,
        groups: &'a Groups,
        now: OffsetDateTime,
    ) -> Decision<'a> {
        let claims = match reading {
            Reading::Genuine(claims) => claims,
            Reading::Not(checks) => return Decision::unread(*checks),
        };
        // A code id with another revision than was recorded was never issued.
        let code = codes.get(&claims.code_id()).filter(|code| code.revision == claims.revision().get());
        let group = code.and_then(|code| groups.as_ref()?.get(&code.registration));
        let registration = match (code, groups, group) {
            (None, ..) => None,
            (Some(_), None, _) => Some(Registration::Unavailable),
            (Some(_), Some(_), None) => Some(Registration::Asked(Err(Reason::RegistrationMissing))),
            (Some(code), Some(_), Some(group)) => Some(group.judged(code.revision)),
        };
        let freshness = claims.freshness_at(now.unix_timestamp());
        let found = code.map(|code| code.state_at(now)).zip(registration);
        let data_age = registration.and_then(|registration| match registration {
            Registration::Asked(_) => Some(time::Duration::ZERO),
            // By two clocks.
            Registration::Unavailable => Some((now - self.as_of.get()?).max(time::Duration::ZERO)),
        });
        Decision { claims: Some(claims), checks: verification::genuine(freshness, found), data_age, group }
    }

    /// What is written down of the decisions: a record of each, and whom a checkpoint has seen that stated its name.
    fn findings(
        &self,
        call: &Call,
        scan: &Scan,
        decisions: &[Decision<'_>],
        withdrawn: &HashMap<Uuid, CodeState>,
        now: OffsetDateTime,
    ) -> Vec<Finding> {
        let caller = call.caller().as_str();
        let finding = |(position, (decision, content)): (usize, (&Decision<'_>, &String))| {
            let verdict = decision.checks.verdict();
            let repeated = |request_id: &String| record::id(caller, request_id, position, content, verdict);
            let record = Record {
                id: scan.request_id.as_ref().map_or_else(|| self.random.uuid_v7(now), repeated),
                time: now,
                checkpoint: scan.checkpoint.clone(),
                verdict,
                code: decision.claims.map(Claims::code_id),
                caller: caller.to_owned(),
            };
            let seen = record.checkpoint.is_some();
            let first_verified = if seen { decision.first_verified(withdrawn) } else { Vec::new() };
            Finding { record, first_verified }
        };
        decisions.iter().zip(&scan.contents).enumerate().map(finding).collect()
    }
}

fn ids(readings: &[Reading]) -> Vec<CodeId> {
    let id = |reading: &Reading| match reading {
        Reading::Genuine(claims) => Some(claims.code_id()),
        Reading::Not(_) => None,
    };
    readings.iter().filter_map(id).collect()
}
