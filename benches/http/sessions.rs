//! Sessions made beside the server, straight in its stores: opening a million of them by logging in
//! would take hours.

use std::sync::Arc;

use redis::{Commands as _, Connection};
use signet::{
    crypto::{
        master::MasterKeys,
        random::{self, SystemRng},
        refresh::{RefreshKeys, digest},
    },
    model::{
        id::{ClientId, SessionId, UserId},
        refresh_token::{Generation, Handle, TokenPrefix},
        session::{Authentication, Family, Origin, Session},
        time::{Clock as _, Timestamp},
        user::LoginName,
    },
    store::{
        clients::Clients,
        clock::SystemClock,
        database::{Database, StoreOptions},
        families::{FamilyStore as _, Opened, Opening, SqlFamilies},
        opening::Purpose,
        users::Users,
    },
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::task::JoinSet;

use crate::signet::{Home, name};

/// How many sessions are opened at once.
const AT_ONCE: usize = 64;
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Opens sessions of a deployment's first user.
pub(crate) struct Opener {
    database: Database,
    keys: RefreshKeys,
    clock: Arc<SystemClock>,
    user: UserId,
    client: ClientId,
}

impl Opener {
    pub(crate) async fn of(home: &Home, url: &str) -> Self {
        let clock = Arc::new(SystemClock::new());
        let options = StoreOptions::at(url).to(Purpose::Use);
        let database = Database::open(&options, clock.clone(), Arc::new(SystemRng));
        let database = database.await.unwrap();
        let users = Users::new(database.clone());
        let login: LoginName = name(0).parse().unwrap();
        let user = users.by_login_name(&login).await.unwrap().unwrap().user.id;
        let candidate = ClientId::new(clock.now(), random::bytes(&SystemRng));
        let clients = Clients::new(database.clone());
        let client = clients.default_client(candidate, "default").await.unwrap();
        let master = MasterKeys::load(&home.path().join("keys"), None);
        let master = master.unwrap().unwrap();
        Self {
            database,
            keys: RefreshKeys::new(&master, TokenPrefix::default(), &[]),
            clock,
            user,
            client,
        }
    }

    /// The client whose sessions they are.
    pub(crate) fn client(&self) -> ClientId {
        self.client
    }

    /// Opens so many. Their refresh tokens.
    pub(crate) async fn open(&self, count: usize) -> Vec<String> {
        let mut tokens = Vec::new();
        while tokens.len() < count {
            let mut opening = JoinSet::new();
            for _ in 0..AT_ONCE {
                let families = SqlFamilies::new(self.database.clone());
                let (session, token) = self.session();
                tokens.push(token);
                opening.spawn(async move { families.open(&session).await });
            }
            for opened in opening.join_all().await {
                assert_eq!(opened.unwrap(), Opened::Begun(Vec::new()));
            }
        }
        tokens
    }

    fn session(&self) -> (Opening, String) {
        let handle = Handle(random::bytes(&SystemRng));
        let token = self
            .keys
            .mint(&handle, Generation::FIRST, self.keys.active());
        let opening = Opening {
            digest: digest(&handle),
            session: session(self.user, self.client, self.keys.active(), self.clock.now()),
            credential_version: 1,
            limit: None,
            replaces: None,
            cookie: None,
        };
        (opening, token.unwrap().into_exposed())
    }
}

fn session(user: UserId, client: ClientId, key_id: u8, now: Timestamp) -> Session {
    Session {
        id: SessionId::new(now, random::bytes(&SystemRng)),
        user,
        client,
        scopes: None,
        audiences: Vec::new(),
        authentication: Authentication {
            time: now,
            methods: vec!["pwd".to_owned()],
        },
        family: Family {
            generation: Generation::FIRST,
            key_id,
            rotated_at: now,
            budget_at: now,
            burst_from: Generation::FIRST,
            burst_at: Timestamp::default(),
            late_at: Timestamp::default(),
            idle_expires_at: now.plus(14 * DAY),
        },
        created_at: now,
        absolute_expires_at: now.plus(90 * DAY),
        revoked: None,
        origin: Origin {
            label: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0".to_owned()),
            address: Some("2001:db8::1".parse().unwrap()),
        },
    }
}

/// What all sessions of the filling have of the one that they are made after.
const SAME: &str = "user_id, client_id, scopes, audiences, auth_time, amr, label, address,
    created_at, absolute_expires_at, generation, key_id, rotated_at, budget_at, burst_from,
    burst_at, late_at, idle_expires_at, prev_generation, prev_key_id, prev_rotated_at,
    prev_budget_at, prev_burst_from, prev_burst_at, prev_idle_expires_at";

/// Adds so many living sessions that nobody uses, after any that is there.
pub(crate) async fn fill_database(url: &str, count: usize) {
    let (digest, id, numbers) = if url.starts_with("postgres") {
        (
            "md5(n::text) || substr(md5((-n)::text), 1, 11)",
            "'ses_' || md5(n::text || 'id')::uuid",
            format!("generate_series(1, {count}) AS n"),
        )
    } else {
        (
            "substr(hex(randomblob(22)), 1, 43)",
            "'ses_' || lower(hex(randomblob(18)))",
            format!(
                "(WITH RECURSIVE counted (n) AS
                    (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})
                SELECT n FROM counted)"
            ),
        )
    };
    let sql = format!(
        "INSERT INTO sessions (digest, id, {SAME})
        SELECT {digest}, {id}, {SAME} FROM (SELECT * FROM sessions LIMIT 1) AS one, {numbers}"
    );
    let sql = AssertSqlSafe(sql);
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.execute("VACUUM ANALYZE sessions").await.unwrap();
        connection.execute("CHECKPOINT").await.unwrap();
    } else {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        connection.execute(sql).await.unwrap();
    }
}

/// Adds so many strings of the size and the kind of name that sessions have.
pub(crate) fn fill_redis(connection: &mut Connection, count: usize) {
    for part in 0..count.div_ceil(AT_ONCE * AT_ONCE) {
        let mut pipe = redis::pipe();
        for _ in 0..(count - part * AT_ONCE * AT_ONCE).min(AT_ONCE * AT_ONCE) {
            let mut key = b"s:".to_vec();
            key.extend(random::bytes::<32>(&SystemRng));
            let value: Vec<u8> = [1; 124].into();
            pipe.pset_ex(key, value, 90 * 24 * 3_600_000).ignore();
        }
        let () = pipe.query(connection).unwrap();
    }
    let keys: usize = redis::cmd("DBSIZE").query(connection).unwrap();
    assert!(keys >= count);
    let _: Option<String> = connection.get("asked").unwrap();
}
