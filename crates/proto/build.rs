//! Compiles `proto/` without a system `protoc`, so that cloning and `cargo run` is all a newcomer does.

use std::{env, error::Error, fs, path::PathBuf};

const ROOT: &str = "../../proto";
const FILES: [&str; 5] = [
    "entrypass/errors/v1/error_reason.proto",
    "entrypass/registration/v1/registration_service.proto",
    "entrypass/qr/v1/qr_service.proto",
    "entrypass/epass/v1/epass_service.proto",
    "entrypass/gateway/v1/entry_pass_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let mut compiler = protox::Compiler::new([ROOT])?;
    // Source info carries the comments, which `grpcurl describe` shows.
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    // A channel is opened in `entrypass-rpc` only; without `connect` every client takes any transport.
    tonic_prost_build::configure().build_transport(false).compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
