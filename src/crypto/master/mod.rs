//! Master keys: the few secrets a deployment must keep (docs/operations.md).
//!
//! One entry a line, `id:base64url(32 random bytes)`, ids 1–255 and never reused; a third field
//! `distrusted` keeps an entry readable after it may have leaked. Everything else is derived from
//! them with HKDF-SHA-256 (RFC 5869), so that no key serves two purposes.

mod file;

use std::path::PathBuf;
use std::{io, iter};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use zeroize::Zeroizing;

pub use file::FILE_NAME;

/// The master keys of this deployment, one of them active.
pub struct MasterKeys {
    active: MasterKey,
    others: Vec<MasterKey>,
}

/// One entry.
pub(super) struct MasterKey {
    id: u8,
    secret: Zeroizing<[u8; 32]>,
    distrusted: bool,
}

/// Why master keys cannot be used. The text is meant for the operator and holds no key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file or its folder cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else on this machine could read the file.
    #[error(
        "{path} is accessible to other users of this machine (mode {mode:04o}); run `chmod 600 {path}`",
        path = path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is somebody else's.
    #[error(
        "{path} belongs to another user of this machine (uid {owner}), who can read and change it; \
         run Signet as that user, or give it to the one that runs it: `chown {user} {path}`",
        path = path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who runs this process.
        user: u32,
    },
    /// Somebody else on this machine could put another file in its place.
    #[error(
        "the folder {path} can be written by other users of this machine (mode {mode:04o}), who could put \
         another key there; run `chmod go-w {path}`",
        path = path.display()
    )]
    Replaceable {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line is not an entry.
    #[error("line {line} {why}; write `id:key` or `id:key:distrusted`")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no entry at all.
    #[error("there is no entry; put the master keys back from your backup")]
    Empty,
    /// `keys.active` names no entry.
    #[error("keys.active is {0}, but no master key has that id; correct it, or add the key")]
    UnknownActive(u8),
    /// `keys.active` names an entry that is marked as distrusted.
    #[error(
        "keys.active is {0}, but that master key is marked as distrusted; add a new one and make \
         it active"
    )]
    DistrustedActive(u8),
}

impl MasterKeys {
    /// Reads entries from text: the content of the file, or of the setting `keys.master`. Blank
    /// lines and lines that begin with `#` do not count.
    pub fn parse(text: &str, active: Option<u8>) -> Result<Self, MasterKeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let failed = |why| MasterKeyError::Syntax { line: number, why };
            let key = MasterKey::parse(line).map_err(failed)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(failed("repeats an id"));
            }
            if keys.iter().any(|known| *known.secret == *key.secret) {
                return Err(failed("repeats a key under another id"));
            }
            keys.push(key);
        }
        let first = keys.first().ok_or(MasterKeyError::Empty)?.id;
        let wanted = active.unwrap_or(first);
        let place = keys.iter().position(|key| key.id == wanted);
        let active = keys.remove(place.ok_or(MasterKeyError::UnknownActive(wanted))?);
        if active.distrusted {
            return Err(MasterKeyError::DistrustedActive(wanted));
        }
        Ok(Self {
            active,
            others: keys,
        })
    }

    /// The id of the entry in use for what is new.
    #[must_use]
    pub fn active(&self) -> u8 {
        self.active.id
    }

    /// All ids, the active one first.
    pub fn ids(&self) -> impl Iterator<Item = u8> + '_ {
        self.keys().map(|key| key.id)
    }

    /// Whether the entry is marked as distrusted; `None` for an unknown id.
    #[must_use]
    pub fn is_distrusted(&self, id: u8) -> Option<bool> {
        self.key(id).map(MasterKey::is_distrusted)
    }

    /// A value that tells whether another process means the same key by this id, and nothing
    /// else about it: 22 characters of base64url, kept in SQL. `None` for an unknown id.
    #[must_use]
    pub fn check_value(&self, id: u8) -> Option<String> {
        let derived = self.key(id)?.derive("signet check value v1");
        Some(URL_SAFE_NO_PAD.encode(&derived[..16]))
    }

    pub(super) fn active_key(&self) -> &MasterKey {
        &self.active
    }

    pub(super) fn key(&self, id: u8) -> Option<&MasterKey> {
        self.keys().find(|key| key.id == id)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        iter::once(&self.active).chain(&self.others)
    }
}

impl MasterKey {
    pub(super) fn id(&self) -> u8 {
        self.id
    }

