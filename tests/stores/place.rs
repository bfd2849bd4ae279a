//! A database of a test's own, with a clock that the test moves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use signet::{
    crypto::random::{self, SeededRng},
    model::{
        change::Change,
        id::{ClientId, Id, Kind, SessionId, UserId},
        refresh_token::Generation,
        scope::Grants,
        session::{Authentication, Family, Origin, Policy, Session, SessionDigest},
        time::{Clock, Timestamp, millis},
        user::Username,
    },
    store::{
        changes::Changes,
        clients::Clients,
        database::{Database, StoreOptions},
        families::{Advance, FamilyStore as _, Opening, SqlFamilies},
        users::{NewUser, PasswordHash, Users},
    },
};
use sqlx::{Connection as _, SqliteConnection};

pub(crate) const START: i64 = 1_760_000_000_000;
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// A clock that stands still until it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A migrated database in a folder that goes with it.
pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) rng: Arc<SeededRng>,
    pub(crate) client: ClientId,
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let rng = Arc::new(SeededRng::new(7));
        let url = format!("sqlite://{}/signet.db", folder.path().display());
        let options = StoreOptions::at(&url);
        let database = Database::open(&options, clock.clone(), rng.clone())
            .await
            .unwrap();
        database.migrate().await.unwrap();
        let candidate = ClientId::new(clock.now(), random::bytes(&*rng));
        let client = Clients::new(database.clone())
            .default_client(candidate, "default")
            .await
            .unwrap();
        Self {
            database,
            clock,
            rng,
            client: client.id,
            folder,
        }
    }

    pub(crate) fn users(&self) -> Users {
        Users::new(self.database.clone())
    }

    pub(crate) fn families(&self) -> SqlFamilies {
        SqlFamilies::new(self.database.clone())
    }

    pub(crate) fn id<K: Kind>(&self) -> Id<K> {
        Id::new(self.clock.now(), random::bytes(&*self.rng))
    }

    pub(crate) fn new_user(&self, name: &str, grants: &[&str]) -> NewUser {
        NewUser {
            id: self.id(),
            username: name.parse::<Username>().unwrap(),
            email: None,
            password_hash: Some(PasswordHash::new("$argon2id$test".to_owned())),
            grants: grants
                .iter()
                .map(|grant| grant.parse().unwrap())
                .collect::<Grants>(),
        }
    }

    /// A user, created just now.
    pub(crate) async fn user(&self, name: &str) -> UserId {
        self.users()
            .create(self.new_user(name, &[]))
            .await
            .unwrap()
            .id
    }

    /// A session that begins now, not opened yet.
    pub(crate) fn opening(&self, user: UserId) -> Opening {
        let now = self.clock.now();
        Opening {
            digest: SessionDigest(random::bytes(&*self.rng)),
            session: session(self.id(), user, self.client, now),
            credential_version: 1,
        }
    }

    /// A session that began now.
    pub(crate) async fn session(&self, user: UserId) -> Opening {
        let opening = self.opening(user);
        assert!(self.families().open(&opening).await.unwrap());
        opening
    }
}

/// The record of a session at its beginning.
pub(crate) fn session(id: SessionId, user: UserId, client: ClientId, now: Timestamp) -> Session {
    Session {
        id,
        user,
        client,
        scopes: Some("pages.read pages.write".parse().unwrap()),
        audiences: vec!["https://api.example".to_owned()],
        authentication: Authentication {
            time: now,
            methods: vec!["pwd".to_owned()],
        },
        family: Family {
            generation: Generation::FIRST,
            key_id: 1,
            rotated_at: now,
            budget_at: now,
            burst_from: Generation::FIRST,
            burst_at: Timestamp::from_millis(0),
            late_at: Timestamp::from_millis(0),
            idle_expires_at: now.plus(14 * DAY),
        },
        created_at: now,
        absolute_expires_at: now.plus(90 * DAY),
        revoked: None,
        origin: Origin {
            label: Some("Firefox".to_owned()),
            address: Some("2001:db8::1".parse().unwrap()),
        },
    }
}

/// The default policy.
pub(crate) const fn policy() -> Policy {
    Policy {
        reuse_interval: Duration::from_secs(30),
        late_retry_every: DAY,
        idle_lifetime: Duration::from_hours(14 * 24),
        active_key: 1,
        heal_allowed: true,
    }
}

impl Place {
    /// A step with the default policy.
    pub(crate) fn advance(&self, session: &Opening, presented: u32) -> Advance {
        Advance {
            digest: session.digest,
            presented: Generation::new(presented).unwrap(),
            client: self.client,
            policy: policy(),
            seen: 0,
        }
    }

    /// Opens the same file as another process would.
    pub(crate) async fn reopen(&self) -> Database {
        let options = StoreOptions::at(&self.url());
        Database::open(&options, self.clock.clone(), self.rng.clone())
            .await
            .unwrap()
    }

    /// A bare connection to the file, to do what Signet would not.
    pub(crate) async fn intruder(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url()).await.unwrap()
    }

    /// The change log.
    pub(crate) async fn log(&self) -> Vec<Change> {
        let log = Changes::new(self.database.clone()).since(0).await.unwrap();
        log.rows.into_iter().map(|row| row.change).collect()
    }

    fn url(&self) -> String {
        format!("sqlite://{}/signet.db", self.folder.path().display())
    }
}

/// Writes a family over that of a stored session, as if the store had lost what came after.
pub(crate) async fn overwrite(intruder: &mut SqliteConnection, id: SessionId, family: &Family) {
    sqlx::query(
        "UPDATE sessions SET generation = $2, key_id = $3, rotated_at = $4, budget_at = $5,
            burst_from = $6, burst_at = $7, late_at = $8, idle_expires_at = $9
        WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(family.generation.number())
    .bind(family.key_id)
    .bind(family.rotated_at.millis())
    .bind(family.budget_at.millis())
    .bind(family.burst_from.number())
    .bind(family.burst_at.millis())
    .bind(family.late_at.millis())
    .bind(family.idle_expires_at.millis())
    .execute(intruder)
    .await
    .unwrap();
}
