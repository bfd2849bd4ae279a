//! A database of a test's own, with a clock that the test moves.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use signet::{
    crypto::{
        master::MasterKeys,
        random::{self, SeededRng},
        session_seal::SessionSeals,
    },
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
        families::{Advance, FamilyStore as _, Opened, Opening, SqlFamilies},
        housekeeping::{Housekeeping, PURGED},
        opening::Purpose,
        redis::{RedisAddress, RedisFamilies},
        users::{NewUser, PasswordHash, Users},
    },
};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::servers::{Clocks, Postgres, Redis, TestDatabase};

pub(crate) const START: i64 = 1_760_000_000_000;
const MASTER: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// A clock that stands still until it is moved.
pub(crate) struct TestClock {
    millis: AtomicI64,
    /// Those of servers show the same.
    servers: Clocks,
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        let by = millis(by);
        let now = self.millis.fetch_add(by, Ordering::SeqCst) + by;
        self.servers.set(now);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

/// What is answered to a session that has begun and ended no other.
pub(crate) const BEGUN: Opened = Opened::Begun(Vec::new());

/// A migrated database, which goes with this value or the tests.
pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) rng: Arc<SeededRng>,
    pub(crate) client: ClientId,
    redis: Option<Redis>,
    home: Home,
}

enum Home {
    Folder(tempfile::TempDir),
    Server(TestDatabase),
}

/// A bare connection to a database.
pub(crate) enum Intruder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(Home::Folder(folder), Clocks::default(), None).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = Postgres::shared().database().await;
        let clocks = Clocks {
            postgres: Some(database.hold_clock(START).await),
            redis: None,
        };
        Self::at(Home::Server(database), clocks, None).await
    }

    /// On PostgreSQL, with a Redis in front.
    pub(crate) async fn redis() -> Self {
        let database = Postgres::shared().database().await;
        let (redis, redis_clock) = Redis::with_clock(START);
        let clocks = Clocks {
            postgres: Some(database.hold_clock(START).await),
            redis: Some(redis_clock),
        };
        Self::at(Home::Server(database), clocks, Some(redis)).await
    }

    async fn at(home: Home, servers: Clocks, redis: Option<Redis>) -> Self {
        let millis = AtomicI64::new(START);
        let clock = Arc::new(TestClock { millis, servers });
        let rng = Arc::new(SeededRng::new(7));
        // A server's, which waits less long than a command's.
        let database = open(Purpose::Serve, &home.url(), clock.clone(), rng.clone()).await;
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
            client,
            redis,
            home,
        }
    }

    pub(crate) fn users(&self) -> Users {
        Users::new(self.database.clone())
    }

    pub(crate) fn families(&self) -> SqlFamilies {
        SqlFamilies::new(self.database.clone())
    }

    /// The Redis in front.
    pub(crate) fn redis_server(&self) -> &Redis {
        self.redis.as_ref().unwrap()
    }

    /// The sessions behind that Redis, which is in use. Nothing is done beside what is asked for:
    /// the journal waits until it is written.
    pub(crate) async fn redis_families(&self) -> RedisFamilies {
        let address = RedisAddress::parse(&self.redis_server().url()).unwrap();
        let seals = SessionSeals::new(&MasterKeys::parse(MASTER, None).unwrap());
        let (database, rng) = (self.database.clone(), self.rng.clone());
        let families = RedisFamilies::new(address, database, seals, rng);
        assert!(families.reach().await);
        families
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
            limit: None,
            replaces: None,
            cookie: None,
        }
    }

    /// One node's hand in what is forgotten.
    pub(crate) fn house(&self) -> Housekeeping {
        Housekeeping::new(self.database.clone(), &*self.rng, DAY)
    }

    /// Forgets up to `limit` rows of a table that are of no use any more.
    pub(crate) async fn purge(&self, table: &str, limit: u32) -> u64 {
        let mut purged = PURGED.into_iter();
        let purged = purged.find(|purged| purged.table == table).unwrap();
        let house = self.house();
        let count = house.purge(purged, limit).await.unwrap().unwrap();
        house.leave().await.unwrap();
        count
    }

    /// A session that began now.
    pub(crate) async fn session(&self, user: UserId) -> Opening {
        let opening = self.opening(user);
        assert_eq!(self.families().open(&opening).await, Ok(BEGUN));
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

    /// Opens the same database as another process would.
    pub(crate) async fn reopen(&self) -> Database {
        open(
            Purpose::Begin,
            &self.url(),
            self.clock.clone(),
            self.rng.clone(),
        )
        .await
    }

    /// Takes the database away from everybody.
    pub(crate) async fn close_database(&self) {
        self.server().close().await;
    }

    /// Gives it back.
    pub(crate) async fn open_database(&self) {
        self.server().open().await;
    }

    fn server(&self) -> &TestDatabase {
        match &self.home {
            Home::Server(database) => database,
            Home::Folder(_) => panic!("it is a file"),
        }
    }

    /// A bare connection, to do what Signet would not.
    pub(crate) async fn intruder(&self) -> Intruder {
        match &self.home {
            Home::Folder(_) => {
                Intruder::Sqlite(SqliteConnection::connect(&self.url()).await.unwrap())
            }
            Home::Server(database) => Intruder::Postgres(database.connect().await),
        }
    }

    /// The change log.
    pub(crate) async fn log(&self) -> Vec<Change> {
        let log = Changes::new(self.database.clone()).since(0).await.unwrap();
        log.rows.into_iter().map(|row| row.change).collect()
    }

    pub(crate) fn url(&self) -> String {
        self.home.url()
    }

    /// The file, where it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match &self.home {
            Home::Folder(folder) => Some(folder.path().join("signet.db")),
            Home::Server(_) => None,
        }
    }
}

impl Home {
    fn url(&self) -> String {
        match self {
            Self::Folder(folder) => format!("sqlite://{}/signet.db", folder.path().display()),
            Self::Server(database) => database.url.clone(),
        }
    }
}

async fn open(purpose: Purpose, url: &str, clock: Arc<TestClock>, rng: Arc<SeededRng>) -> Database {
    let mut options = StoreOptions::at(url).to(purpose);
    options.connections = 16;
    Database::open(&options, clock, rng).await.unwrap()
}

impl Intruder {
    pub(crate) async fn execute(&mut self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
        }
        .unwrap();
    }

    /// Writes a family over that of a stored session, as if the store had lost what came after.
    pub(crate) async fn overwrite(&mut self, id: SessionId, family: &Family) {
        let sql = format!(
            "UPDATE sessions SET generation = {}, key_id = {}, rotated_at = {}, budget_at = {},
                burst_from = {}, burst_at = {}, late_at = {}, idle_expires_at = {}
            WHERE id = '{id}'",
            family.generation.number(),
            family.key_id,
            family.rotated_at.millis(),
            family.budget_at.millis(),
            family.burst_from.number(),
            family.burst_at.millis(),
            family.late_at.millis(),
            family.idle_expires_at.millis(),
        );
        self.execute(&sql).await;
    }
}
