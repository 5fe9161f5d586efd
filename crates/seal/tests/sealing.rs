//! What sealing promises: only the right key at the right place opens, and only what was sealed.

#![expect(clippy::expect_used, clippy::similar_names, reason = "a sealer, and what it has sealed")]

use std::sync::Arc;

use entrypass_ambient::{SeededRandom, SystemRandom};
use entrypass_seal::{KeyRing, Keys, Place, Purpose, Sealer, Unsealable};
use proptest::prelude::*;

const HERE: Place<'static> = Place { table: "answers", column: "sealed", row: b"7" };
/// Places that differ in one part, or only in where one part ends.
const ELSEWHERE: [Place<'static>; 5] = [
    Place { table: "answer", column: "ssealed", row: b"7" },
    Place { table: "answers", column: "sealed", row: b"8" },
    Place { table: "answers", column: "digest", row: b"7" },
    Place { table: "revisions", column: "sealed", row: b"7" },
    Place { table: "answers", column: "sealed7", row: b"" },
];

fn sealer(seed: u64) -> Sealer {
    let random = Arc::new(SeededRandom::new(seed));
    Sealer::new(KeyRing::new(Keys::generate(&*random)), random)
}

#[test]
fn what_is_sealed_opens_at_its_place_alone() {
    let sealer = sealer(1);
    let key = sealer.new_data_key();
    let (wrapped, sealed, with_key) = (
        sealer.wrap(&HERE, &key),
        sealer.seal(&HERE, b"G00000000"),
        sealer.seal_with(&key, &HERE, b"G00000000"),
    );
    let unwrapped = sealer.unwrap(&HERE, &wrapped).expect("the right place");
    assert_eq!(**sealer.open(&HERE, &sealed).expect("the right place"), *b"G00000000");
    assert_eq!(**sealer.open_with(&unwrapped, &HERE, &with_key).expect("the right place"), *b"G00000000");
    for place in ELSEWHERE {
        assert_eq!(sealer.unwrap(&place, &wrapped).err(), Some(Unsealable::Damaged), "{place:?}");
        assert_eq!(sealer.open(&place, &sealed).err(), Some(Unsealable::Damaged), "{place:?}");
        assert_eq!(sealer.open_with(&key, &place, &with_key).err(), Some(Unsealable::Damaged), "{place:?}");
    }
}

#[test]
fn the_three_layouts_are_as_written_down() {
    let sealer = sealer(1);
    let key = sealer.new_data_key();
    let id = sealer.keys().in_use(Purpose::Encryption);
    let (wrapped, content, envelope) =
        (sealer.wrap(&HERE, &key), sealer.seal_with(&key, &HERE, b"12345"), sealer.seal(&HERE, b"12345"));
    assert_eq!((wrapped[0], wrapped.len()), (1, 1 + 8 + 24 + 48));
    assert_eq!((content[0], content.len()), (2, 1 + 24 + 5 + 16));
    assert_eq!((envelope[0], envelope.len()), (3, 1 + 8 + 24 + 48 + 24 + 5 + 16));
    assert_eq!(
        (&wrapped[1..9], &envelope[..9]),
        (id.as_bytes().as_slice(), Sealer::front_of_sealed(id).as_slice())
    );
    assert_eq!(
        (Sealer::key_id_of(&wrapped), Sealer::key_id_of(&envelope[..Sealer::FRONT])),
        (Some(id), Some(id))
    );
    assert_eq!((Sealer::key_id_of(&content), Sealer::key_id_of(&envelope[..8])), (None, None));
}

/// A later release must open what this one has sealed: these bytes were sealed by the first.
#[test]
fn what_the_first_release_sealed_opens() {
    let ring =
        format!("encryption {}\nindex {}\naudit {}", "01".repeat(32), "02".repeat(32), "03".repeat(32));
    let ring = KeyRing::new(Keys::parse(&ring).expect("a ring"));
    let sealer = Sealer::new(ring, Arc::new(SystemRandom));
    let opened = sealer.open(&HERE, &bytes(SEALED)).expect("the first release's");
    assert_eq!(**opened, *b"content");
    let key = sealer.unwrap(&HERE, &bytes(WRAPPED)).expect("the first release's");
    assert_eq!(**sealer.open_with(&key, &HERE, &bytes(CONTENT)).expect("the first release's"), *b"content");
    let (_, index) = sealer.blind_indexes("document", b"number")[0];
    assert_eq!(index.as_slice(), bytes(INDEX));
    let (id, mac) = sealer.mac(&[b"a", b"bc"]);
    assert_eq!((id.to_string().as_str(), mac.as_slice()), (MAC_KEY, bytes(MAC).as_slice()));
}

