//! Whose bundles are accepted.

use entrypass_verifier::{Contents, TrustedKey, Verdict};

use super::{
    Asked, Given, Taken, Vector,
    scenes::{delta, first, given, second},
};
use crate::world::{START, snapshot, token, trusted};

const UNTRUSTED: Taken = Taken::Refused("UNTRUSTED_KEY");

pub(super) fn all() -> Vec<Vector> {
    vec![pins(), succession(), revoked_key(), retired_key(), early_activation(), future(), changed()]
}

/// Both keys, the first with this end.
fn both(signs_until: Option<i64>) -> Vec<TrustedKey> {
    vec![TrustedKey { signs_until, ..trusted(&first()) }, trusted(&second())]
}

fn scene(name: &'static str, given: Vec<Given>) -> Vector {
    Vector { name, pins: vec![first()], given, asked: Vec::new() }
}

fn pins() -> Vector {
    let not_yet = vec![TrustedKey { signs_from: START + 961, ..trusted(&first()) }];
    let no_more =
        vec![TrustedKey { signs_from: START - 90, signs_until: Some(START - 60), ..trusted(&first()) }];
    let with = |keys| Contents { keys, ..snapshot(&first(), Vec::new()) };
    let given = vec![
        given(snapshot(&second(), Vec::new()), &second(), UNTRUSTED),
        given(with(not_yet), &first(), UNTRUSTED),
        given(with(no_more), &first(), UNTRUSTED),
        given(with(both(None)), &first(), Taken::Accepted),
    ];
    scene("the first bundle is of a pinned key that signs at its hour", given)
}

fn succession() -> Vector {
    let given = vec![
        given(Contents { keys: both(None), ..snapshot(&first(), Vec::new()) }, &first(), Taken::Accepted),
        given(Contents { keys: both(Some(START + 30)), ..delta() }, &second(), Taken::Accepted),
    ];
    let checks = ["+", "+", "+", "+", "+", "offline", "+"];
    let text = token(&second(), 4);
    let asked = vec![Asked { text, now: START + 100, verdict: Verdict::Valid, checks, data_age: Some(40) }];
    Vector { asked, ..scene("a key of the accepted bundle signs the next one", given) }
}

fn revoked_key() -> Vector {
    let without = Contents { keys: vec![trusted(&second())], ..delta() };
    let again = Contents { version: 7, keys: both(None), ..delta() };
    let given = vec![
        given(Contents { keys: both(None), ..snapshot(&first(), Vec::new()) }, &first(), Taken::Accepted),
        given(without, &second(), Taken::Accepted),
        given(again, &first(), UNTRUSTED),
    ];
    scene("a pinned key that is no longer among the keys signs nothing", given)
}

fn retired_key() -> Vector {
    let known = Contents { keys: both(Some(START - 30)), ..snapshot(&first(), Vec::new()) };
    let later = Contents { keys: both(Some(START - 30)), ..delta() };
    let stolen =
        Contents { version: 9, as_of: START - 60, not_after: START + 86_340, keys: both(None), ..delta() };
    let given = vec![
        given(known, &first(), Taken::Accepted),
        given(later, &second(), Taken::Accepted),
        given(stolen, &first(), UNTRUSTED),
    ];
    scene("a retired key signs no bundle, whichever hour it names", given)
}

fn early_activation() -> Vector {
    let pending = TrustedKey { signs_from: START + 86_400, ..trusted(&second()) };
    let keys = vec![trusted(&first()), pending];
    let given = vec![
        given(Contents { keys, ..snapshot(&first(), Vec::new()) }, &first(), Taken::Accepted),
        given(Contents { keys: vec![trusted(&second())], ..delta() }, &second(), Taken::Accepted),
    ];
    scene("a key that was published may be activated early", given)
}

fn future() -> Vector {
    let at = |now, outcome| Given { now, ..given(snapshot(&first(), Vec::new()), &first(), outcome) };
    let given = vec![at(START - 61, Taken::Refused("FROM_THE_FUTURE")), at(START - 60, Taken::Accepted)];
    scene("a bundle is no more than a minute ahead of the clock", given)
}

fn changed() -> Vector {
    let mut given = vec![given(snapshot(&first(), Vec::new()), &first(), Taken::Refused("WRONG_SIGNATURE"))];
    for given in &mut given {
        if let Some(last) = given.bytes.last_mut() {
            *last ^= 1;
        }
    }
    scene("the last bit of the signature was changed", given)
}
