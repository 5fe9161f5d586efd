//! One bundle for each way of not being one.

use entrypass_token::Algorithm;
use entrypass_verifier::WithdrawalKind::Revoked;

use super::{
    Given, Taken, Vector,
    forge::{Parts, string},
    scenes::{first, second},
};
use crate::world::{START, key, sign, snapshot, withdrawal};

pub(super) fn all() -> Vec<Vector> {
    [messages(), headers(), fields(), values(), keys(), withdrawals(), spellings()]
        .into_iter()
        .flatten()
        .map(vector)
        .collect()
}

type Case = (&'static str, Vec<u8>, &'static str);

fn vector((name, bytes, reason): Case) -> Vector {
    let given = vec![Given { bytes, now: START, outcome: Taken::Malformed(reason) }];
    Vector { name, pins: vec![first()], given, asked: Vec::new() }
}

fn messages() -> Vec<Case> {
    let good = Parts::default();
    let payload = string(&good.payload);
    let short = good.message_with(&payload, &good.signature()[..63]);
    let null = good.message_with(b"\xf6", &good.signature());
    let token = base45::decode(&crate::world::token(&first(), 1)[5..]).expect("a token is Base45");
    vec![
        ("nothing", Vec::new(), "NOT_CBOR"),
        ("half a bundle", good.message()[..100].to_vec(), "NOT_CBOR"),
        ("a byte after the message", [good.message().as_slice(), b"\0"].concat(), "TRAILING_BYTES"),
        ("another tag", Parts { tag: b"\xd1\x84", ..Parts::default() }.message(), "NOT_COSE_SIGN1"),
        ("no tag", Parts { tag: b"\x84", ..Parts::default() }.message(), "NOT_COSE_SIGN1"),
        (
            "an array of three",
            [b"\xd2\x83", &good.message()[2..good.message().len() - 66]].concat(),
            "NOT_COSE_SIGN1",
        ),
        ("no contents", null, "WRONG_CONTENTS"),
        ("a signature of 63 bytes", short, "INVALID_SIGNATURE_LENGTH"),
        ("a token", token, "WRONG_HEADERS"),
    ]
}

fn headers() -> Vec<Case> {
    let unprotected = Parts { unprotected: b"\xa1\x04\x41\x00", ..Parts::default() };
    let signer_id = first().verification_key().key_id();
    let kid = signer_id.as_bytes();
    let named = [b"\x04\x48".as_slice(), kid].concat();
    let shortened = [b"\x04\x47".as_slice(), &kid[..7]].concat();
    vec![
        ("an unprotected header", unprotected.message(), "WRONG_HEADERS"),
        (
            "a token's header",
            Parts::header(b"\xa3\x01\x27\x03\x78\x1bapplication/fsp-bundle+cbor", b"\xa2\x01\x27"),
            "WRONG_HEADERS",
        ),
        ("another media type", Parts::header(b"fsp-bundle", b"fsp-bungle"), "WRONG_HEADERS"),
        ("one more header", Parts::header(b"\xa3\x01\x27", b"\xa4\x01\x27\x02\x81\x03"), "WRONG_HEADERS"),
        ("a header twice", Parts::header(b"\xa3\x01\x27", b"\xa4\x01\x27\x01\x27"), "WRONG_HEADERS"),
        ("a key id of seven bytes", Parts::header(&named, &shortened), "WRONG_HEADERS"),
        ("ES384", Parts::header(b"\xa3\x01\x27", b"\xa3\x01\x38\x22"), "WRONG_HEADERS"),
        (
            "another algorithm than the key's",
            Parts::header(b"\xa3\x01\x27", b"\xa3\x01\x26"),
            "WRONG_ALGORITHM",
        ),
    ]
}

/// The front of the contents: format, issuer.
const FRONT: &[u8] = b"\xa9\x01\x01\x02\x62FS";
/// Fields 4 and 5: version, since.
const VERSIONS: &[u8] = b"\x04\x05\x05\xf6\x06";

