//! The master keys of this deployment: from the setting, from the folder, or made at the first
//! start; held against what the database remembers of them.

use std::path::PathBuf;

use crate::{
    config::KeySettings,
    crypto::{
        master::{FILE_NAME, MasterKeyError, MasterKeys},
        random::Rng,
    },
    store::{
        database::Database,
        error::StoreError,
        key_checks::{KeyChecks, MASTER_KEY},
        opening::Purpose,
    },
};

/// Why the master keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeysError {
    /// The setting `keys.master` or `keys.active` is wrong.
    #[error("{}", placed("keys.master", .0))]
    Setting(MasterKeyError),
    /// The file is wrong, or `keys.active` is.
    #[error("{}", placed(&.path.display().to_string(), .source))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MasterKeyError,
    },
    /// The file is gone that the database was used with.
    #[error(
        "the folder {} holds no {FILE_NAME}, but the database was used with one: put it back from \
         your backup, or start with an empty database", .0.display()
    )]
    Lost(PathBuf),
    /// There is no file yet, and it is not for this command to make it.
    #[error(
        "the folder {} holds no {FILE_NAME} yet: `signet serve` makes it, or name another folder \
         with SIGNET_KEYS__DIR", .0.display()
    )]
    NotYet(PathBuf),
    /// A key goes by the id of another.
    #[error(
        "master key {0} is not the one that this database was used with: put the right {FILE_NAME} \
         back, or give a new key an id that was never used"
    )]
    Foreign(u8),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong, and where, unless the words say it.
fn placed(place: &str, error: &MasterKeyError) -> String {
    match error {
        MasterKeyError::Syntax { .. } | MasterKeyError::Empty => format!("{place}: {error}"),
        MasterKeyError::Io { .. }
        | MasterKeyError::Exposed { .. }
        | MasterKeyError::Foreign { .. }
        | MasterKeyError::Replaceable { .. }
        | MasterKeyError::UnknownActive(_)
        | MasterKeyError::DistrustedActive(_) => error.to_string(),
    }
}

/// What the database remembers of master keys.
pub(super) type Remembered = Vec<(u8, String)>;

/// What `database` remembers.
pub(super) async fn remembered(database: &Database) -> Result<Remembered, StoreError> {
    KeyChecks::new(database.clone()).of(MASTER_KEY).await
}

/// Reads the keys, from the setting or the folder. None where there are none yet.
pub(super) fn read(
    settings: &KeySettings,
    remembered: &Remembered,
) -> Result<Option<MasterKeys>, MasterKeysError> {
    let keys = match &settings.master {
        Some(entries) => MasterKeys::parse(entries.expose(), settings.active)
            .map(Some)
            .map_err(MasterKeysError::Setting)?,
        None => MasterKeys::load(&settings.dir, settings.active).map_err(|source| {
            let path = settings.dir.join(FILE_NAME);
            MasterKeysError::File { path, source }
        })?,
    };
    let Some(keys) = keys else {
        if remembered.is_empty() {
            return Ok(None);
        }
        return Err(MasterKeysError::Lost(settings.dir.clone()));
    };
    for (id, value) in remembered {
        if keys.check_value(*id).is_some_and(|own| own != *value) {
            return Err(MasterKeysError::Foreign(*id));
        }
    }
    Ok(Some(keys))
}

/// Opens the keys, making the first ones where the purpose allows.
pub(super) async fn open(
    purpose: Purpose,
    settings: &KeySettings,
    database: &Database,
    rng: &dyn Rng,
) -> Result<MasterKeys, MasterKeysError> {
    if purpose.makes() {
        find_or_make(settings, database, rng).await
    } else {
        find(settings, database).await
    }
}

/// Opens the keys of a process that only uses what is there.
async fn find(settings: &KeySettings, database: &Database) -> Result<MasterKeys, MasterKeysError> {
    read(settings, &remembered(database).await?)?
        .ok_or_else(|| MasterKeysError::NotYet(settings.dir.clone()))
}

/// Opens the keys, and has the database remember them. A new one is made only beside a database
/// that has never seen any: beside another it would open nothing and silently end every session.
async fn find_or_make(
    settings: &KeySettings,
    database: &Database,
    rng: &dyn Rng,
) -> Result<MasterKeys, MasterKeysError> {
    let keys = match read(settings, &remembered(database).await?)? {
        Some(keys) => keys,
        None => make(settings, rng)?,
    };
    let checks = KeyChecks::new(database.clone());
    for id in keys.ids() {
        // Another node may have been first, with another key.
        let own = keys.check_value(id).ok_or(MasterKeysError::Foreign(id))?;
        if checks.ensure(MASTER_KEY, id, &own).await? != own {
            return Err(MasterKeysError::Foreign(id));
        }
    }
    Ok(keys)
}

fn make(settings: &KeySettings, rng: &dyn Rng) -> Result<MasterKeys, MasterKeysError> {
    let keys = MasterKeys::create(&settings.dir, rng).map_err(|source| {
        let path = settings.dir.join(FILE_NAME);
        MasterKeysError::File { path, source }
    })?;
    tracing::info!(dir = %settings.dir.display(), "made the first master key: back it up");
    Ok(keys)
}
