//! One good token after another, and one text for each way of being wrong.
//!
//! The format leaves no room: a good text has 188 of at most 189 characters. What adds a byte to a good message
//! is therefore `TOO_LONG` before anything else is looked at, and the cases that show what would be found next
//! leave the signature out, which is looked at last.

use crate::{
    forge::{PAYLOAD, PROTECTED, Parts, altered, text, unhex},
    signatures,
};

/// What a verifier that knows both keys has to find.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Valid(Said),
    Expired,
    NotYetValid,
    UnknownKey,
    BadSignature,
    Malformed(&'static str),
}

/// What a valid token says.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    pub(crate) issuer: &'static str,
    pub(crate) code_id: &'static str,
    pub(crate) revision: u32,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
}

/// A text, the hour at which it is read, and what has to be found.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) now: i64,
    pub(crate) outcome: Outcome,
}

const ISSUED_AT: i64 = 1_767_225_600;
const LEAST: &str = "a4 01 623030 04 1a00010001 06 1a00010000 07 52000000000000000000000000000000000001";
const GREATEST: &str = "a4 01 625a39 04 1affffffff 06 1afffffffe 07 52ffffffffffffffffffffffffffffffffffff";

pub(crate) fn case(name: &'static str, text: String, outcome: Outcome) -> Case {
    Case { name, text, now: ISSUED_AT + 60, outcome }
}

fn malformed(name: &'static str, text: String, reason: &'static str) -> Case {
    case(name, text, Outcome::Malformed(reason))
}

pub(crate) fn all() -> Vec<Case> {
    let groups = [
        fresh_or_not(),
        signatures::all(),
        wrong_texts(),
        too_long_messages(),
        wrong_messages(),
        wrong_headers(),
        wrong_claims(),
        wrong_claim_values(),
        other_spellings(),
    ];
    groups.into_iter().flatten().collect()
}

fn fresh_or_not() -> Vec<Case> {
    let usual = Said {
        issuer: "FS",
        code_id: "000102030405060708090a0b0c0d0e0f",
        revision: 3,
        issued_at: ISSUED_AT,
        expires_at: ISSUED_AT + 300,
    };
    let least = Said {
        issuer: "00",
        code_id: "00000000000000000000000000000000",
        revision: 1,
        issued_at: 65_536,
        expires_at: 65_537,
    };
    let greatest = Said {
        issuer: "Z9",
        code_id: "ffffffffffffffffffffffffffffffff",
        revision: 65_535,
        issued_at: 4_294_967_294,
        expires_at: 4_294_967_295,
    };
    let at = |name, now, outcome| Case { now, ..case(name, Parts::default().text(), outcome) };
    let saying = |name, parts: Parts, said: Said| Case {
        now: said.issued_at,
        ..case(name, parts.text(), Outcome::Valid(said))
    };
    let es256 = |name, now, outcome| Case { now, ..case(name, Parts::es256().text(), outcome) };
    let es256_paying = |payload: &str| Parts { payload: payload.to_owned(), ..Parts::es256() };
    vec![
        at("valid", ISSUED_AT + 60, Outcome::Valid(usual)),
        at("valid in the last second", ISSUED_AT + 299, Outcome::Valid(usual)),
        at("expired from the instant of expiry on", ISSUED_AT + 300, Outcome::Expired),
        at("valid by a clock that is one minute slow", ISSUED_AT - 60, Outcome::Valid(usual)),
        at("not yet valid a second before that", ISSUED_AT - 61, Outcome::NotYetValid),
        saying("valid with the least values", Parts::paying(LEAST), least),
        saying("valid with the greatest values", Parts::paying(GREATEST), greatest),
        es256("ES256: valid", ISSUED_AT + 60, Outcome::Valid(usual)),
        saying("ES256: valid with the least values", es256_paying(LEAST), least),
        saying("ES256: valid with the greatest values", es256_paying(GREATEST), greatest),
        es256("ES256: expired", ISSUED_AT + 300, Outcome::Expired),
        es256("ES256: not yet valid", ISSUED_AT - 61, Outcome::NotYetValid),
    ]
}

