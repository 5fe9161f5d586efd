//! From what was found out about a scanned code to the checks of the decision on it. Pure.
//!
//! The words, and the rule by which checks make the verdict, are `entrypass-verifier`'s: a decision without a network has the same.

use entrypass_token::Freshness;
use entrypass_verifier::{Check, Checks, Outcome, Reason, Verdict};

use crate::code::CodeState;

/// What the registration service said of a code's registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// Just now, whether it is active and the code stands for its present revision.
    Asked(Result<(), Reason>),
    /// Nothing: it could not be asked.
    Unavailable,
}

/// The checks of a text that is no token.
pub(crate) fn malformed() -> Checks {
    Checks::default().with(Check::Format, Err(Reason::MalformedText))
}

/// The checks of a token whose key is not trusted, for `reason`.
pub(crate) fn not_trusted(reason: Reason) -> Checks {
    Checks::default().with(Check::Format, Ok(())).with(Check::Key, Err(reason))
}

/// The checks of a token that its key has signed, and was not to sign, for `reason`.
pub(crate) fn not_believed(reason: Reason) -> Checks {
    not_trusted(reason).with(Check::Signature, Ok(()))
}

/// The checks of a token that its key did not sign.
pub(crate) fn forged() -> Checks {
    not_trusted(Reason::WrongSignature)
        .with(Check::Key, Ok(()))
        .with(Check::Signature, Err(Reason::WrongSignature))
}

/// The checks of a token of ours: how it stands to the hour, and what is recorded of its code and learnt of the registration.
pub(crate) fn genuine(freshness: Freshness, code: Option<(CodeState, Registration)>) -> Checks {
    let time = match freshness {
        Freshness::Fresh => Ok(()),
        Freshness::Expired => Err(Reason::ContentExpired),
        Freshness::NotYetValid => Err(Reason::NotYetIssued),
    };
    let read = [Check::Format, Check::Key, Check::Signature];
    let checks = read.into_iter().fold(Checks::default(), |checks, check| checks.with(check, Ok(())));
    let checks = checks.with(Check::Time, time);
    match code {
        // Without a record nobody knows which registration to ask for.
        None => checks.with(Check::Code, Err(Reason::CodeNotRecorded)),
        Some((state, registration)) => standing(checks, state, registration),
    }
}

/// What the up-to-date code of a companion would be told, whose codes are in `state` and whose registration was judged just now.
pub(crate) fn companion(state: CodeState, judged: Result<(), Reason>) -> Verdict {
    genuine(Freshness::Fresh, Some((state, Registration::Asked(judged)))).verdict()
}

fn standing(checks: Checks, state: CodeState, registration: Registration) -> Checks {
    let code = match state {
        CodeState::Active => Ok(()),
        CodeState::Suspended => Err(Reason::CodeSuspended),
        CodeState::Superseded => Err(Reason::CodeSuperseded),
        CodeState::Revoked => Err(Reason::CodeRevoked),
    };
    // What is recorded here is what was followed of registrations: it is as new as it can be when they were asked for just now.
    let (registration, data_age) = match registration {
        Registration::Asked(judged) => (judged.into(), Outcome::Passed),
        Registration::Unavailable => {
            let not_asked = Outcome::NotPerformed(Reason::NeighbourUnavailable);
            (not_asked, not_asked)
        }
    };
    checks.with(Check::Code, code).with(Check::Registration, registration).with(Check::DataAge, data_age)
}

#[cfg(test)]
mod tests {
    use entrypass_token::Freshness::{Expired, Fresh, NotYetValid};
    use entrypass_verifier::{Reason as R, Verdict};

    use super::{Registration, companion, forged, genuine, malformed, not_believed, not_trusted};
    use crate::code::CodeState as C;

