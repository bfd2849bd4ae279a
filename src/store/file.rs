//! The file of a `SQLite` database before anybody connects to it: whether it is there, could be
//! one, and is served from already.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::fs::{Access, access};

use super::{error::StoreError, opening::OpenError};

/// What every `SQLite` file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Whether there is a database at `path`. An empty file is none yet.
pub(super) fn exists(path: &Path) -> Result<bool, OpenError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(refused(path, &cause)),
    };
    let about = file.metadata().map_err(|cause| refused(path, &cause))?;
    if about.is_dir() {
        return Err(unusable(path, "is a folder, not a database"));
    }
    let mut magic = Vec::new();
    let read = file.by_ref().take(16).read_to_end(&mut magic);
    read.map_err(|cause| refused(path, &cause))?;
    if magic.is_empty() {
        return Ok(false);
    }
    if magic != MAGIC {
        return Err(unusable(path, "is not an SQLite database"));
    }
    access(path, Access::WRITE_OK).map_err(|cause| refused(path, &cause.into()))?;
    Ok(true)
}

/// Whether a database could be made at `path`: the nearest folder that is there takes files.
pub(super) fn could_be_made(path: &Path) -> Result<(), OpenError> {
    let there = folder(path)
        .ancestors()
        .map(|one| {
            if one == Path::new("") {
                Path::new(".")
            } else {
                one
            }
        })
        .find(|one| one.exists())
        .unwrap_or(Path::new("/"));
    if !there.is_dir() {
        let why = format!("cannot be made: {} is not a folder", there.display());
        return Err(unusable(path, why));
    }
    access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(|cause| refused(path, &cause.into()))
}

/// Makes the file, readable by its owner alone, and its folder, where they are missing.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    if exists(path)? {
        return Ok(());
    }
    could_be_made(path)?;
    let made = fs::create_dir_all(folder(path)).and_then(|()| private().open(path));
    made.map(drop).map_err(|cause| refused(path, &cause))
}

/// Who else can use the database at `path`, as a warning. What an operator has set is left as it is.
pub(super) fn exposure(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.mode() & 0o7777;
    (mode & 0o007 != 0).then(|| {
        format!(
            "{path} can be used by every user of this machine (mode {mode:04o}), and holds names \
             and password hashes: run `chmod o= {path}`",
            path = path.display()
        )
    })
}

/// Which file a path led to.
pub(super) struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Identity {
    /// That of the file at `path`.
    pub(super) fn of(path: &Path) -> Result<Self, OpenError> {
        let about = fs::metadata(path).map_err(|cause| refused(path, &cause))?;
        Ok(Self {
            path: path.to_owned(),
            device: about.dev(),
            inode: about.ino(),
        })
    }

    /// Refuses when the path leads elsewhere by now: what is written to the open file is then lost
    /// with the process.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        match tokio::fs::metadata(&self.path).await {
            Ok(about) if (about.dev(), about.ino()) == (self.device, self.inode) => Ok(()),
            _ => Err(StoreError::Unavailable(format!(
                "{} is no longer the file that was opened: it was deleted, moved or replaced",
                self.path.display()
            ))),
        }
    }
}

/// Whether the database at `path` has a write-ahead log: somebody uses it, or was killed.
pub(super) fn has_log(path: &Path) -> bool {
    beside(path, "-wal").exists()
}

/// Says that somebody serves from a file, for as long as it is held; a process that is killed lets
/// go of it too.
pub(super) struct ServeLock(Mutex<Option<File>>);

impl ServeLock {
    /// Held by nobody.
    pub(super) const fn none() -> Self {
        Self(Mutex::new(None))
    }

    /// Takes the lock of the database at `path`: a file beside it, which stays.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let beside = beside(path, ".lock");
        let file = private().open(&beside);
        let file = file.map_err(|cause| refused(&beside, &cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Mutex::new(Some(file)))),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(refused(&beside, &cause)),
        }
    }

    /// Lets go of it.
    pub(super) fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options
}

/// A refusal by the system: a matter of the path, or of the moment.
fn refused(path: &Path, cause: &io::Error) -> OpenError {
    let why = match cause.kind() {
        ErrorKind::PermissionDenied => "may not be used by this user: look at the permissions",
        ErrorKind::ReadOnlyFilesystem => "lies on a file system that is read-only",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "cannot be a file: a part of its path is not a folder"
        }
        ErrorKind::InvalidFilename | ErrorKind::IsADirectory => "cannot be the name of a file",
        _ => return StoreError::Unavailable(format!("{}: {cause}", path.display())).into(),
    };
    unusable(path, why)
}

fn unusable(path: &Path, why: impl Into<String>) -> OpenError {
    OpenError::Unusable {
        path: path.to_owned(),
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_no_database_is_told_apart_from_what_is_missing() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("notes"), "a letter, which is not a database").unwrap();
        fs::write(at("empty"), "").unwrap();
        assert_eq!(exists(&at("missing")), Ok(false));
        assert_eq!(exists(&at("no/such/folder")), Ok(false));
        assert_eq!(exists(&at("empty")), Ok(false));
        for (name, why) in [
            ("", "is a folder"),
            ("notes", "is not an SQLite"),
            ("notes/db", "path"),
        ] {
            let error = exists(&at(name)).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        assert!(create(&at("notes/db")).is_err());
        assert_eq!(could_be_made(&at("no/such/folder/db")), Ok(()));
        assert!(!at("no").exists());
        assert_eq!(create(&at("a/folder/db")), Ok(()));
        assert!(at("a/folder/db").is_file());
    }

    #[test]
    fn what_everybody_can_use_is_told() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("db");
        create(&path).unwrap();
        assert_eq!(exposure(&path), None);
        for (mode, told) in [(0o640, false), (0o644, true), (0o602, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let warning = exposure(&path).unwrap_or_default();
            assert_eq!(
                warning.contains(&format!("mode {mode:04o}")),
                told,
                "{warning}"
            );
        }
    }

    #[test]
    fn one_serves_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("db");
        let first = ServeLock::take(&path).unwrap();
        assert_eq!(
            ServeLock::take(&path).err(),
            Some(OpenError::Served(path.clone()))
        );
        first.release();
        let second = ServeLock::take(&path).unwrap();
        drop(second);
        assert!(ServeLock::take(&path).is_ok());
    }
}
