//! What is kept sealed: the signing keys of this deployment, opened into a key ring, and its pepper.

use std::{collections::BTreeMap, sync::Arc};

use tokio::task::{JoinError, spawn_blocking};

use crate::{
    crypto::{
        keyring::KeyRing,
        master::MasterKeys,
        pepper::{self, Pepper, PepperError},
        random::Rng,
        seal::{self, SealError},
        signing::{SigningKey, SigningKeyError},
    },
    model::{
        key_lifecycle::KeyLife,
        signing_key::{Algorithm, KeyState},
    },
    store::{
        error::StoreError,
        peppers::Peppers,
        signing_keys::{NewKey, SigningKeys, StoredKey, Transition},
    },
};

/// What the private part of a signing key is sealed for.
const PURPOSE: &str = "signing key";

/// What the pepper is sealed for.
const PEPPER_PURPOSE: &str = "pepper";
/// The only pepper so far; the id stands in every API key.
const PEPPER_ID: u8 = 1;

/// Where signing keys and the pepper are kept, and what opens them.
pub struct KeyVault {
    rows: SigningKeys,
    peppers: Peppers,
    master: MasterKeys,
}

/// Why there is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key does not open: the master key that sealed it is not here.
    #[error(
        "signing key {kid} cannot be opened: {error}; put back the keys/ folder that belongs to this database"
    )]
    Sealed {
        /// Which key.
        kid: String,
        /// Why.
        error: SealError,
    },
    /// The pepper does not open.
    #[error(
        "the pepper cannot be opened: {0}; put back the keys/ folder that belongs to this database"
    )]
    SealedPepper(SealError),
    /// What was kept as the pepper is none.
    #[error(transparent)]
    Pepper(#[from] PepperError),
    /// A key could not be made or read.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// A key could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The thread that made a key ended before it was done.
    #[error("no signing key was made: {0}")]
    GaveUp(JoinError),
}

impl KeyVault {
    /// The vault of these rows under these master keys.
    #[must_use]
    pub fn new(rows: SigningKeys, peppers: Peppers, master: MasterKeys) -> Self {
        Self {
            rows,
            peppers,
            master,
        }
    }

    /// Opens every key that is published.
    pub async fn open(&self) -> Result<KeyRing, KeysError> {
        let mut keys = Vec::new();
        let published = |row: &StoredKey| row.state != KeyState::Gone;
        for row in self.rows.list().await?.into_iter().filter(published) {
            let private =
                seal::open(&self.master, PURPOSE, &row.kid, &row.sealed).map_err(|error| {
                    KeysError::Sealed {
                        kid: row.kid.clone(),
                        error,
                    }
                })?;
            let key = SigningKey::from_private(row.algorithm, &private)?;
            keys.push((Arc::new(key), row.state));
        }
        Ok(KeyRing::new(keys))
    }

    /// Opens every key; where none signs, makes one of each algorithm that does so at once. Nodes
    /// that start at once agree: the first key stays.
    pub async fn open_or_begin(
        &self,
        algorithms: &[Algorithm],
        rng: &Arc<dyn Rng>,
    ) -> Result<KeyRing, KeysError> {
        let known = self.open().await?;
        if known.keys().any(|(_, state)| state == KeyState::Active) {
            return Ok(known);
        }
        for algorithm in algorithms {
            self.make(*algorithm, KeyState::Active, rng).await?;
        }
        self.open().await
    }

    /// The lives of all keys, of those that are gone too; the oldest first.
    pub async fn lives(&self) -> Result<Vec<KeyLife>, StoreError> {
        let rows = self.rows.list().await?;
        Ok(rows.into_iter().map(life).collect())
    }

    /// Makes a key that is in this state from the beginning, unless its algorithm has one.
    pub async fn make(
        &self,
        algorithm: Algorithm,
        state: KeyState,
        rng: &Arc<dyn Rng>,
    ) -> Result<(), KeysError> {
        let source = rng.clone();
        // An RSA key takes seconds.
        let making = spawn_blocking(move || SigningKey::generate(algorithm, &*source));
        let key = making.await.map_err(KeysError::GaveUp)??;
        let private = key.private_bytes();
        let sealed = seal::seal(&self.master, PURPOSE, key.kid(), &private, &**rng)?;
        let new = NewKey {
            kid: key.kid().to_owned(),
            algorithm,
            state,
            sealed,
        };
        if self.rows.insert_if_none(new).await? {
            tracing::info!(
                target: "signet::event", event = "signing_key.created", kid = key.kid(),
                %algorithm, state = state.as_str(),
            );
        }
        Ok(())
    }