fn fields() -> Vec<Case> {
    let of = |from: &[u8], to: &[u8]| Parts::contents(&[(from, to)]);
    let no_list = Parts { payload: b"\xa1\x01\x01".to_vec(), ..Parts::default() };
    let array = Parts { payload: b"\x80".to_vec(), ..Parts::default() };
    let mut trailing = Parts::default();
    trailing.payload.push(0);
    let mut ten = Parts::default();
    ten.payload[0] = 0xaa;
    ten.payload.extend(b"\x0a\x00");
    vec![
        ("contents that are an array", array.message(), "WRONG_CONTENTS"),
        ("only the format", no_list.message(), "WRONG_CONTENTS"),
        ("a tenth field", ten.message(), "WRONG_CONTENTS"),
        ("a byte after the contents", trailing.message(), "TRAILING_BYTES"),
        ("format 2", of(FRONT, b"\xa9\x01\x02\x02\x62FS"), "UNKNOWN_FORMAT"),
        ("the issuer as bytes", of(FRONT, b"\xa9\x01\x01\x02\x42FS"), "WRONG_CONTENTS"),
        ("fields in another order", of(VERSIONS, b"\x05\xf6\x04\x05\x06"), "WRONG_CONTENTS"),
        ("a field twice", of(VERSIONS, b"\x04\x05\x04\x05\x06"), "WRONG_CONTENTS"),
        ("a version as text", of(VERSIONS, b"\x04\x615\x05\xf6\x06"), "WRONG_CONTENTS"),
        ("a version as a float", of(VERSIONS, b"\x04\xf9\x45\x00\x05\xf6\x06"), "WRONG_CONTENTS"),
        ("a negative version", of(VERSIONS, b"\x04\x20\x05\xf6\x06"), "WRONG_CONTENTS"),
        ("since is false", of(VERSIONS, b"\x04\x05\x05\xf4\x06"), "WRONG_CONTENTS"),
        ("a feed id of 15 bytes", of(b"\x03\x50\xfe", b"\x03\x4f"), "WRONG_CONTENTS"),
    ]
}

/// An hour, as it stands in the contents.
fn instant(after: i64) -> Vec<u8> {
    let seconds = u32::try_from(START + after).expect("an hour of this century");
    [b"\x1a".as_slice(), &seconds.to_be_bytes()].concat()
}

/// Field 7, `not_after`.
fn end(value: &[u8]) -> Vec<u8> {
    [b"\x07", value].concat()
}

fn values() -> Vec<Case> {
    let of = |from: &[u8], to: &[u8]| Parts::contents(&[(from, to)]);
    let greatest = b"\x04\x1b\x80\x00\x00\x00\x00\x00\x00\x00\x05\xf6\x06";
    let late = b"\x07\x1b\x00\x00\x00\x01\x00\x00\x00\x00";
    vec![
        ("a lower-case issuer", of(FRONT, b"\xa9\x01\x01\x02\x62fs"), "INVALID_ISSUER"),
        ("an end after the year 2106", of(&end(&instant(900)), late), "INVALID_INSTANT"),
        ("a version of 2^63", of(VERSIONS, greatest), "INVALID_VERSION"),
        ("a delta that goes back", of(VERSIONS, b"\x04\x05\x05\x06\x06"), "INVALID_SINCE"),
        ("an end at as_of", of(&end(&instant(900)), &end(&instant(0))), "INVALID_NOT_AFTER"),
        (
            "an end a day and a second after as_of",
            of(&end(&instant(900)), &end(&instant(86_401))),
            "INVALID_NOT_AFTER",
        ),
    ]
}

/// A key of the list from the beginning of the world on.
fn listed(cose_key: &[u8]) -> Vec<u8> {
    [b"\x84".as_slice(), &string(cose_key), &instant(0), b"\xf6\xf6"].concat()
}

fn keys() -> Vec<Case> {
    let cose_key = first().verification_key().to_cose_key();
    let list = |head: &[u8], keys: &[Vec<u8>]| [b"\x08", head, &keys.concat()].concat();
    let good = list(b"\x81", &[listed(&cose_key)]);
    let of = |to: Vec<u8>| Parts::contents(&[(&good, &to)]);
    let mut wrong_id = cose_key.clone();
    wrong_id[5] ^= 1;
    // RFC 8032: the neutral element is of small order.
    let weak = [&cose_key[..20], b"\x01", &[0; 31]].concat();
    let other = listed(&key(Algorithm::EdDsa, 9).verification_key().to_cose_key());
    let bare = [b"\x08\x81\x83".as_slice(), &string(&cose_key), &instant(0), b"\xf6"].concat();
    vec![
        ("no key", of(list(b"\x80", &[])), "INVALID_KEY_COUNT"),
        ("65 keys", of(list(b"\x98\x41", &vec![listed(&cose_key); 65])), "INVALID_KEY_COUNT"),
        ("a key twice", of(list(b"\x82", &[listed(&cose_key), listed(&cose_key)])), "KEY_TWICE"),
        ("a key with another key's id", of(list(b"\x81", &[listed(&wrong_id)])), "INVALID_KEY"),
        ("a key of small order", of(list(b"\x81", &[listed(&weak)])), "INVALID_KEY"),
        ("a key that is cut off", of(list(b"\x81", &[listed(&cose_key[..44])])), "INVALID_KEY"),
        ("a key without its last end", of(bare), "WRONG_CONTENTS"),
        ("another key than the signer's", of(list(b"\x81", &[other])), "SIGNER_NOT_LISTED"),
    ]
}

