//! A folder that lives as long as a demo.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::crypto::random::{self, Rng};

/// A new folder among the temporary files, for its owner only; removed with all it holds.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn create(rng: &dyn Rng) -> io::Result<Self> {
        let name = format!(
            "signet-demo-{:016x}",
            u64::from_be_bytes(random::bytes(rng))
        );
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whatever cannot be removed is the system's to clean: it lies among temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::crypto::random::SystemRng;

    #[test]
    fn is_private_and_goes_away() {
        let scratch = Scratch::create(&SystemRng).unwrap();
        let path = scratch.path().to_owned();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        fs::write(path.join("file"), "x").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }
}
