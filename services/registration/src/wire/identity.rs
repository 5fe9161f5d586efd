//! What is asked of the identity service, and what it answers: read as strictly as what a caller sends, since a city may have put its own there.

use std::fmt::Write as _;

use entrypass_proto::{
    identity::v1 as identity,
    registration::v1::{
        self as pb, IdentityOutcome as Outcome, IdentityStrength as Strength, identity_check::Result as Found,
    },
};
use entrypass_rpc::required_request_id;
use entrypass_rule::{Rule, Text, Violations};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{registration_id, render};
use crate::{error::Error, registration::Registration};

/// Most bytes of evidence.
const MOST_EVIDENCE: usize = 4096;
/// Most checks of an answer.
const MOST_CHECKS: usize = 50;
/// Most characters of a check's name.
const LONGEST_NAME: usize = 50;
/// Most characters of a check's text.
const LONGEST_TEXT: usize = 500;

/// A verification that somebody wants. Evidence is personal data.
pub(crate) struct Wanted {
    pub(crate) registration: Uuid,
    request_id: String,
    strength: Strength,
    evidence: Vec<u8>,
}

/// Reads which verification is wanted, with every violation.
pub(crate) fn wanted(message: pb::VerifyTravellerIdentityRequest) -> Result<Wanted, Violations> {
    let pb::VerifyTravellerIdentityRequest { request_id, registration, strength, evidence } = message;
    let mut violations = Violations::default();
    violations.collect(required_request_id(&request_id));
    let registration = violations.take("registration", registration_id(&registration));
    let strength = violations.take("strength", self::strength(strength));
    if evidence.len() > MOST_EVIDENCE {
        let text = Text::new("最多4096字节", "at most 4096 bytes");
        violations.add("evidence", Rule::new("LENGTH", text));
    }
    violations.finish(|| {
        let (registration, strength) = (registration?, strength?);
        Some(Wanted { registration, request_id, strength, evidence })
    })
}

fn strength(wire: i32) -> Result<Strength, [Rule; 1]> {
    match Strength::try_from(wire) {
        Ok(Strength::Unspecified) => Err([Rule::required()]),
        Ok(strength) => Ok(strength),
        Err(_) => {
            let text = Text::new("请选择核验强度", "choose a strength from the list");
            Err([Rule::new("UNKNOWN_VALUE", text)])
        }
    }
}

impl Wanted {
    /// What the identity service is asked of `registration`: what its document and its declaration say of who they are, and nothing else.
    pub(crate) fn question(&self, registration: &Registration) -> identity::VerifyIdentityRequest {
        let declared = &registration.declared;
        let form = super::form::render(&declared.form);
        identity::VerifyIdentityRequest {
            request_id: self.id_of_question(registration),
            strength: self.strength.into(),
            document: Some(render::document(&declared.document)),
            chinese_name: form.chinese_name,
            surname: form.surname,
            given_names: form.given_names,
            sex: form.sex,
            birth_date: form.birth_date,
            nationality: form.nationality,
            evidence: self.evidence.clone(),
        }
    }

    /// The same for each try of one verification, on every copy; another if anything that is asked is another. A digest, since what names a
    /// registration opens it.
    fn id_of_question(&self, registration: &Registration) -> String {
        let evidence = Sha256::digest(&self.evidence);
        let digest = Sha256::new()
            .chain_update(registration.id.as_bytes())
            .chain_update(registration.revision.to_be_bytes())
            .chain_update(i32::from(self.strength).to_be_bytes())
            .chain_update(evidence)
            .chain_update(&self.request_id);
        digest.finalize().iter().fold(String::new(), |mut hex, byte| {
            // A string takes everything.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// What `answer` says of `registration`, if it keeps the contract. A verdict that contradicts itself is none.
    pub(crate) fn found(
        &self,
        answer: identity::VerifyIdentityResponse,
        registration: &Registration,
    ) -> Result<pb::VerifyTravellerIdentityResponse, Error> {
        let identity::VerifyIdentityResponse { outcome, strength, checks } = answer;
        let reached = Strength::try_from(strength).map_err(|_| Error::IdentityContract("strength"))?;
        if !(1..=MOST_CHECKS).contains(&checks.len()) {
            return Err(Error::IdentityContract("number of checks"));
        }
        checks.iter().try_for_each(|check| readable(check, registration.declared.document.number()))?;
        let failed = checks.iter().any(|check| check.result() == Found::Failed);
        let enough = reached >= self.strength;
        let consistent = match Outcome::try_from(outcome) {
            Ok(Outcome::Verified) => enough && !failed,
            Ok(Outcome::Mismatch) => failed,
            Ok(Outcome::CannotVerify) => !enough && !failed,
            Ok(Outcome::Unspecified) | Err(_) => return Err(Error::IdentityContract("outcome")),
        };
        if !consistent {
            return Err(Error::IdentityContract("an outcome that its checks or its strength contradict"));
        }
        let revision = registration.revision.into();
        Ok(pb::VerifyTravellerIdentityResponse { outcome, strength, checks, revision })
    }
}

/// Whether `check` has the form of the contract, and does not give away the `number`. Names cannot be looked for: short ones stand in many texts.
fn readable(check: &pb::IdentityCheck, number: &str) -> Result<(), Error> {
    let pb::IdentityCheck { check: name, result, text_zh_cn, text_en } = check;
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(Error::IdentityContract("name of a check"));
    }
    if matches!(Found::try_from(*result), Ok(Found::Unspecified) | Err(_)) {
        return Err(Error::IdentityContract("result of a check"));
    }
    for text in [text_zh_cn, text_en] {
        if !(1..=LONGEST_TEXT).contains(&text.chars().count()) {
            return Err(Error::IdentityContract("text of a check"));
        }
        if text.to_ascii_uppercase().contains(number) {
            return Err(Error::IdentityContract("a document number in the text of a check"));
        }
    }
    Ok(())
}
