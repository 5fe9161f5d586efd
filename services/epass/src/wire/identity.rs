//! The verification of identity, as the registration service has it made.

use entrypass_proto::{
    epass::v1::{IdentityFinding, identity_finding},
    registration::v1::{
        IdentityOutcome, IdentityStrength, VerifyTravellerIdentityRequest, VerifyTravellerIdentityResponse,
        identity_check::Result as CheckResult,
    },
};

use super::render_registration_name;
use crate::{
    application::{Application, Finding, Outcome, Strength},
    error::Error,
};

/// Longest name of a check.
const CHECK_LENGTH: usize = 50;

/// Asks for the verification of the holder of `application`. One submission is one verification, however often it is tried.
pub(crate) fn render_verification(
    application: &Application,
    wanted: Strength,
    evidence: Vec<u8>,
) -> VerifyTravellerIdentityRequest {
    VerifyTravellerIdentityRequest {
        request_id: format!("{}-{}", application.id.simple(), application.submission_count),
        registration: render_registration_name(application.registration),
        strength: render_strength(wanted).into(),
        evidence,
    }
}

/// Reads what was found. What falls short of the strength that was `wanted` is not verified, whatever it calls itself.
///
/// # Errors
/// What is against the contract: a guess would be one about a person.
pub(crate) fn parse_finding(
    found: VerifyTravellerIdentityResponse,
    wanted: Strength,
) -> Result<Finding, Error> {
    let VerifyTravellerIdentityResponse { outcome, strength, checks, revision } = found;
    let strength = match IdentityStrength::try_from(strength) {
        Ok(IdentityStrength::Unspecified) | Err(_) => None,
        Ok(IdentityStrength::Formal) => Some(Strength::Formal),
        Ok(IdentityStrength::RealName) => Some(Strength::RealName),
        Ok(IdentityStrength::RealPerson) => Some(Strength::RealPerson),
    };
    let outcome = match IdentityOutcome::try_from(outcome) {
        Ok(IdentityOutcome::Verified) if strength >= Some(wanted) => Outcome::Verified,
        Ok(IdentityOutcome::Verified | IdentityOutcome::CannotVerify) => Outcome::CannotVerify,
        Ok(IdentityOutcome::Mismatch) => Outcome::Mismatch,
        Ok(IdentityOutcome::Unspecified) | Err(_) => {
            return Err(Error::RegistrationContract("an outcome of a verification"));
        }
    };
    let failed = checks.into_iter().filter(|check| check.result() == CheckResult::Failed);
    let failed_checks: Vec<_> = failed.map(|failed| failed.check).collect();
    if failed_checks.iter().all(|name| is_name(name)) {
        Ok(Finding { outcome, strength, failed_checks, revision: Some(revision) })
    } else {
        Err(Error::RegistrationContract("a name of a check"))
    }
}

/// What the contract lets a check be called: so no value of a person is kept or told by way of one.
fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    (1..=CHECK_LENGTH).contains(&name.len()) && name.chars().all(fits)
}

/// Renders what was found.
pub(super) fn render_finding(finding: &Finding) -> IdentityFinding {
    let outcome = match finding.outcome {
        Outcome::Verified => identity_finding::Outcome::Verified,
        Outcome::Mismatch => identity_finding::Outcome::Mismatch,
        Outcome::CannotVerify => identity_finding::Outcome::CannotVerify,
    };
    IdentityFinding {
        outcome: outcome.into(),
        strength: finding.strength.map_or(IdentityStrength::Unspecified, render_strength).into(),
        failed_checks: finding.failed_checks.clone(),
        revision: finding.revision.unwrap_or_default(),
    }
}

fn render_strength(strength: Strength) -> IdentityStrength {
    match strength {
        Strength::Formal => IdentityStrength::Formal,
        Strength::RealName => IdentityStrength::RealName,
        Strength::RealPerson => IdentityStrength::RealPerson,
    }
}

#[cfg(test)]
mod tests {
    use entrypass_proto::registration::v1::{
        IdentityCheck, IdentityOutcome as Wire, IdentityStrength, VerifyTravellerIdentityResponse,
        identity_check::Result as CheckResult,
    };

    use super::{Outcome, Strength, parse_finding};

    fn found(outcome: Wire, strength: IdentityStrength) -> VerifyTravellerIdentityResponse {
        let check = |check: &str, result: CheckResult| IdentityCheck {
            check: check.to_owned(),
            result: result.into(),
            ..IdentityCheck::default()
        };
        VerifyTravellerIdentityResponse {
            outcome: outcome.into(),
            strength: strength.into(),
            checks: vec![
                check("NUMBER", CheckResult::Passed),
                check("NAME", CheckResult::Failed),
                check("FACE", CheckResult::NotPerformed),
            ],
            revision: 1,
        }
    }

    #[test]
    fn what_falls_short_of_what_is_wanted_is_not_verified() {
        use IdentityStrength as S;
        let table = [
            (Wire::Verified, S::Formal, Strength::Formal, Some(Outcome::Verified)),
            (Wire::Verified, S::RealPerson, Strength::RealName, Some(Outcome::Verified)),
            (Wire::Verified, S::Formal, Strength::RealName, Some(Outcome::CannotVerify)),
            (Wire::Verified, S::Unspecified, Strength::Formal, Some(Outcome::CannotVerify)),
            (Wire::CannotVerify, S::RealPerson, Strength::Formal, Some(Outcome::CannotVerify)),
            (Wire::Mismatch, S::Unspecified, Strength::Formal, Some(Outcome::Mismatch)),
            (Wire::Unspecified, S::RealPerson, Strength::Formal, None),
        ];
        for (outcome, strength, wanted, expected) in table {
            let finding = parse_finding(found(outcome, strength), wanted).ok();
            assert_eq!(finding.as_ref().map(|finding| finding.outcome), expected, "{outcome:?} {strength:?}");
            assert!(finding.is_none_or(|finding| finding.failed_checks == ["NAME"]), "{outcome:?}");
        }
    }

    #[test]
    fn a_check_whose_name_could_hold_a_value_is_against_the_contract() {
        for name in ["", "name", "王小明", "A,B", &"A".repeat(51)] {
            let mut found = found(Wire::Mismatch, IdentityStrength::Formal);
            name.clone_into(&mut found.checks[1].check);
            assert!(parse_finding(found, Strength::Formal).is_err(), "{name:?}");
        }
    }
}
