//! What was drafted is read back, and nothing else is.

use entrypass_token::{Algorithm, CodeId, PREFIX};
use entrypass_verifier::{
    Bundle, Contents, Draft, InvalidContents, MalformedBundle, Thumbprint, TrustedKey, Verifier, Withdrawal,
    WithdrawalKind::{self, Reinstated, Revoked, Superseded, Suspended},
};
use proptest::prelude::*;

use crate::world::{START, bundle, code, key, pinned, sign, snapshot, token, trusted, withdrawal};

#[test]
fn a_bundle_says_what_was_drafted() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let (signer, next) = (key(algorithm, 7), key(Algorithm::Es256, 8));
        let mut contents = snapshot(
            &signer,
            vec![
                withdrawal(1, Revoked),
                withdrawal(2, Superseded),
                withdrawal(3, Suspended { until: START + 60 }),
            ],
        );
        contents.keys.push(TrustedKey {
            signs_from: START + 86_400,
            signs_until: Some(START + 90_000),
            verifies_until: Some(START + 93_600),
            ..trusted(&next)
        });
        contents.keys.sort_by_key(|trusted| trusted.key.key_id());
        let read = bundle(contents.clone(), &signer);
        assert_eq!(read.contents(), &contents);
        assert!(read.is_signed());
        assert_eq!(read.signer(), &signer.verification_key());
    }
}

#[test]
fn of_each_code_a_draft_keeps_what_is_to_be_known() {
    let signer = key(Algorithm::EdDsa, 7);
    let at = |number, kind, drop_time| Withdrawal { drop_time, ..withdrawal(number, kind) };
    let happened = vec![
        at(9, Revoked, START + 1),
        at(1, Suspended { until: START + 60 }, START + 100),
        at(2, Superseded, START + 900),
        at(3, Suspended { until: i64::MAX }, START + 901),
        at(2, Suspended { until: START + 70 }, START + 950),
        at(1, Reinstated, START + 1_000),
        at(4, Revoked, START - 960),
        at(5, Revoked, START - 901),
    ];
    let snapshot = Contents { withdrawals: happened, ..snapshot(&signer, Vec::new()) };
    let delta = Contents { since: Some(4), ..snapshot.clone() };
    let kept = [
        at(9, Revoked, START + 900),
        at(2, Superseded, START + 1_800),
        at(3, Suspended { until: u32::MAX.into() }, START + 1_800),
    ];
    assert_eq!(bundle(snapshot, &signer).contents().withdrawals, kept);
    let lifted = [kept.as_slice(), &[at(1, Reinstated, START + 1_800)]].concat();
    assert_eq!(bundle(delta, &signer).contents().withdrawals, lifted);
}

#[test]
fn contents_that_break_a_rule_are_refused_by_its_name() {
    type Change = fn(&mut Contents);
    let table: [(Change, InvalidContents); 13] = [
        (|it| it.as_of = -1, InvalidContents::Instant),
        (|it| it.not_after = i64::from(u32::MAX) + 1, InvalidContents::Instant),
        (|it| it.keys[0].signs_from = -1, InvalidContents::Instant),
        (|it| it.keys[0].verifies_until = Some(i64::MAX), InvalidContents::Instant),
        (|it| it.withdrawals[0].drop_time = i64::MAX, InvalidContents::Instant),
        (|it| it.version = 1 << 63, InvalidContents::Version),
        (|it| it.since = Some(6), InvalidContents::Since),
        (|it| it.not_after = it.as_of, InvalidContents::NotAfter),
        (|it| it.not_after = it.as_of + 86_401, InvalidContents::NotAfter),
        (|it| it.keys.clear(), InvalidContents::KeyCount),
        (|it| it.keys = vec![it.keys[0].clone(); 65], InvalidContents::KeyCount),
        (|it| it.keys.push(it.keys[0].clone()), InvalidContents::KeyTwice),
        (|it| it.keys[0] = trusted(&key(Algorithm::EdDsa, 8)), InvalidContents::SignerNotListed),
    ];
    let signer = key(Algorithm::EdDsa, 7);
    for (number, (change, expected)) in table.into_iter().enumerate() {
        let mut contents = snapshot(&signer, vec![withdrawal(1, Revoked)]);
        change(&mut contents);
        let refused = Draft::new(contents, &signer.verification_key()).err();
        assert_eq!(refused, Some(expected), "row {number}");
    }
}

