//! Publishing the keys that verify.

use entrypass_proto::qr::v1 as pb;

use super::Codes;
use crate::wire;

impl Codes {
    pub(super) fn verification_keys(&self) -> pb::ListVerificationKeysResponse {
        wire::verification_keys(&self.keys.listed(self.clock.now()))
    }
}
