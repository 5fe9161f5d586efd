//! Makes messages that are properly signed whatever they look like.

use coset::{Header, ProtectedHeader, SignatureContext, TaggedCborSerializable as _, sig_structure_data};
use entrypass_token::SigningKey;
use entrypass_verifier::WithdrawalKind::{Revoked, Suspended};

use super::scenes::first;
use crate::world::{START, sign, snapshot, withdrawal};

/// The parts of a message, each as the bytes that are put into it.
pub(super) struct Parts {
    pub(super) tag: &'static [u8],
    pub(super) protected: Vec<u8>,
    pub(super) unprotected: &'static [u8],
    pub(super) payload: Vec<u8>,
    pub(super) signer: SigningKey,
}

impl Default for Parts {
    /// A good bundle: code 1 revoked, code 2 suspended.
    fn default() -> Self {
        let entries = vec![withdrawal(1, Revoked), withdrawal(2, Suspended { until: START + 60 })];
        let good = coset::CoseSign1::from_tagged_slice(&sign(snapshot(&first(), entries), &first()));
        let good = good.expect("a bundle is a COSE_Sign1");
        Self {
            tag: b"\xd2\x84",
            protected: good.protected.original_data.expect("it was read"),
            unprotected: b"\xa0",
            payload: good.payload.expect("a bundle has contents"),
            signer: first(),
        }
    }
}

impl Parts {
    /// The good one but for the protected header, in which `from` is replaced.
    pub(super) fn header(from: &[u8], to: &[u8]) -> Vec<u8> {
        let good = Self::default();
        Self { protected: replaced(&good.protected, from, to), ..good }.message()
    }

    /// The good one but for the contents, in which each first is replaced by its second.
    pub(super) fn contents(changes: &[(&[u8], &[u8])]) -> Vec<u8> {
        let good = Self::default();
        let payload =
            changes.iter().fold(good.payload.clone(), |payload, (from, to)| replaced(&payload, from, to));
        Self { payload, ..good }.message()
    }

    pub(super) fn message(&self) -> Vec<u8> {
        self.message_with(&string(&self.payload), &self.signature())
    }

    /// A message with these as its last two items, the signature as a string.
    pub(super) fn message_with(&self, payload: &[u8], signature: &[u8]) -> Vec<u8> {
        [self.tag, &string(&self.protected), self.unprotected, payload, &string(signature)].concat()
    }

    /// The bytes to be signed come from `coset`, not from the crate under test.
    pub(super) fn signature(&self) -> [u8; 64] {
        let protected =
            ProtectedHeader { original_data: Some(self.protected.clone()), header: Header::default() };
        self.signer.sign(&sig_structure_data(
            SignatureContext::CoseSign1,
            protected,
            None,
            b"",
            &self.payload,
        ))
    }
}

/// The bytes as a CBOR byte string with its shortest head.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("short");
    let [high, low] = length.to_be_bytes();
    let head = match length {
        0..24 => vec![0x40 | low],
        24..256 => vec![0x58, low],
        _ => vec![0x59, high, low],
    };
    [head.as_slice(), bytes].concat()
}

/// `from` must be there, once.
pub(super) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from));
    let place = places.next().expect("what is to be replaced is there");
    assert_eq!(places.next(), None, "what is to be replaced is there once");
    [&bytes[..place], to, &bytes[place + from.len()..]].concat()
}
