//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is not a caller's: sockets of callers who are still proving who they are, databases, neighbours, files.
const OTHERS: u64 = 1256;

/// Takes as many as the system gives, since it gives 1024 unless asked; how many of `wanted` connections there is room for.
pub(crate) fn room_for(wanted: u32) -> u32 {
    let mut limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit = raised;
    }
    // Absent is no limit.
    let files = limit.current.unwrap_or(u64::MAX);
    let room = files.saturating_sub(OTHERS).max(files / 2);
    let connections = u32::try_from(room).unwrap_or(u32::MAX).min(wanted);
    if connections < wanted {
        tracing::warn!(
            "there is room for {connections} connections only: {files} files may be open (ulimit -n)"
        );
    }
    connections
}
