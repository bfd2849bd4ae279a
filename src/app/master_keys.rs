//! The master keys of this deployment: from the setting, from the folder, or made at the first
//! start; held against what the database remembers of them.

use anyhow::{Context, bail};

use crate::{
    config::KeySettings,
    crypto::{master::MasterKeys, random::Rng},
    store::{database::Database, key_checks::KeyChecks},
};

/// What the check values are of.
const PURPOSE: &str = "master key";

/// Opens the master keys. A new one is made only beside a database that has never seen any: beside
/// another it would open nothing and silently end every session.
pub(super) async fn open(
    settings: &KeySettings,
    database: &Database,
    rng: &dyn Rng,
) -> anyhow::Result<MasterKeys> {
    let checks = KeyChecks::new(database.clone());
    let unused = checks.of(PURPOSE).await?.is_empty();
    let keys = match &settings.master {
        Some(entries) => MasterKeys::parse(entries.expose(), settings.active)
            .context("keys.master cannot be read")?,
        None => match MasterKeys::load(&settings.dir, settings.active)? {
            Some(keys) => keys,
            None if unused => create(settings, rng)?,
            None => bail!(
                "{} holds no master.key, but the database was used with one: put it back from \
                 your backup, or start with an empty database",
                settings.dir.display()
            ),
        },
    };
    for id in keys.ids() {
        let value = keys
            .check_value(id)
            .context("a master key has no check value")?;
        if checks.ensure(PURPOSE, id, &value).await? != value {
            bail!(
                "master key {id} is not the one that this database was used with: put the right \
                 master.key back, or give a new key an id that was never used"
            );
        }
    }
    Ok(keys)
}

fn create(settings: &KeySettings, rng: &dyn Rng) -> anyhow::Result<MasterKeys> {
    let keys = MasterKeys::create(&settings.dir, rng)?;
    tracing::info!(dir = %settings.dir.display(), "made the first master key: back it up");
    Ok(keys)
}
