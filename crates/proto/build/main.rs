//! Compiles `proto/` without a system `protoc`, so that cloning and `cargo run` is all a newcomer does.

mod debug;

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;
use prost_types::FileDescriptorSet;

const ROOT: &str = "../../proto";
const FILES: [&str; 6] = [
    "entrypass/errors/v1/error_reason.proto",
    "entrypass/registration/v1/registration_service.proto",
    "entrypass/identity/v1/identity_service.proto",
    "entrypass/qr/v1/qr_service.proto",
    "entrypass/epass/v1/epass_service.proto",
    "entrypass/gateway/v1/entry_pass_service.proto",
];
/// Those with messages.
const PACKAGES: [&str; 5] = [
    "entrypass.registration.v1",
    "entrypass.identity.v1",
    "entrypass.qr.v1",
    "entrypass.epass.v1",
    "entrypass.gateway.v1",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let mut compiler = protox::Compiler::new([ROOT])?;
    // Source info carries the comments, which `grpcurl describe` shows.
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let files = compiler.file_descriptor_set();
    fs::write(out.join("descriptors.bin"), with_comments_alone(files.clone()).encode_to_vec())?;
    // A channel is opened in `entrypass-rpc` only; without `connect` every client takes any transport.
    for package in PACKAGES {
        fs::write(out.join(format!("{package}.debug.rs")), debug::implementations(&files, package)?)?;
    }
    tonic_prost_build::configure()
        .build_transport(false)
        .skip_debug(PACKAGES.map(|package| format!(".{package}")))
        .compile_fds(files)?;
    Ok(())
}

/// Without the places in the source of what has no comment, which are most of them: reflection keeps all of it in memory, twice, and they are of use to editors only.
fn with_comments_alone(mut files: FileDescriptorSet) -> FileDescriptorSet {
    for file in &mut files.file {
        if let Some(info) = &mut file.source_code_info {
            info.location.retain(|place| {
                place.leading_comments.is_some()
                    || place.trailing_comments.is_some()
                    || !place.leading_detached_comments.is_empty()
            });
        }
    }
    files
}
