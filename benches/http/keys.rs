//! API keys made beside the server, straight in its database: a million of them made by asking for
//! each would take minutes.

use std::sync::Arc;

use serde_json::json;
use signet::{
    auth::keys::KeyVault,
    crypto::{
        api_key::ApiKeyReader,
        master::MasterKeys,
        random::{self, SystemRng},
    },
    model::{id::ApiKeyId, refresh_token::TokenPrefix, time::Clock as _},
    store::{
        clock::SystemClock,
        database::{Database, StoreOptions},
        opening::Purpose,
        peppers::Peppers,
        signing_keys::SigningKeys,
    },
};
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::signet::Home;

/// How many are inserted at once.
const AT_ONCE: usize = 20_000;

/// How many keys there are in the table.
pub(crate) const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// Makes keys of a deployment that has one of a user's.
pub(crate) struct Keys {
    reader: ApiKeyReader,
    connection: SqliteConnection,
    clock: SystemClock,
    /// How many it has made to fill the table.
    filled: usize,
}

impl Keys {
    pub(crate) async fn of(home: &Home) -> Self {
        let url = home.url();
        let options = StoreOptions::at(&url).to(Purpose::Use);
        let clock = Arc::new(SystemClock::new());
        let database = Database::open(&options, clock, Arc::new(SystemRng));
        let database = database.await.unwrap();
        let master = MasterKeys::load(&home.path().join("keys"), None);
        let vault = KeyVault::new(
            SigningKeys::new(database.clone()),
            Peppers::new(database.clone()),
            master.unwrap().unwrap(),
        );
        let pepper = vault.pepper().await.unwrap().unwrap();
        database.close().await;
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        for pragma in ["synchronous = OFF", "cache_size = -400000"] {
            let pragma = sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"));
            connection.execute(pragma).await.unwrap();
        }
        Self {
            reader: ApiKeyReader::new(pepper, TokenPrefix::default(), &[]),
            connection,
            clock: SystemClock::new(),
            filled: 0,
        }
    }

    /// Keys that nobody has presented, like the user's, but nobody's own.
    pub(crate) async fn make(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::with_capacity(count);
        while texts.len() < count {
            let most = AT_ONCE.min(count - texts.len());
            self.make_some(most, &mut texts).await;
        }
        texts
    }

    /// Makes keys that nobody uses until there are so many of them.
    pub(crate) async fn fill(&mut self, size: usize) {
        self.make(size - self.filled).await;
        self.filled = size;
    }

    async fn make_some(&mut self, count: usize, texts: &mut Vec<String>) {
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let made = self.reader.make(&SystemRng);
            let id = ApiKeyId::new(self.clock.now(), random::bytes(&SystemRng));
            let kept = made.kept;
            rows.push(json!([
                id.to_string(),
                kept.lookup.as_str(),
                kept.digest.to_text(),
                kept.display_prefix,
                kept.pepper_id
            ]));
            texts.push(made.text.to_string());
        }
        let rows = serde_json::Value::from(rows).to_string();
        let mut transaction = self.connection.begin().await.unwrap();
        for sql in [KEYS, SECRETS] {
            let inserted = sqlx::query(sql).bind(&rows).execute(&mut *transaction);
            let inserted = inserted.await.unwrap().rows_affected();
            assert_eq!(inserted, u64::try_from(count).unwrap());
        }
        transaction.commit().await.unwrap();
    }
}

const KEYS: &str = "
INSERT INTO api_keys (
    id, name, display_prefix, scopes, audiences, read_only, addresses, metadata, version,
    expires_at, ends_at, created_at
)
SELECT value ->> 0, value ->> 1, value ->> 3, scopes, audiences, read_only, addresses, metadata,
    version, expires_at, ends_at, created_at
FROM json_each($1), (SELECT * FROM api_keys WHERE owner_id IS NOT NULL LIMIT 1)";

const SECRETS: &str = "
INSERT INTO api_key_secrets (lookup, key_id, digest, pepper_id)
SELECT value ->> 1, value ->> 0, value ->> 2, value ->> 4 FROM json_each($1)";
