//! Every RPC of all services, by the contract itself: a new one is attacked from its first day on.

use entrypass::role::Role;
use entrypass_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, MessageDescriptor};

/// One RPC.
#[derive(Clone)]
pub struct Method {
    pub role: Role,
    /// `/package.Service/Method`.
    pub path: String,
    pub request: MessageDescriptor,
}

/// All of them.
pub fn all() -> Vec<Method> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the contract");
    let of_service = |role: Role| {
        let service = pool.get_service_by_name(role.service_name()).expect("a service of the contract");
        let methods: Vec<_> = service.methods().collect();
        methods.into_iter().map(move |method| Method {
            role,
            path: format!("/{}/{}", method.parent_service().full_name(), method.name()),
            request: method.input(),
        })
    };
    Role::ALL.into_iter().flat_map(of_service).collect()
}