fn wrong_texts() -> Vec<Case> {
    let good = Parts::default().text();
    let encoded = good.strip_prefix("FSP1:").expect("every token begins with the prefix");
    let end = |cut: usize, tail: &str| format!("{}{tail}", &good[..good.len() - cut]);
    vec![
        malformed("an empty text", String::new(), "WRONG_PREFIX"),
        malformed("no prefix", encoded.to_owned(), "WRONG_PREFIX"),
        malformed("a lower-case prefix", format!("fsp1:{encoded}"), "WRONG_PREFIX"),
        malformed("the prefix of another version", format!("FSP2:{encoded}"), "WRONG_PREFIX"),
        malformed("a space before the prefix", format!(" {good}"), "WRONG_PREFIX"),
        malformed("the prefix alone", "FSP1:".to_owned(), "NOT_CBOR"),
        malformed("a line feed at the end", end(0, "\n"), "NOT_BASE45"),
        malformed("lower-case Base45", format!("FSP1:{}", encoded.to_ascii_lowercase()), "NOT_BASE45"),
        malformed("a character outside Base45", end(1, "_"), "NOT_BASE45"),
        malformed("a character outside ASCII", end(1, "é"), "NOT_BASE45"),
        malformed("a group of three above 65535", end(3, ":::"), "NOT_BASE45"),
        malformed("a final pair above 255", end(3, "::"), "NOT_BASE45"),
        malformed("a single final character", end(2, ""), "NOT_BASE45"),
        malformed("two characters too long", end(0, "00"), "TOO_LONG"),
        malformed("ten times as long", good.repeat(10), "TOO_LONG"),
    ]
}

fn too_long_messages() -> Vec<Case> {
    let too_long = |name, parts: Parts| malformed(name, parts.text(), "TOO_LONG");
    vec![
        too_long("signed: a header parameter more", Parts::header("a2 01 27", "a3 01 27 03 00")),
        too_long("signed: a claim more", Parts::payload("a4 01", "a5 00 00 01")),
        too_long("signed: a longer spelling of the algorithm", Parts::header("27", "3807")),
        too_long(
            "signed: a longer spelling of an instant",
            Parts::payload("1a6955b900", "1b000000006955b900"),
        ),
        too_long("signed: a longer spelling of a claim's key", Parts::payload("06 ", "1806 ")),
        too_long(
            "signed: a map of indefinite length",
            Parts { payload: format!("{}ff", PAYLOAD.replace("a4", "bf")), ..Parts::default() },
        ),
    ]
}

fn wrong_messages() -> Vec<Case> {
    let message = Parts::default().message();
    let unsigned = Parts::default().unsigned();
    let tagged = |tag| Parts { tag, ..Parts::default() };
    let sign1 = "NOT_COSE_SIGN1";
    vec![
        malformed("the last byte missing", text(&message[..121]), "NOT_CBOR"),
        malformed("a reserved initial byte", text(&unhex("1c")), "NOT_CBOR"),
        malformed(
            "a byte string that announces 2^64-1 bytes",
            text(&unhex("d2845bffffffffffffffff00")),
            "NOT_CBOR",
        ),
        malformed(
            "unsigned: a byte after the message",
            text(&[unsigned, vec![0]].concat()),
            "TRAILING_BYTES",
        ),
        malformed("no tag", tagged("").text(), sign1),
        malformed("the tag of COSE_Mac0", tagged("d1").text(), sign1),
        malformed("unsigned: the tag of COSE_Sign", text(&tagged("d862").unsigned()), sign1),
        malformed("unsigned: the CWT tag before the message", text(&tagged("d83dd2").unsigned()), sign1),
        malformed("a message of three parts", text(&altered(&message[..56], &[(1, 0x83)])), sign1),
        malformed(
            "a text for the signature",
            text(&altered(&Parts::default().unsigned(), &[(56, 0x60)])),
            sign1,
        ),
        malformed("a detached payload", text(&Parts::default().message_with(&[0xf6], &[])), "WRONG_CLAIMS"),
        malformed("unsigned", text(&Parts::default().unsigned()), "INVALID_SIGNATURE_LENGTH"),
        malformed(
            "a signature of 63 bytes",
            text(&Parts::default().message_with(&Parts::default().payload_item(), &[1; 63])),
            "INVALID_SIGNATURE_LENGTH",
        ),
        malformed("ES256: unsigned", text(&Parts::es256().unsigned()), "INVALID_SIGNATURE_LENGTH"),
        malformed(
            "ES256: a signature of 63 bytes",
            Parts::es256().text_with(&[1; 63]),
            "INVALID_SIGNATURE_LENGTH",
        ),
    ]
}

