//! The folder of databases and signing key: private, and one process's at a time.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The data folder, locked as long as this lives. Two processes on one folder would make two signing keys, and migrate twice.
#[derive(Debug)]
pub struct DataDir {
    _lock: File,
}

/// Why the data folder cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// It or its lock cannot be made.
    #[error("cannot use the folder {path}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the folder {path} is used by another process")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

impl DataDir {
    /// Makes the folder when it is missing, with rights for its owner alone, and locks it.
    ///
    /// # Errors
    /// When it cannot be made, or another process has it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let io = |source| DataDirError::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).mode(0o600);
        let lock = lock.open(path.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{DataDir, DataDirError};

    #[test]
    fn a_folder_is_private_and_belongs_to_one_process_at_a_time() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("new").join("data");
        let first = DataDir::open(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("a folder").permissions().mode() & 0o777, 0o700);
        assert!(matches!(DataDir::open(&path), Err(DataDirError::InUse { .. })));
        drop(first);
        DataDir::open(&path).expect("free again");
    }

    #[test]
    fn a_file_in_its_place_is_an_error() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("data");
        fs::write(&path, "not a folder").expect("written");
        assert!(matches!(DataDir::open(&path), Err(DataDirError::Io { .. })));
    }
}
