//! Generated messages, clients and servers of the Entry Pass contract.
//!
//! Owns no line of logic: `proto/` is the source, `build.rs` the generator. Conversions to domain types live in each
//! service's `wire.rs`. `Debug` of a message prints what its fields' names promise to be nobody's (`build/debug.rs`), and leaves out the rest.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code is not ours to mend")]

/// The compiled `.proto` files with comments, for reflection and for field masks.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// `entrypass.errors`: the error catalogue.
pub mod errors {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/entrypass.errors.v1.rs"));
    }
}

/// `entrypass.registration`: travellers and their registrations.
pub mod registration {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/entrypass.registration.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/entrypass.registration.v1.debug.rs"));
    }
}

/// `entrypass.identity`: whether somebody is who they declare to be.
pub mod identity {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/entrypass.identity.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/entrypass.identity.v1.debug.rs"));
    }
}

/// `entrypass.qr`: signed codes.
pub mod qr {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/entrypass.qr.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/entrypass.qr.v1.debug.rs"));
    }
}

/// `entrypass.epass`: the electronic pass.
pub mod epass {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/entrypass.epass.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/entrypass.epass.v1.debug.rs"));
    }
}

/// `entrypass.gateway`: the public API.
pub mod gateway {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/entrypass.gateway.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/entrypass.gateway.v1.debug.rs"));
    }
}