fn wrong_headers() -> Vec<Case> {
    let signed = |name, protected: &str, unprotected, reason| {
        malformed(
            name,
            Parts { protected: protected.to_owned(), unprotected, ..Parts::default() }.text(),
            reason,
        )
    };
    let unsigned = |name, protected: &str, unprotected, reason| {
        let parts = Parts { protected: protected.to_owned(), unprotected, ..Parts::default() };
        malformed(name, text(&parts.unsigned()), reason)
    };
    let kid = "04 48866eefbd6718c884";
    let wrong = "WRONG_HEADERS";
    let unknown = "UNKNOWN_ALGORITHM";
    vec![
        signed("no headers", "a0", "a0", wrong),
        signed("the key id not protected", "a1 01 27", "a1 04 48866eefbd6718c884", wrong),
        signed("the algorithm not protected", &format!("a1 {kid}"), "a1 01 27", wrong),
        signed("no algorithm", &format!("a1 {kid}"), "a0", wrong),
        signed("no key id", "a1 01 27", "a0", wrong),
        signed("a key id of 7 bytes", "a2 01 27 04 47866eefbd6718c8", "a0", wrong),
        unsigned("unsigned: a key id of 9 bytes", "a2 01 27 04 49866eefbd6718c88400", "a0", wrong),
        unsigned("unsigned: a content type", &format!("a3 01 27 03 00 {kid}"), "a0", wrong),
        unsigned("unsigned: a critical parameter", &format!("a3 01 27 02 81 04 {kid}"), "a0", wrong),
        unsigned(
            "unsigned: a parameter with a text for a label",
            &format!("a3 01 27 {kid} 6161 00"),
            "a0",
            wrong,
        ),
        unsigned("unsigned: a parameter that is not protected", PROTECTED, "a1 03 00", wrong),
        unsigned("unsigned: the algorithm twice", &format!("a3 01 27 01 27 {kid}"), "a0", "DUPLICATE_LABEL"),
        unsigned(
            "unsigned: a byte after the protected header",
            &format!("{PROTECTED} 00"),
            "a0",
            "TRAILING_BYTES",
        ),
        signed("a text for the key id", "a2 01 27 04 684142434445464748", "a0", "NOT_COSE_SIGN1"),
        unsigned("unsigned: ES384, which no key has", &format!("a2 01 3822 {kid}"), "a0", unknown),
        signed("Ed25519 (-19), not the EdDSA (-8) of the key", &format!("a2 01 32 {kid}"), "a0", unknown),
        signed("HMAC, which is no signature", &format!("a2 01 05 {kid}"), "a0", unknown),
        signed("an algorithm that nobody registered", &format!("a2 01 17 {kid}"), "a0", wrong),
    ]
}