#[test]
fn every_changed_bit_is_refused() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let signer = key(algorithm, 7);
        let entries = vec![withdrawal(1, Revoked), withdrawal(2, Suspended { until: START + 60 })];
        let bytes = sign(snapshot(&signer, entries), &signer);
        assert!(is_accepted(&bytes, pinned(&signer)));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_accepted(&changed, pinned(&signer)), "bit {bit}");
        }
    }
}

fn is_accepted(bytes: &[u8], mut verifier: Verifier) -> bool {
    Bundle::decode(bytes).is_ok_and(|bundle| verifier.accept(&bundle, START).is_ok())
}

#[test]
fn a_token_is_no_bundle_and_a_bundle_no_token() {
    let signer = key(Algorithm::EdDsa, 7);
    let text = token(&signer, 1);
    let message = base45::decode(text.strip_prefix(PREFIX).expect("a token has a prefix"));
    let token = message.expect("a token is Base45");
    assert_eq!(Bundle::decode(&token), Err(MalformedBundle::WrongHeaders));
    let draft = Draft::new(snapshot(&signer, Vec::new()), &signer.verification_key());
    let draft = draft.expect("the contents keep the rules");
    // The media type is under the signature, so that none for the one can be used for the other.
    let media_type = b"application/fsp-bundle+cbor";
    assert!(draft.to_be_signed().windows(media_type.len()).any(|bytes| bytes == media_type));
}

fn any_kind() -> impl Strategy<Value = WithdrawalKind> {
    prop_oneof![
        Just(Revoked),
        Just(Superseded),
        Just(Reinstated),
        (0..=i64::from(u32::MAX)).prop_map(|until| Suspended { until }),
    ]
}

fn any_withdrawals() -> impl Strategy<Value = Vec<Withdrawal>> {
    let quarter = (START / 900 + 1)..(START / 900 + 100);
    let entry = (any::<[u8; 16]>(), any_kind(), quarter).prop_map(|(id, kind, quarter)| Withdrawal {
        code_id: CodeId::from_bytes(id),
        kind,
        drop_time: quarter * 900,
    });
    prop::collection::vec(entry, 0..40)
}

proptest! {
    #[test]
    fn whatever_was_drafted_is_read_back(
        mut withdrawals in any_withdrawals(),
        version in 0..=i64::MAX.cast_unsigned(),
        back in any::<u64>(),
        holds in 1..=86_400_i64,
    ) {
        let signer = key(Algorithm::EdDsa, 7);
        withdrawals.sort_by_key(|entry| (entry.kind, entry.drop_time, entry.code_id));
        let contents = Contents {
            version,
            since: Some(version.saturating_sub(back)),
            not_after: START + holds,
            ..snapshot(&signer, withdrawals)
        };
        let read = bundle(contents.clone(), &signer);
        prop_assert_eq!(read.contents(), &contents);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_never_believed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!is_accepted(&bytes, Verifier::new([Thumbprint([0; 32])])));
    }
}

#[test]
fn ids_of_one_group_are_one_string() {
    let signer = key(Algorithm::EdDsa, 7);
    let many =
        |count: u8| (0..count).map(|number| Withdrawal { code_id: code(number), ..withdrawal(0, Revoked) });
    let length = |count| sign(snapshot(&signer, many(count).collect()), &signer).len();
    assert_eq!(length(200) - length(100), 1_600);
}

#[test]
fn a_signer_elsewhere_may_give_the_higher_s() {
    let signer = key(Algorithm::Es256, 7);
    let draft = Draft::new(snapshot(&signer, Vec::new()), &signer.verification_key());
    let draft = draft.expect("the contents keep the rules");
    let lower = signer.sign(draft.to_be_signed());
    let mut higher = lower;
    higher[32..].copy_from_slice(&order_less(&lower[32..]));
    let bytes = draft.finish(higher);
    assert_eq!(&bytes[bytes.len() - 64..], &lower);
    assert!(Bundle::decode(&bytes).is_ok_and(|bundle| bundle.is_signed()));
    let second_spelling = [&bytes[..bytes.len() - 64], &higher].concat();
    assert!(Bundle::decode(&second_spelling).is_ok_and(|bundle| !bundle.is_signed()));
}

/// The order of P-256 (SP 800-186, section 3.2.1.3) less s.
fn order_less(s: &[u8]) -> [u8; 32] {
    let mut rest = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
        \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    let mut borrowed = false;
    for (digit, less) in rest.iter_mut().zip(s).rev() {
        let (first, one) = digit.overflowing_sub(*less);
        let (second, two) = first.overflowing_sub(borrowed.into());
        (*digit, borrowed) = (second, one || two);
    }
    rest
}