const SEALED: &str = "0313696bb93a24dc2e1115a75a107ebe230c61aed33ac1ec6d36684bce44130633ecf9804c6563751f4a8e30c365cef1ee25d388a014c3851e0b27f7ce59fb020b5a373fd17ba00cf5e5afce4bc65eb2ba6dac680c5a6eb01a7826673a454912f3c63dd1182ec828074b3cc0e7031c44c2901fca8e9ea58b1efb774dc1115542";
const WRAPPED: &str = "0113696bb93a24dc2ea7a4f36bdc3226e2fb4e56b629e1c7d1896a89be8a6a1e81f6553b6242b2354af05c8aac6b3c6c33ad5c57384bdfddf6b156386016aff4cf3df9a612532f39331959a5de9283d83c";
const CONTENT: &str =
    "024ad9b7559e74bd70a4271b75aa87280d32a499d2edc05e9004bd78bae9cdbd77e56ce1379edf386952c15e1620b87a";
const INDEX: &str = "25bdda8173230e06c3de3b811b6cf1aec2e7596f30c26294ebcf8c30eb28369b";
const MAC_KEY: &str = "58444a83056170d6";
const MAC: &str = "443a9463d0f0b503a2ea68a15cbde81a9ef0539a4fedc6bb8a239e8c7d25e9d7";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digits).collect()
}

#[test]
fn a_changed_byte_and_a_missing_end_open_nothing() {
    let sealer = sealer(1);
    let key = sealer.new_data_key();
    let sealed =
        [sealer.wrap(&HERE, &key), sealer.seal_with(&key, &HERE, b"12345"), sealer.seal(&HERE, b"12345")];
    let opens = |bytes: &[u8]| {
        sealer.unwrap(&HERE, bytes).is_ok()
            || sealer.open(&HERE, bytes).is_ok()
            || sealer.open_with(&key, &HERE, bytes).is_ok()
            || matches!(sealer.reseal(&HERE, bytes), Ok(Some(_)))
            || matches!(sealer.rewrap(&HERE, bytes), Ok(Some(_)))
    };
    for whole in &sealed {
        assert!(opens(whole));
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert!(!opens(&changed), "bit {bit} of byte {at}");
            }
        }
        for length in 0..whole.len() {
            assert!(!opens(&whole[..length]), "{length} bytes");
        }
        assert!(!opens(&[whole.as_slice(), &[0]].concat()), "one byte more");
    }
}

#[test]
fn parts_of_two_rows_do_not_make_a_third() {
    let sealer = sealer(1);
    let (one, other) = (sealer.seal(&HERE, b"12345"), sealer.seal(&HERE, b"67890"));
    for cut in 1..one.len() {
        let mixed = [&one[..cut], &other[cut..]].concat();
        // Up to the end of the key id they are the same.
        let opened = sealer.open(&HERE, &mixed);
        assert_eq!(opened.is_ok(), cut <= Sealer::FRONT, "cut at {cut}");
    }
    // Nor does a data key serve where it was not put.
    let key = sealer.new_data_key();
    let moved = [sealer.wrap(&HERE, &key).as_slice(), &sealer.seal_with(&key, &HERE, b"1")[1..]].concat();
    let moved = [&[3], &moved[1..]].concat();
    assert_eq!(sealer.open(&HERE, &moved).err(), Some(Unsealable::Damaged));
}

#[test]
fn another_key_opens_nothing_and_says_which_is_missing() {
    let (ours, theirs) = (sealer(1), sealer(2));
    let id = ours.keys().in_use(Purpose::Encryption);
    let key = ours.new_data_key();
    let unknown = Some(Unsealable::UnknownKey(id));
    assert_eq!(theirs.open(&HERE, &ours.seal(&HERE, b"1")).err(), unknown);
    assert_eq!(theirs.unwrap(&HERE, &ours.wrap(&HERE, &key)).err(), unknown);
    let sealed = ours.seal_with(&key, &HERE, b"1");
    assert_eq!(ours.open_with(&ours.new_data_key(), &HERE, &sealed).err(), Some(Unsealable::Damaged));
}

#[test]
fn a_key_gives_way_to_the_next_while_everything_stays_readable() {
    let sealer = sealer(1);
    let running = sealer.clone();
    let old = sealer.keys().in_use(Purpose::Encryption);
    let key = sealer.new_data_key();
    let (sealed, wrapped) = (sealer.seal(&HERE, b"1"), sealer.wrap(&HERE, &key));
    let content = sealer.seal_with(&key, &HERE, b"2");
    assert_eq!((sealer.reseal(&HERE, &sealed), sealer.rewrap(&HERE, &wrapped)), (Ok(None), Ok(None)));

    let (keys, new) = sealer.keys().with_new(Purpose::Encryption, &SeededRandom::new(9));
    sealer.ring().replace(keys.with_newest_in_use(Purpose::Encryption));
    assert_eq!(**running.open(&HERE, &sealed).expect("under the old key"), *b"1");
    assert_eq!(Sealer::key_id_of(&running.seal(&HERE, b"3")), Some(new), "every clone follows");

    let resealed = sealer.reseal(&HERE, &sealed).expect("readable").expect("under another key");
    let rewrapped = sealer.rewrap(&HERE, &wrapped).expect("readable").expect("under another key");
    assert_eq!(Sealer::key_id_of(&resealed), Some(new));
    assert_eq!(sealer.reseal(&HERE, &resealed), Ok(None), "it is done");
    sealer.ring().replace(sealer.keys().without(Purpose::Encryption, old).expect("not in use"));
    assert_eq!(sealer.open(&HERE, &sealed).err(), Some(Unsealable::UnknownKey(old)));
    assert_eq!(**sealer.open(&HERE, &resealed).expect("under the new key"), *b"1");
    let key = sealer.unwrap(&HERE, &rewrapped).expect("under the new key");
    assert_eq!(**sealer.open_with(&key, &HERE, &content).expect("the same data key"), *b"2");
}

