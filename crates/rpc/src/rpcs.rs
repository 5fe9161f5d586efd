//! Which RPCs there are, by the compiled contract.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use entrypass_proto::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::FileDescriptorSet;

/// Each RPC by its full name, and whether it is answered by a stream.
static RPCS: LazyLock<BTreeMap<String, bool>> = LazyLock::new(|| {
    // Were it not readable, which is a fault of the build that a test would find, there would be no RPC, and each rule an error at start.
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
    let mut rpcs = BTreeMap::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let name = format!("{}.{}/{}", file.package(), service.name(), method.name());
                rpcs.insert(name, method.server_streaming());
            }
        }
    }
    rpcs
});

/// Those that every listener has beside the contract (`operations.rs`).
const OPERATIONAL: [&str; 4] = [
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The full names of all RPCs of all our services: "entrypass.qr.v1.QrService/VerifyQrCode".
#[must_use]
pub fn rpc_names() -> BTreeSet<String> {
    RPCS.keys().cloned().collect()
}

/// Whether `rpc` is answered by a stream. `None` when it is none of ours.
pub(crate) fn streams(rpc: &str) -> Option<bool> {
    RPCS.get(rpc).copied()
}

/// Whether there is such an RPC, ours or one of the operators' side. Anything else is what a stranger has written.
pub(crate) fn exists(rpc: &str) -> bool {
    RPCS.contains_key(rpc) || OPERATIONAL.contains(&rpc)
}

#[cfg(test)]
mod tests {
    use super::{rpc_names, streams};

    #[test]
    fn the_contract_is_readable_and_says_what_streams() {
        assert!(rpc_names().len() > 40, "{:?}", rpc_names());
        assert_eq!(streams("entrypass.qr.v1.QrService/VerifyQrCode"), Some(false));
        assert_eq!(streams("entrypass.gateway.v1.EntryPassService/WatchRegistrations"), Some(true));
        assert_eq!(streams("grpc.health.v1.Health/Watch"), None);
    }
}
