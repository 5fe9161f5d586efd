//! Makes messages that are properly signed whatever they look like, out of hexadecimal CBOR.
//!
//! The bytes to be signed come from `coset`, not from the crate under test.

use ed25519_dalek::Signer as _;

/// The private key of RFC 8032, section 7.1, test 1: known to everybody, so that anybody can check the vectors.
pub(crate) const ED25519: Signer =
    Signer::Ed25519("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
/// The private key of RFC 8032, section 7.1, test 2, which no verifier of these vectors knows.
pub(crate) const OTHER_ED25519: Signer =
    Signer::Ed25519("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
/// The private key of RFC 6979, appendix A.2.5.
pub(crate) const P256: Signer =
    Signer::P256("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
/// The private key of RFC 7515, appendix A.3.1, which no verifier of these vectors knows.
pub(crate) const OTHER_P256: Signer =
    Signer::P256("8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2");

/// The header of a good vector with `EdDSA`: `{1: -8, 4: kid}`.
pub(crate) const PROTECTED: &str = "a2 01 27 04 48 866eefbd6718c884";
/// The header of a good vector with ES256: `{1: -7, 4: kid}`.
pub(crate) const PROTECTED_ES256: &str = "a2 01 26 04 48 750ca40795ab23e5";
/// The claims of most good vectors: `{1: "FS", 4: 1767225900, 6: 1767225600, 7: code id and revision 3}`.
pub(crate) const PAYLOAD: &str =
    "a4 01 624653 04 1a6955ba2c 06 1a6955b900 07 52000102030405060708090a0b0c0d0e0f0003";

/// A private key in hexadecimal, and what it signs with.
#[derive(Clone, Copy)]
pub(crate) enum Signer {
    Ed25519(&'static str),
    P256(&'static str),
}

impl Signer {
    pub(crate) fn sign(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(seed) => {
                let seed = unhex(seed).try_into().expect("a seed has 32 bytes");
                ed25519_dalek::SigningKey::from_bytes(&seed).sign(message).to_bytes().to_vec()
            }
            Self::P256(scalar) => {
                let key =
                    p256::ecdsa::SigningKey::from_slice(&unhex(scalar)).expect("the literal is a scalar");
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.normalize_s().to_bytes().to_vec()
            }
        }
    }
}

/// The four parts of a message before it is signed, each as the hexadecimal CBOR that is put into it.
pub(crate) struct Parts {
    pub(crate) tag: &'static str,
    pub(crate) protected: String,
    pub(crate) unprotected: &'static str,
    pub(crate) payload: String,
    pub(crate) signer: Signer,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            tag: "d2",
            protected: PROTECTED.to_owned(),
            unprotected: "a0",
            payload: PAYLOAD.to_owned(),
            signer: ED25519,
        }
    }
}

impl Parts {
    /// The usual parts with ES256.
    pub(crate) fn es256() -> Self {
        Self { protected: PROTECTED_ES256.to_owned(), signer: P256, ..Self::default() }
    }

    /// The usual parts but for the protected header, in which `from` is replaced.
    pub(crate) fn header(from: &str, to: &str) -> Self {
        Self { protected: replaced(PROTECTED, from, to), ..Self::default() }
    }

    /// The usual parts but for the payload, in which `from` is replaced.
    pub(crate) fn payload(from: &str, to: &str) -> Self {
        Self::default().with_payload(from, to)
    }

    /// These parts but for the payload, in which `from` is replaced.
    pub(crate) fn with_payload(self, from: &str, to: &str) -> Self {
        Self { payload: replaced(&self.payload, from, to), ..self }
    }

    /// The usual parts but for the payload.
    pub(crate) fn paying(payload: &str) -> Self {
        Self { payload: payload.to_owned(), ..Self::default() }
    }

    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        let protected = coset::ProtectedHeader {
            original_data: Some(unhex(&self.protected)),
            header: coset::Header::default(),
        };
        let context = coset::SignatureContext::CoseSign1;
        coset::sig_structure_data(context, protected, None, b"", &unhex(&self.payload))
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        self.signer.sign(&self.to_be_signed())
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        self.message_with(&self.payload_item(), &self.signature())
    }

    /// The message with an empty signature.
    pub(crate) fn unsigned(&self) -> Vec<u8> {
        self.message_with(&self.payload_item(), b"")
    }

    pub(crate) fn payload_item(&self) -> Vec<u8> {
        bstr(&unhex(&self.payload))
    }

    /// A message whose payload is another CBOR item, or whose signature is another one.
    pub(crate) fn message_with(&self, payload: &[u8], signature: &[u8]) -> Vec<u8> {
        [
            &unhex(self.tag),
            b"\x84".as_slice(),
            &bstr(&unhex(&self.protected)),
            &unhex(self.unprotected),
            payload,
            &bstr(signature),
        ]
        .concat()
    }

    pub(crate) fn text(&self) -> String {
        text(&self.message())
    }

    /// The text with another signature.
    pub(crate) fn text_with(&self, signature: &[u8]) -> String {
        text(&self.message_with(&self.payload_item(), signature))
    }
}

pub(crate) fn text(message: &[u8]) -> String {
    format!("FSP1:{}", base45::encode(message))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("the literal is hexadecimal")).collect()
}

pub(crate) fn altered(bytes: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, byte) in changes {
        bytes[*at] = *byte;
    }
    bytes
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} stands once in {text:?}");
    text.replace(from, to)
}

fn bstr(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("the literals are short");
    let head = if length < 24 { vec![0x40 | length] } else { vec![0x58, length] };
    [head, content.to_vec()].concat()
}
