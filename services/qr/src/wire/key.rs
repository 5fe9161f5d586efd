//! Published keys.

use entrypass_proto::qr::v1::{self as pb, verification_key::State};
use entrypass_rpc::timestamp;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::keys::{KeyState, Listed};

pub(crate) fn verification_keys(listed: &[Listed]) -> pb::ListVerificationKeysResponse {
    let keys: Vec<_> = listed.iter().map(verification_key).collect();
    let good = keys.iter().filter(|key| key.state() != State::Revoked).map(|key| key.jwk.as_str());
    let jwk_set = format!(r#"{{"keys":[{}]}}"#, good.collect::<Vec<_>>().join(","));
    let mut answer = pb::ListVerificationKeysResponse { keys, etag: String::new(), jwk_set };
    answer.etag = etag(&answer);
    answer
}

/// A digest of the list: whatever is different in it makes another.
fn etag(list: &pb::ListVerificationKeysResponse) -> String {
    let digest: [u8; 32] = Sha256::digest(list.encode_to_vec()).into();
    let front = digest.first_chunk().copied().map(u128::from_be_bytes).unwrap_or_default();
    format!("{front:032x}")
}

fn verification_key(listed: &Listed) -> pb::VerificationKey {
    let Listed { key, state, activate_time, retire_time, verify_until_time, revoke_time } = listed;
    pb::VerificationKey {
        key_id: key.key_id().to_string(),
        algorithm: key.algorithm().name().to_owned(),
        public_key: key.public_key_bytes(),
        cose_key: key.to_cose_key(),
        thumbprint: key.thumbprint().to_vec(),
        jwk: key.to_jwk(),
        state: state_of(*state).into(),
        activate_time: Some(timestamp(*activate_time)),
        retire_time: retire_time.map(timestamp),
        verify_until_time: verify_until_time.map(timestamp),
        revoke_time: revoke_time.map(timestamp),
    }
}

fn state_of(state: KeyState) -> State {
    match state {
        KeyState::Pending => State::Pending,
        KeyState::Active => State::Active,
        // One that has expired is not listed.
        KeyState::Retired | KeyState::Expired => State::Retired,
        KeyState::Revoked => State::Revoked,
    }
}
