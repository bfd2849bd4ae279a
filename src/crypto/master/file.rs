//! The key file: made once, durably and for nobody else's eyes; read only if it still is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{MasterKey, MasterKeyError, MasterKeys};
use crate::crypto::random::{self, Rng};

/// The name of the key file inside the keys folder.
pub const FILE_NAME: &str = "master.key";

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
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Exposed { path, mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text, active).map(Some)
    }

    /// Makes the first master key and writes it to `dir/master.key` (mode 0600, the folder 0700
    /// where it had to be made), durably. Never overwrites: a file already there is an error.
    pub fn create(dir: &Path, rng: &dyn Rng) -> Result<Self, MasterKeyError> {
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

fn write_new(dir: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
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
    fn refuses_a_file_that_others_can_read() {
        let dir = tempfile::tempdir().unwrap();
        MasterKeys::create(dir.path(), &SeededRng::new(1)).unwrap();
        let path = dir.path().join(FILE_NAME);
        for mode in [0o640, 0o604, 0o602] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
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
