//! A verifier that is sent bundles in any order never calls a withdrawn code good: against a plain model of the service.

use entrypass_token::{Algorithm, Claims, SigningKey};
use entrypass_verifier::{
    Contents, Refused, Verdict, Verifier, Withdrawal,
    WithdrawalKind::{self, Reinstated, Revoked, Superseded, Suspended},
};
use proptest::prelude::*;

use crate::world::{START, bundle, code, key, pinned, snapshot};

const CODES: u8 = 4;
/// How long displayed content lives at most, in seconds.
const DISPLAY: i64 = 600;

/// What happened, in the order of the versions: one change a minute.
#[derive(Debug, Clone)]
struct History(Vec<(u8, WithdrawalKind)>);

/// A bundle that the service would give: everything after `since` (all of it: none), as of `version`.
#[derive(Debug, Clone, Copy)]
struct Sent {
    since: Option<usize>,
    version: usize,
    /// How long after the version's change it was made, in minutes.
    late: i64,
}

impl History {
    /// The hour of a change; versions begin with 1.
    fn hour(version: usize) -> i64 {
        START + 60 * i64::try_from(version).expect("a short history")
    }

    fn contents(&self, sent: Sent, signer: &SigningKey) -> Contents {
        let version = sent.version.min(self.0.len());
        let since = sent.since.map(|since| since.min(version));
        let withdrawals = (since.unwrap_or(0)..version).map(|before| {
            let (number, kind) = self.0[before];
            let drop_time = Self::hour(before + 1) + DISPLAY;
            Withdrawal { code_id: code(number), kind, drop_time }
        });
        let as_of = Self::hour(version) + 60 * sent.late;
        Contents {
            version: version as u64,
            since: since.map(|since| since as u64),
            as_of,
            not_after: as_of + 900,
            ..snapshot(signer, withdrawals.collect())
        }
    }

    /// What a version knows of a code, worked out change by change.
    fn withdrawn(&self, number: u8, version: usize, now: i64) -> Option<Verdict> {
        let (mut ended, mut suspended) = (None, None);
        for (_, kind) in self.0[..version].iter().filter(|(changed, _)| *changed == number) {
            match kind {
                Revoked => ended = Some(Verdict::Revoked),
                Superseded => ended = ended.or(Some(Verdict::Superseded)),
                Suspended { until } => suspended = Some(*until),
                Reinstated => suspended = None,
            }
        }
        ended.or(suspended.filter(|until| now < *until).map(|_| Verdict::Suspended))
    }
}

fn history() -> impl Strategy<Value = History> {
    let kind = prop_oneof![
        1 => Just(Revoked),
        1 => Just(Superseded),
        2 => Just(Reinstated),
        3 => (0..4_000_i64).prop_map(|after| Suspended { until: START + after }),
    ];
    prop::collection::vec((0..CODES, kind), 0..12).prop_map(History)
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let one = (prop::option::of(0..12_usize), 0..12_usize, 0..20_i64)
        .prop_map(|(since, version, late)| Sent { since, version, late });
    prop::collection::vec(one, 0..12)
}

/// Content as fresh as a code's can be: none is issued after the code has ended, or while it is suspended.
fn content(history: &History, known: usize, signer: &SigningKey, number: u8) -> (String, i64) {
    let ends = |kind: &WithdrawalKind| matches!(kind, Revoked | Superseded);
    let changes = (1..).zip(&history.0[..known]).filter(|(_, (changed, _))| *changed == number);
    let ended = changes.clone().find(|(_, (_, kind))| ends(kind));
    let last = ended.or(changes.last()).map_or(0, |(version, _)| version);
    let issued_at = History::hour(last);
    let issuer = "FS".parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, code(number), 1, issued_at, issued_at + DISPLAY);
    (signer.issue(&claims.expect("the claims keep the rules")), issued_at + DISPLAY)
}

/// Holds what the verifier says of every code against the model, at the version that it has come to.
fn judge(history: &History, verifier: &Verifier, signer: &SigningKey, now: i64) {
    let known = verifier.progress().map_or(0, |progress| progress.version);
    let known = usize::try_from(known).expect("a short history");
    for number in 0..CODES {
        let (text, expiry) = content(history, known, signer, number);
        let found = verifier.verify(&text, now).verdict;
        match history.withdrawn(number, known, now) {
            // As soon as all content has expired, nobody needs to know why else it is not good.
            Some(_) if now >= expiry => assert_ne!(found, Verdict::Valid),
            Some(expected) => assert_eq!(found, expected),
            None => assert!(![Verdict::Revoked, Verdict::Superseded, Verdict::Suspended].contains(&found)),
        }
    }
}

proptest! {
    #[test]
    fn no_withdrawn_code_is_valid_whatever_the_order_of_deltas(history in history(), sent in sent(), later in 0..40_i64) {
        let signer = key(Algorithm::EdDsa, 7);
        let mut verifier = pinned(&signer);
        let mut now = START;
        for sent in sent {
            let contents = history.contents(sent, &signer);
            now = now.max(contents.as_of);
            let before = verifier.progress();
            let accepted = verifier.accept(&bundle(contents.clone(), &signer), now);
            let held = before.map(|progress| progress.version);
            let follows = contents.since.is_none_or(|since| held.is_some_and(|held| since <= held));
            let back = held.is_some_and(|held| contents.version < held);
            let expected = match (follows, back) {
                (false, _) => Err(Refused::NeedsSnapshot),
                (true, true) => Err(Refused::GoesBack),
                (true, false) => Ok(()),
            };
            prop_assert_eq!(accepted, expected);
            judge(&history, &verifier, &signer, now);
        }
        judge(&history, &verifier, &signer, now + 60 * later);
    }
}
