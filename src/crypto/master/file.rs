//! The key file: made once, durably and for nobody else's eyes; read only if it still is.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{MasterKey, MasterKeyError, MasterKeys};
use crate::crypto::random::{self, Rng};

/// The name of the key file inside the keys folder.
pub const FILE_NAME: &str = "master.key";
/// The permission bits by which others may do anything at all.
const BY_OTHERS: u32 = 0o077;
/// Those by which others may write.
const WRITE_BY_OTHERS: u32 = 0o022;
/// In a folder that everybody writes to on purpose, each may remove only what is theirs.
const STICKY: u32 = 0o1000;

impl MasterKeys {
    /// Reads `dir/master.key`; `None` where there is no such file. `active` is the entry to use
    /// for what is new, by default the first.
    pub fn load(dir: &Path, active: Option<u8>) -> Result<Option<Self>, MasterKeyError> {
        let path = dir.join(FILE_NAME);
        let failed = |source| MasterKeyError::Io {
            path: path.clone(),
            source,
        };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(source)),
        };
        // The open file is asked, not the path: nobody can swap it in between.
        let about = file.metadata().map_err(failed)?;
        let (mode, owner) = (mode(&about), about.uid());
        if mode & BY_OTHERS != 0 {
            return Err(MasterKeyError::Exposed { path, mode });
        }
        let user = rustix::process::geteuid().as_raw();
        if !is_trusted(owner, user) {
            return Err(MasterKeyError::Foreign { path, owner, user });
        }
        refuse_replaceable(dir, &fs::metadata(dir).map_err(failed)?)?;
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text, active).map(Some)
    }

    /// Makes the first master key and writes it to `dir/master.key` (mode 0600), durably. The
    /// folder has mode 0700 if it is made here; else others lose the right to write to it. Never
    /// overwrites: a file already there is an error.
    pub fn create(dir: &Path, rng: &dyn Rng) -> Result<Self, MasterKeyError> {
        make_folder(dir)?;
        let secret = Zeroizing::new(random::bytes::<32>(rng));
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*secret));
        let line = Zeroizing::new(format!("1:{}\n", *encoded));
        let path = dir.join(FILE_NAME);
        write_new(dir, &path, line.as_bytes())
            .map_err(|source| MasterKeyError::Io { path, source })?;
        let active = MasterKey {
            id: 1,
            secret,
            distrusted: false,
        };
        Ok(Self {
            active,
            others: vec![],
        })
    }
}

/// Root can do anything anyway.
fn is_trusted(owner: u32, user: u32) -> bool {
    owner == 0 || owner == user
}

fn refuse_replaceable(dir: &Path, about: &Metadata) -> Result<(), MasterKeyError> {
    let (path, mode) = (dir.to_owned(), mode(about));
    match mode & WRITE_BY_OTHERS {
        0 => Ok(()),
        _ => Err(MasterKeyError::Replaceable { path, mode }),
    }
}

/// Makes the folder, or takes it as it comes out of a checkout: writable by a group on many
/// machines.
fn make_folder(dir: &Path) -> Result<(), MasterKeyError> {
    let failed = |source| MasterKeyError::Io {
        path: dir.to_owned(),
        source,
    };
    let mut folder = DirBuilder::new();
    folder
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(failed)?;
    let about = fs::metadata(dir).map_err(failed)?;
    if mode(&about) & WRITE_BY_OTHERS != 0 && mode(&about) & STICKY == 0 {
        let private = PermissionsExt::from_mode(mode(&about) & !WRITE_BY_OTHERS);
        // Where it is not ours to change, it is refused.
        let _ = fs::set_permissions(dir, private);
    }
    refuse_replaceable(dir, &fs::metadata(dir).map_err(failed)?)
}

fn mode(about: &Metadata) -> u32 {
    about.permissions().mode() & 0o7777
}

fn write_new(dir: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    // The name is durable only when the folder is.
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;

    #[test]
    fn creates_once_privately_and_loads_again() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("keys");
        assert!(MasterKeys::load(&dir, None).unwrap().is_none());
        let made = MasterKeys::create(&dir, &SeededRng::new(1)).unwrap();
        let bits = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((bits(&dir), bits(&dir.join(FILE_NAME))), (0o700, 0o600));

        let loaded = MasterKeys::load(&dir, None).unwrap().unwrap();
        assert_eq!(loaded.check_value(1), made.check_value(1));
        assert!(MasterKeys::create(&dir, &SeededRng::new(2)).is_err());
        let still = MasterKeys::load(&dir, None).unwrap().unwrap();
        assert_eq!(still.check_value(1), made.check_value(1));
    }

    #[test]
    fn refuses_a_folder_that_others_can_write_to() {
        let dir = tempfile::tempdir().unwrap();
        let set = |mode| fs::set_permissions(dir.path(), PermissionsExt::from_mode(mode)).unwrap();
        let refusal = |keys: Option<MasterKeyError>| keys.unwrap().to_string();
        set(0o1777);
        let text = refusal(MasterKeys::create(dir.path(), &SeededRng::new(1)).err());
        assert!(text.contains("mode 1777"), "{text}");
        set(0o775);
        MasterKeys::create(dir.path(), &SeededRng::new(1)).unwrap();
        assert_eq!(mode(&fs::metadata(dir.path()).unwrap()), 0o755);
        assert!(MasterKeys::load(dir.path(), None).unwrap().is_some());
        for mode in [0o720, 0o702, 0o777] {
            set(mode);
            let text = refusal(MasterKeys::load(dir.path(), None).err());
            let command = format!("`chmod go-w {}`", dir.path().display());
            assert!(text.ends_with(&command), "{text}");
        }
    }

    #[test]
    fn trusts_files_of_its_user_and_of_root() {
        assert!(is_trusted(1000, 1000) && is_trusted(0, 1000));
        assert!(!is_trusted(1001, 1000) && !is_trusted(1000, 0));
        let refusal = MasterKeyError::Foreign {
            path: "keys/master.key".into(),
            owner: 1001,
            user: 1000,
        };
        assert!(
            refusal
                .to_string()
                .ends_with("`chown 1000 keys/master.key`")
        );
    }

    #[test]
    fn refuses_a_file_that_others_can_read() {
        let dir = tempfile::tempdir().unwrap();
        MasterKeys::create(dir.path(), &SeededRng::new(1)).unwrap();
        let path = dir.path().join(FILE_NAME);
        for mode in [0o640, 0o604, 0o602] {
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let text = MasterKeys::load(dir.path(), None)
                .err()
                .unwrap()
                .to_string();
            assert!(text.contains(&format!("{mode:04o}")), "{text}");
            assert!(
                text.ends_with(&format!("`chmod 600 {}`", path.display())),
                "{text}"
            );
        }
    }
}