/// A group of withdrawals.
fn group(kind: u8, until: &[u8], drop_time: i64, ids: &[u8]) -> Vec<u8> {
    [b"\x84", [kind].as_slice(), until, &instant(drop_time), &string(ids)].concat()
}

/// Bundles with these groups in place of the two good ones.
fn with_groups(groups: &[Vec<u8>]) -> Vec<u8> {
    let good = [group(1, b"\xf6", 3_600, &[1; 16]), group(3, &instant(60), 3_600, &[2; 16])].concat();
    let count = u8::try_from(groups.len()).expect("a few groups");
    let from = [b"\x09\x82", good.as_slice()].concat();
    Parts::contents(&[(&from, &[b"\x09", [0x80 | count].as_slice(), &groups.concat()].concat())])
}

fn withdrawals() -> Vec<Case> {
    let one = |kind, until: &[u8], drop_time, ids: &[u8]| with_groups(&[group(kind, until, drop_time, ids)]);
    let null = b"\xf6".as_slice();
    let twice = with_groups(&[group(1, null, 3_600, &[1; 16]), group(2, null, 3_600, &[1; 16])]);
    vec![
        ("a drop time within a quarter of an hour", one(1, null, 3_601, &[1; 16]), "INVALID_DROP_TIME"),
        ("a code twice in a group", one(1, null, 3_600, &[1; 32]), "CODE_TWICE"),
        ("a code in two groups", twice, "CODE_TWICE"),
        ("a snapshot that reinstates", one(4, null, 3_600, &[1; 16]), "REINSTATED_IN_SNAPSHOT"),
        ("a suspension without an end", one(3, null, 3_600, &[1; 16]), "WRONG_CONTENTS"),
        ("a revocation with an end", one(1, &instant(60), 3_600, &[1; 16]), "WRONG_CONTENTS"),
        ("a fifth kind", one(5, null, 3_600, &[1; 16]), "WRONG_CONTENTS"),
        ("a code id of 15 bytes", one(1, null, 3_600, &[1; 15]), "WRONG_CONTENTS"),
    ]
}

fn spellings() -> Vec<Case> {
    let null = b"\xf6".as_slice();
    let revoked = |ids: &[u8]| group(1, null, 3_600, ids);
    let superseded = group(2, null, 3_600, &[2; 16]);
    let long_version = Parts::contents(&[(VERSIONS, b"\x04\x18\x05\x05\xf6\x06")]);
    let mut open = Parts::default();
    open.payload[0] = 0xbf;
    open.payload.push(0xff);
    let long_tag = Parts { tag: b"\xd8\x12\x84", ..Parts::default() };
    let unsorted = [[2; 16], [1; 16]].concat();
    vec![
        ("a long spelling of a number", long_version, "NOT_DETERMINISTIC"),
        ("a long spelling of the tag", long_tag.message(), "NOT_DETERMINISTIC"),
        ("a map of indefinite length", open.message(), "NOT_DETERMINISTIC"),
        ("groups in another order", with_groups(&[superseded, revoked(&[1; 16])]), "NOT_DETERMINISTIC"),
        ("codes in another order", with_groups(&[revoked(&unsorted)]), "NOT_DETERMINISTIC"),
        ("one group in two", with_groups(&[revoked(&[1; 16]), revoked(&[2; 16])]), "NOT_DETERMINISTIC"),
        ("a group of none", with_groups(&[revoked(&[])]), "NOT_DETERMINISTIC"),
        ("keys in another order", unsorted_keys(), "NOT_DETERMINISTIC"),
    ]
}

fn unsorted_keys() -> Vec<u8> {
    let mut both = [first(), second()].map(|key| key.verification_key());
    both.sort_by_key(|key| std::cmp::Reverse(key.key_id()));
    let good = [b"\x08\x81", listed(&first().verification_key().to_cose_key()).as_slice()].concat();
    let both = both.map(|key| listed(&key.to_cose_key())).concat();
    Parts::contents(&[(&good, &[b"\x08\x82", both.as_slice()].concat())])
}

#[test]
fn what_is_changed_here_is_good_before() {
    let good = Parts::default().message();
    assert!(entrypass_verifier::Bundle::decode(&good).is_ok_and(|bundle| bundle.is_signed()));
    let one = with_groups(&[group(1, b"\xf6", 3_600, &[1; 16])]);
    assert_eq!(one, sign(snapshot(&first(), vec![withdrawal(1, Revoked)]), &first()));
}
