//! Makes messages that are properly signed whatever they look like, out of hexadecimal CBOR.
//!
//! The bytes to be signed come from `coset`, not from the crate under test.

use ed25519_dalek::{Signer as _, SigningKey};

/// The private key of RFC 8032, section 7.1, test 1: known to everybody, so that anybody can check the vectors.
pub(crate) const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
/// The private key of RFC 8032, section 7.1, test 2, which no verifier of these vectors knows.
pub(crate) const OTHER_SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

/// The header of every good vector: `{1: -8, 4: kid}`.
pub(crate) const PROTECTED: &str = "a2 01 27 04 48 866eefbd6718c884";
/// The claims of most good vectors: `{1: "FS", 4: 1767225900, 6: 1767225600, 7: code id and revision 3}`.
pub(crate) const PAYLOAD: &str =
    "a4 01 624653 04 1a6955ba2c 06 1a6955b900 07 52000102030405060708090a0b0c0d0e0f0003";

/// The four parts of a message before it is signed, each as the hexadecimal CBOR that is put into it.
pub(crate) struct Parts {
    pub(crate) tag: &'static str,
    pub(crate) protected: String,
    pub(crate) unprotected: &'static str,
    pub(crate) payload: String,
    pub(crate) seed: &'static str,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            tag: "d2",
            protected: PROTECTED.to_owned(),
            unprotected: "a0",
            payload: PAYLOAD.to_owned(),
            seed: SEED,
        }
    }
}

impl Parts {
    /// The usual parts but for the protected header, in which `from` is replaced.
    pub(crate) fn header(from: &str, to: &str) -> Self {
        Self { protected: replaced(PROTECTED, from, to), ..Self::default() }
    }

    /// The usual parts but for the payload, in which `from` is replaced.
    pub(crate) fn payload(from: &str, to: &str) -> Self {
        Self { payload: replaced(PAYLOAD, from, to), ..Self::default() }
    }

    /// The usual parts but for the payload.
    pub(crate) fn paying(payload: &str) -> Self {
        Self { payload: payload.to_owned(), ..Self::default() }
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        let protected = coset::ProtectedHeader {
            original_data: Some(unhex(&self.protected)),
            header: coset::Header::default(),
        };
        let context = coset::SignatureContext::CoseSign1;
        let signed = coset::sig_structure_data(context, protected, None, b"", &unhex(&self.payload));
        let seed = unhex(self.seed).try_into().expect("a seed has 32 bytes");
        SigningKey::from_bytes(&seed).sign(&signed).to_bytes().to_vec()
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