fn wrong_claims() -> Vec<Case> {
    let signed = |name, from, to, reason| malformed(name, Parts::payload(from, to).text(), reason);
    let unsigned =
        |name, from, to| malformed(name, text(&Parts::payload(from, to).unsigned()), "WRONG_CLAIMS");
    let paying = |name, payload, reason| malformed(name, Parts::paying(payload).text(), reason);
    let wrong = "WRONG_CLAIMS";
    let times = "04 1a6955ba2c 06 1a6955b900";
    let cti = " 07 52000102030405060708090a0b0c0d0e0f0003";
    let without = |from: &str| PAYLOAD.replace("a4", "a3").replace(from, "");
    vec![
        paying("no claims", "a0", wrong),
        paying("claims that are no map", "83 01 02 03", wrong),
        paying("an empty payload", "", "NOT_CBOR"),
        paying("no issuer", &without(" 01 624653"), wrong),
        paying("no expiry", &without(" 04 1a6955ba2c"), wrong),
        paying("no instant of issue", &without(" 06 1a6955b900"), wrong),
        paying("no code id", &without(cti), wrong),
        paying("a byte after the claims", &format!("{} 00", without(cti)), "TRAILING_BYTES"),
        signed("the start of validity in place of the issue", "06 1a", "05 1a", wrong),
        signed("the expiry twice", times, "04 1a6955ba2c 04 1a6955b900", "DUPLICATE_LABEL"),
        signed("an expiry in floating point", "1a6955ba2c", "fa4ed2ab74", wrong),
        signed("an issuer in bytes", "624653", "424653", wrong),
        signed("a code id in text", "07 52", "07 72", wrong),
        unsigned("unsigned: a subject", "a4 01 624653", "a5 01 624653 02 6161"),
        unsigned("unsigned: an audience", "a4 01 624653", "a5 01 624653 03 6161"),
        unsigned("unsigned: a start of validity", "a4 01", "a5 05 1a6955b900 01"),
        unsigned("unsigned: a registered claim of another kind", "a4 01", "a5 08 a0 01"),
        unsigned("unsigned: a claim that nobody registered", "a4 01", "a5 00 00 01"),
        unsigned("unsigned: a claim for private use", "a4 01", "a5 3a00010000 03 01"),
        unsigned("unsigned: a claim with a text for a key", "a4 01", "a5 6161 00 01"),
    ]
}

fn wrong_claim_values() -> Vec<Case> {
    let signed = |name, from, to, reason| malformed(name, Parts::payload(from, to).text(), reason);
    let unsigned =
        |name, from, to, reason| malformed(name, text(&Parts::payload(from, to).unsigned()), reason);
    let (issuer, cti, instant) = ("INVALID_ISSUER", "INVALID_CTI", "INVALID_INSTANT");
    vec![
        signed("a lower-case issuer", "624653", "626673", issuer),
        signed("an issuer of one character", "624653", "6146", issuer),
        unsigned("unsigned: an issuer of three characters", "624653", "63465350", issuer),
        signed(
            "a code id without a revision",
            "07 52000102030405060708090a0b0c0d0e0f0003",
            "07 50000102030405060708090a0b0c0d0e0f",
            cti,
        ),
        signed(
            "a revision of one byte",
            "07 52000102030405060708090a0b0c0d0e0f0003",
            "07 51000102030405060708090a0b0c0d0e0f03",
            cti,
        ),
        unsigned(
            "unsigned: a revision of three bytes",
            "07 52000102030405060708090a0b0c0d0e0f0003",
            "07 53000102030405060708090a0b0c0d0e0f000003",
            cti,
        ),
        signed("revision 0", "0f0003", "0f0000", "INVALID_REVISION"),
        signed("an instant before 1970-01-01T18:12:16Z", "1a6955b900", "19ffff", instant),
        signed("a negative instant", "1a6955b900", "3a6955b900", instant),
        unsigned(
            "unsigned: an instant after 2106-02-07T06:28:15Z",
            "1a6955ba2c",
            "1b0000000100000000",
            instant,
        ),
        signed("expiry at the instant of issue", "1a6955ba2c", "1a6955b900", "EXPIRES_BEFORE_ISSUED"),
        signed("expiry before the issue", "1a6955ba2c", "1a6955b8ff", "EXPIRES_BEFORE_ISSUED"),
    ]
}

fn other_spellings() -> Vec<Case> {
    let spelt = |name, parts: Parts| malformed(name, parts.text(), "NOT_DETERMINISTIC");
    vec![
        spelt(
            "the header's map in another order",
            Parts::header(PROTECTED, "a2 04 48866eefbd6718c884 01 27"),
        ),
        spelt(
            "the claims in another order",
            Parts::payload("04 1a6955ba2c 06 1a6955b900", "06 1a6955b900 04 1a6955ba2c"),
        ),
    ]
}