    pub(super) fn is_distrusted(&self) -> bool {
        self.distrusted
    }

    /// 32 bytes for one purpose: HKDF-SHA-256 (RFC 5869) without salt, `info` as given. One block
    /// of output, so extract and expand are one HMAC each.
    pub(super) fn derive(&self, info: &str) -> Zeroizing<[u8; 32]> {
        let extract = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let pseudorandom = hmac::sign(&extract, self.secret.as_slice());
        let mut expand =
            hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, pseudorandom.as_ref()));
        expand.update(info.as_bytes());
        expand.update(&[1]);
        let mut out = Zeroizing::new([0; 32]);
        out.copy_from_slice(expand.sign().as_ref());
        out
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let mut fields = line.split(':');
        let id = fields.next().unwrap_or_default();
        let plain = !id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit());
        let id = id
            .parse()
            .ok()
            .filter(|_| plain)
            .ok_or("has no id between 1 and 255")?;

        let mut secret = Zeroizing::new([0; 32]);
        let decoded = URL_SAFE_NO_PAD
            .decode(fields.next().unwrap_or_default())
            .map(Zeroizing::new)
            .ok()
            .filter(|bytes| bytes.len() == secret.len())
            .ok_or("has no key of 32 bytes in base64url without padding")?;
        secret.copy_from_slice(&decoded);
        if !looks_random(&secret) {
            return Err("has a key that was not made by chance");
        }

        let distrusted = match (fields.next(), fields.next()) {
            (None, _) => false,
            (Some("distrusted"), None) => true,
            _ => return Err("has an unknown third field"),
        };
        Ok(Self {
            id,
            secret,
            distrusted,
        })
    }
}

/// Whether chance may have made a key. Of those that it made, one in 10^16 is taken for a word or
/// for a filling.
fn looks_random(key: &[u8; 32]) -> bool {
    const LEAST: usize = 16;
    let mut bytes = Zeroizing::new(*key);
    bytes.sort_unstable();
    let distinct = 1 + bytes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    distinct >= LEAST && !key.iter().all(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const OTHER: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn refusal(text: &str, active: Option<u8>) -> String {
        MasterKeys::parse(text, active).err().unwrap().to_string()
    }

    #[test]
    fn reads_entries_comments_and_marks() {
        let text = format!("# kept offline too\n\n7:{KEY}\n3:{OTHER}:distrusted\n");
        let keys = MasterKeys::parse(&text, None).unwrap();
        assert_eq!(keys.active(), 7);
        assert_eq!(keys.ids().collect::<Vec<_>>(), [7, 3]);
        assert_eq!(
            [7, 3, 1].map(|id| keys.is_distrusted(id)),
            [Some(false), Some(true), None]
        );
    }

    #[test]
    fn refuses_what_is_not_an_entry() {
        for id in ["0", "256", "-1", "+1", "01", "", "x"] {
            assert!(
                refusal(&format!("{id}:{KEY}"), None).contains("no id"),
                "{id}"
            );
        }
        for line in [
            format!("1:{KEY}="),
            format!("1:{}", &KEY[1..]),
            "1".into(),
            "1:".into(),
        ] {
            assert!(
                refusal(&line, None).contains("no key of 32 bytes"),
                "{line}"
            );
        }
        assert!(refusal(&format!("1:{KEY}:trusted"), None).contains("third field"));
        assert!(refusal(&format!("1:{KEY}\n1:{OTHER}"), None).starts_with("line 2"));
        assert!(refusal(&format!("1:{KEY}\n2:{KEY}"), None).contains("repeats a key"));
        assert!(refusal("# nothing\n", None).contains("no entry"));
        assert!(refusal(&format!("1:{KEY}"), Some(2)).contains("no master key has"));
        assert!(refusal(&format!("1:{KEY}:distrusted"), None).contains("distrusted"));
    }

    #[test]
    fn derives_by_rfc_5869() {
        // Computed with Python's hmac: extract with an empty salt, one block of expand.
        let keys = MasterKeys::parse(&format!("1:{KEY}"), None).unwrap();
        let derived = keys.active_key().derive("signet refresh key v1");
        assert_eq!(
            URL_SAFE_NO_PAD.encode(*derived),
            "Ebtkd01qLS_CGDHPMyzyWgetQxdWApTmUYgS38GUr1U"
        );
        assert_eq!(keys.check_value(1).unwrap(), "UzHEmZ4lQIG4niPli8waiQ");
        assert!(keys.check_value(2).is_none());
    }
}
