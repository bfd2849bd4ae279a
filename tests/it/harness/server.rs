mod beside;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use confique::Config;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use signet::app::{Ambient, App, Listeners};
use signet::auth::scopes::NewScope;
use signet::auth::users::NewUser;
use signet::auth::{Auth, Caller};
use signet::config::{Issuer, Origin, Settings};
use signet::crypto::password::PasswordCost;
use signet::crypto::random::SeededRng;
use signet::model::authority::Authority;
use signet::model::scope::Grant;
use signet::model::session::EndReason;
use signet::store::families::Target;
use signet::store::opening::Purpose;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Answer, Ask, Browser, Log, ManualClock, Person, store::Store, wire};

/// A password that every policy of these tests accepts.
pub(crate) const PASSWORD: &str = "orbit walnut saddle 42";

/// The one page that may use cookies.
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// A running server; ends with this value.
pub(crate) struct TestServer {
    pub(crate) clock: Arc<ManualClock>,
    /// What the server does, without the HTTP.
    pub(crate) auth: Arc<Auth>,
    pub(crate) address: SocketAddr,
    pub(crate) issuer: String,
    pub(crate) settings: Settings,
    pub(crate) ambient: Ambient,
    pub(crate) store: Arc<Store>,
    pub(crate) folder: Arc<TempDir>,
    http: Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl TestServer {
    /// A server with default settings, but for what a test cannot share or pay for.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose settings a test changes.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Box::pin(Self::starting(change, |_| {})).await
    }

    /// The same, in surroundings that a test changes.
    pub(crate) async fn starting(
        change: impl FnOnce(&mut Settings),
        surround: impl FnOnce(&mut Ambient),
    ) -> Self {
        Log::watch();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let (store, clocks) = Store::empty(&folder).await;
        let mut settings = settings(&folder, address);
        store.set(&mut settings.store);
        change(&mut settings);
        let clock = Arc::new(ManualClock::new(clocks));
        let mut ambient = Ambient {
            clock: clock.clone(),
            rng: Arc::new(SeededRng::new(7)),
            password_cost: PasswordCost::new(8, 1),
        };
        surround(&mut ambient);
        let stop = CancellationToken::new();
        let (auth, running) = serve(&settings, &ambient, listener, &stop).await;
        Self {
            clock,
            auth,
            address,
            issuer: settings.server.issuer.as_str().to_owned(),
            settings,
            ambient,
            store: Arc::new(store),
            folder,
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            stop,
            running,
        }
    }

    /// Ends the server as a signal does; returns once it has closed its database.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        (&mut self.running).await.unwrap();
    }

    /// Starts it again, with what it left behind.
    pub(crate) async fn start_again(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.address = listener.local_addr().unwrap();
        self.stop = CancellationToken::new();
        let serving = serve(&self.settings, &self.ambient, listener, &self.stop);
        (self.auth, self.running) = serving.await;
    }

    /// Another node on the same database, which does what it is asked and nothing beside.
    pub(crate) async fn node(&self) -> App {
        App::open_to(Purpose::Use, self.settings.clone(), self.ambient.clone())
            .await
            .unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).ask().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(&body).ask().await
    }

    /// Says bytes on a connection of their own.
    pub(crate) async fn say(&self, bytes: &[u8]) -> String {
        wire::say(self.address, bytes).await
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Answer {
        self.post(
            "/v1/auth/login",
            json!({ "username": username, "password": password }),
        )
        .await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.post(
            "/v1/auth/refresh",
            json!({ "refresh_token": refresh_token }),
        )
        .await
    }

    /// Registers the scopes among these grants that are not there yet.
    pub(crate) async fn register(&self, grants: &[&str]) {
        for grant in grants {
            let grant: Grant = grant.parse().unwrap();
            let registry = self.auth.registry();
            if let Some(scope) = grant.as_scope().filter(|scope| !registry.knows(scope)) {
                let (name, description) = (scope.as_str(), "");
                let new = NewScope { name, description };
                self.auth
                    .add_scope(&Authority::Operator, new)
                    .await
                    .unwrap();
            }
        }
    }

    /// Creates a user with [`PASSWORD`], and the scopes that it is granted.
    pub(crate) async fn create_user(&self, username: &str, grants: &[&str]) {
        self.register(grants).await;
        let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
        let user = NewUser {
            username,
            email: None,
            password: Some(PASSWORD),
            grants: &grants,
        };
        self.create(user).await;
    }

    pub(crate) async fn create(&self, user: NewUser<'_>) {
        self.auth.create_user(user, &self.caller()).await.unwrap();
    }

    /// Disables a user, as an administrator does.
    pub(crate) async fn disable_user(&self, username: &str) {
        let user = self.auth.find_user(username).await.unwrap();
        self.auth.disable_user(user.id).await.unwrap();
    }

    /// Deletes a user, as an administrator does.
    pub(crate) async fn delete_user(&self, username: &str) {
        let user = self.auth.find_user(username).await.unwrap();
        self.auth.delete_user(user.id).await.unwrap();
    }

    /// Sets somebody's password, as an administrator does.
    pub(crate) async fn set_password(&self, username: &str, password: &str) {
        let user = self.auth.find_user(username).await.unwrap();
        self.auth
            .set_password(user.id, password, &self.caller())
            .await
            .unwrap();
    }

    /// Ends all sessions of somebody, as an administrator does.
    pub(crate) async fn end_sessions(&self, username: &str) {
        let user = self.auth.find_user(username).await.unwrap();
        let target = Target::User {
            user: user.id,
            except: None,
        };
        self.auth.end(target, EndReason::Admin).await.unwrap();
    }

    /// Creates a user and logs in.
    pub(crate) async fn person(&self, username: &str) -> Person<'_> {
        self.create_user(username, &[]).await;
        Person::log_in(self, username, PASSWORD).await
    }

    fn caller(&self) -> Caller {
        Caller {
            address: self.address.ip(),
            label: None,
        }
    }

    /// A page of [`ORIGIN`].
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self, ORIGIN)
    }
}

async fn serve(
    settings: &Settings,
    ambient: &Ambient,
    listener: TcpListener,
    stop: &CancellationToken,
) -> (Arc<Auth>, JoinHandle<()>) {
    let app = App::open(settings.clone(), ambient.clone()).await.unwrap();
    let auth = Arc::clone(app.auth());
    let listeners = Listeners {
        api: vec![listener],
        metrics: None,
    };
    let stopped = stop.clone().cancelled_owned();
    let running = tokio::spawn(async { app.serve(listeners, stopped).await.unwrap() });
    (auth, running)
}

/// Each test ends with a look at the log of the whole run: the last one has seen all of it.
impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.cancel();
        let leaks = Log::leaks();
        assert!(leaks.is_empty() || thread::panicking(), "{leaks:?}");
    }
}

fn settings(folder: &TempDir, address: SocketAddr) -> Settings {
    let mut settings = Settings::builder().load().unwrap();
    settings.server.issuer =
        Issuer::parse(&format!("http://localhost:{}", address.port())).unwrap();
    settings.keys.dir = folder.path().join("keys");
    settings.default_client.origins = vec![Origin::parse(ORIGIN).unwrap()];
    settings
}