    /// Keeps a key that was made elsewhere: it stands by, in the place of the one that did.
    pub async fn put_in(
        &self,
        key: &SigningKey,
        instead_of: Option<String>,
        rng: &dyn Rng,
    ) -> Result<(), KeysError> {
        let private = key.private_bytes();
        let new = NewKey {
            kid: key.kid().to_owned(),
            algorithm: key.algorithm(),
            state: KeyState::Next,
            sealed: seal::seal(&self.master, PURPOSE, key.kid(), &private, rng)?,
        };
        Ok(self.rows.put_in(new, instead_of).await?)
    }

    /// Adds to the numbers of tokens that keys have signed.
    pub async fn count(&self, signed: BTreeMap<String, u64>) -> Result<(), StoreError> {
        self.rows.count(signed).await
    }

    /// Takes all of these steps, or none.
    pub async fn transition(&self, steps: Vec<Transition>) -> Result<(), StoreError> {
        self.rows.transition(steps).await
    }

    /// Opens the pepper, if it was made.
    pub async fn pepper(&self) -> Result<Option<Pepper>, KeysError> {
        let sealed = self.peppers.find(PEPPER_ID).await?;
        sealed.map(|sealed| self.open_pepper(&sealed)).transpose()
    }

    /// Opens the pepper, made if there is none. Nodes that start at once agree: the first stays.
    pub async fn pepper_or_begin(&self, rng: &dyn Rng) -> Result<Pepper, KeysError> {
        if let Some(pepper) = self.pepper().await? {
            return Ok(pepper);
        }
        let (fresh, name) = (pepper::fresh(rng), PEPPER_ID.to_string());
        let sealed = seal::seal(&self.master, PEPPER_PURPOSE, &name, &*fresh, rng)?;
        self.open_pepper(&self.peppers.ensure(PEPPER_ID, &sealed).await?)
    }

    /// The ids of the master keys that are here, the one in use first.
    pub fn master_key_ids(&self) -> impl Iterator<Item = u8> {
        self.master.ids()
    }

    /// Of each secret that is kept, the master key under which it is sealed.
    pub async fn sealed_under(&self) -> Result<Vec<Option<u8>>, StoreError> {
        let kept = self.kept().await?.into_iter();
        Ok(kept
            .map(|(_, sealed)| seal::sealed_under(&sealed))
            .collect())
    }

    /// Seals under the master key in use what is sealed under another; how many secrets that were.
    pub async fn reseal(&self, rng: &dyn Rng) -> Result<usize, KeysError> {
        let mut done = 0;
        for (kept, sealed) in self.kept().await? {
            if seal::sealed_under(&sealed) == Some(self.master.active()) {
                continue;
            }
            let (purpose, name) = kept.context();
            let secret = seal::open(&self.master, purpose, &name, &sealed)?;
            let anew = seal::seal(&self.master, purpose, &name, &secret, rng)?;
            let replaced = match &kept {
                Kept::SigningKey(kid) => self.rows.reseal(kid, &sealed, anew).await?,
                Kept::Pepper(id) => self.peppers.reseal(*id, &sealed, anew).await?,
            };
            done += usize::from(replaced);
        }
        Ok(done)
    }

    /// Every secret that is kept, sealed.
    async fn kept(&self) -> Result<Vec<(Kept, String)>, StoreError> {
        let keys = self.rows.list().await?.into_iter();
        let keys = keys.filter(|key| key.state != KeyState::Gone);
        let keys = keys.map(|key| (Kept::SigningKey(key.kid), key.sealed));
        let peppers = self.peppers.all().await?.into_iter();
        let peppers = peppers.map(|(id, sealed)| (Kept::Pepper(id), sealed));
        Ok(keys.chain(peppers).collect())
    }

    fn open_pepper(&self, sealed: &str) -> Result<Pepper, KeysError> {
        let name = PEPPER_ID.to_string();
        let secret = seal::open(&self.master, PEPPER_PURPOSE, &name, sealed)
            .map_err(KeysError::SealedPepper)?;
        Ok(Pepper::new(PEPPER_ID, &secret)?)
    }
}

/// A secret that is kept.
enum Kept {
    SigningKey(String),
    Pepper(u8),
}

impl Kept {
    /// What it is sealed for, and as which one.
    fn context(&self) -> (&'static str, String) {
        match self {
            Self::SigningKey(kid) => (PURPOSE, kid.clone()),
            Self::Pepper(id) => (PEPPER_PURPOSE, id.to_string()),
        }
    }
}

fn life(row: StoredKey) -> KeyLife {
    let StoredKey {
        kid,
        algorithm,
        state,
        sealed: _,
        created_at,
        published_at,
        activated_at,
        retired_at,
        tokens_signed,
    } = row;
    KeyLife {
        kid,
        algorithm,
        state,
        created_at,
        published_at,
        activated_at,
        retired_at,
        tokens_signed,
    }
}