    const STATES: [C; 4] = [C::Active, C::Suspended, C::Superseded, C::Revoked];
    const ASKED: [Registration; 6] = [
        Registration::Asked(Ok(())),
        Registration::Asked(Err(R::RegistrationAmended)),
        Registration::Asked(Err(R::RegistrationExpired)),
        Registration::Asked(Err(R::RegistrationCancelled)),
        Registration::Asked(Err(R::RegistrationMissing)),
        Registration::Unavailable,
    ];

    #[test]
    fn only_a_fresh_active_current_code_is_valid() {
        let codes = STATES.into_iter().flat_map(|state| ASKED.map(|asked| Some((state, asked))));
        for code in codes.chain([None]) {
            for freshness in [Fresh, NotYetValid, Expired] {
                let checks = genuine(freshness, code);
                let good = freshness == Fresh && code == Some((C::Active, Registration::Asked(Ok(()))));
                assert_eq!(checks.verdict() == Verdict::Valid, good, "{freshness:?} {code:?}");
                let all_passed = checks.iter().all(|(_, outcome)| outcome.reason().is_none());
                assert_eq!(all_passed, good, "{freshness:?} {code:?}");
            }
        }
        for (checks, verdict) in [
            (malformed(), Verdict::Malformed),
            (not_trusted(R::KeyUnknown), Verdict::UnknownKey),
            (not_trusted(R::KeyRevoked), Verdict::UnknownKey),
            (not_believed(R::KeyNotSigningThen), Verdict::UnknownKey),
            (not_believed(R::IssuerUnknown), Verdict::UnknownKey),
            (forged(), Verdict::BadSignature),
        ] {
            assert_eq!(checks.verdict(), verdict);
        }
    }

    #[test]
    fn the_verdict_names_what_will_not_mend_itself() {
        let (current, unasked) = (Registration::Asked(Ok(())), Registration::Unavailable);
        let [amended, expired, cancelled, missing] = [
            R::RegistrationAmended,
            R::RegistrationExpired,
            R::RegistrationCancelled,
            R::RegistrationMissing,
        ]
        .map(|reason| Registration::Asked(Err(reason)));
        let table = [
            (Fresh, None, Verdict::NotFound),
            (Fresh, Some((C::Active, missing)), Verdict::NotFound),
            (Expired, Some((C::Revoked, amended)), Verdict::Revoked),
            (Fresh, Some((C::Active, cancelled)), Verdict::Revoked),
            (Fresh, Some((C::Superseded, cancelled)), Verdict::Revoked),
            (Fresh, Some((C::Active, amended)), Verdict::Superseded),
            (Expired, Some((C::Superseded, unasked)), Verdict::Superseded),
            (Expired, Some((C::Active, current)), Verdict::Expired),
            (Fresh, Some((C::Active, expired)), Verdict::Expired),
            (Fresh, Some((C::Suspended, expired)), Verdict::Expired),
            (Fresh, Some((C::Suspended, amended)), Verdict::Superseded),
            (Expired, Some((C::Suspended, unasked)), Verdict::Suspended),
            (NotYetValid, Some((C::Active, current)), Verdict::NotYetValid),
            (Expired, Some((C::Active, unasked)), Verdict::Expired),
            (Fresh, Some((C::Active, unasked)), Verdict::CannotDecide),
        ];
        for (freshness, code, expected) in table {
            assert_eq!(genuine(freshness, code).verdict(), expected, "{freshness:?} {code:?}");
        }
    }

    #[test]
    fn a_companion_is_judged_by_codes_and_registration() {
        let table = [
            (C::Active, Ok(()), Verdict::Valid),
            (C::Suspended, Ok(()), Verdict::Suspended),
            (C::Revoked, Ok(()), Verdict::Revoked),
            (C::Active, Err(R::RegistrationExpired), Verdict::Expired),
            (C::Suspended, Err(R::RegistrationCancelled), Verdict::Revoked),
        ];
        for (state, judged, expected) in table {
            assert_eq!(companion(state, judged), expected, "{state:?} {judged:?}");
        }
    }
}
