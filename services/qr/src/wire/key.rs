//! Published keys.

use entrypass_proto::qr::v1 as pb;
use entrypass_token::VerificationKey;

pub(crate) fn verification_key(key: &VerificationKey) -> pb::VerificationKey {
    pb::VerificationKey {
        key_id: key.key_id().to_string(),
        algorithm: key.algorithm().name().to_owned(),
        public_key: key.public_key_bytes(),
        cose_key: key.to_cose_key(),
    }
}