#[test]
fn an_index_is_the_same_for_the_same_value_under_the_same_key_alone() {
    let (ours, theirs) = (sealer(1), sealer(2));
    let of = |sealer: &Sealer, label, value: &[u8]| sealer.blind_indexes(label, value);
    assert_eq!(of(&ours, "document", b"1"), of(&ours, "document", b"1"));
    for (label, value) in
        [("document", b"2".as_slice()), ("phone", b"1"), ("documen", b"t1"), ("document1", b"")]
    {
        assert_ne!(of(&ours, "document", b"1"), of(&ours, label, value));
    }
    assert_ne!(of(&ours, "document", b"1")[0].1, of(&theirs, "document", b"1")[0].1);

    let (keys, new) = ours.keys().with_new(Purpose::Index, &SeededRandom::new(9));
    let before = of(&ours, "document", b"1");
    ours.ring().replace(keys);
    let both = of(&ours, "document", b"1");
    assert_eq!((both.len(), both[0], both[1].0), (2, before[0], new));
    ours.ring().replace(ours.keys().with_newest_in_use(Purpose::Index));
    assert_eq!(of(&ours, "document", b"1"), [both[1], both[0]], "the one in use is first");
}

#[test]
fn a_checksum_holds_for_its_parts_and_its_key() {
    let sealer = sealer(1);
    let (id, mac) = sealer.mac(&[b"ab", b"c"]);
    assert!(sealer.mac_matches(id, &[b"ab", b"c"], &mac));
    for parts in [[b"a".as_slice(), b"bc"].as_slice(), &[b"abc"], &[b"ab", b"c", b""], &[b"ab", b"d"]] {
        assert!(!sealer.mac_matches(id, parts, &mac), "{parts:?}");
    }
    for at in 0..mac.len() {
        let mut changed = mac;
        changed[at] ^= 1;
        assert!(!sealer.mac_matches(id, &[b"ab", b"c"], &changed), "byte {at}");
    }
    let (keys, new) = sealer.keys().with_new(Purpose::Audit, &SeededRandom::new(9));
    assert!(!sealer.mac_matches(new, &[b"ab", b"c"], &mac), "the ring has no such key yet");
    sealer.ring().replace(keys.with_newest_in_use(Purpose::Audit));
    assert!(sealer.mac_matches(id, &[b"ab", b"c"], &mac), "the old key still verifies");
    assert!(!sealer.mac_matches(new, &[b"ab", b"c"], &mac));
    assert_eq!(sealer.mac(&[b"ab", b"c"]).0, new);
}

#[test]
fn nothing_secret_is_printed() {
    let sealer = sealer(1);
    assert_eq!(format!("{sealer:?} {:?}", sealer.new_data_key()), "Sealer(***) DataKey(***)");
}

proptest! {
    #[test]
    fn any_content_comes_back_and_never_shows(
        content in prop::collection::vec(any::<u8>(), 0..300), row in prop::collection::vec(any::<u8>(), 0..20), seed: u64,
    ) {
        let sealer = sealer(seed);
        let place = Place { table: "t", column: "c", row: &row };
        let (one, other) = (sealer.seal(&place, &content), sealer.seal(&place, &content));
        prop_assert_eq!(&**sealer.open(&place, &one).expect("readable"), content.as_slice());
        prop_assert_ne!(&one[9..], &other[9..], "the same content looks different each time");
        if content.len() >= 4 {
            prop_assert!(!one.windows(content.len()).any(|window| window == content));
        }
    }

    #[test]
    fn any_bytes_are_refused_and_not_stumbled_over(bytes in prop::collection::vec(any::<u8>(), 0..300), format in 0..5_u8) {
        let sealer = sealer(1);
        let bytes = [&[format], bytes.as_slice()].concat();
        prop_assert!(sealer.open(&HERE, &bytes).is_err());
        prop_assert!(sealer.unwrap(&HERE, &bytes).is_err());
        prop_assert!(sealer.open_with(&sealer.new_data_key(), &HERE, &bytes).is_err());
    }
}
