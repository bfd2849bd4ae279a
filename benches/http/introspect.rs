//! What a resource server's question costs (RFC 7662): about access tokens, seen before and new ones,
//! about API keys, and where the caller's own key is made up; and the same of keys as they become
//! many.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signet::app::{Ambient, App};
use signet::auth::api_keys::KeyWish;
use signet::config::{DatabaseUrl, Settings};
use signet::crypto::{access, random};
use signet::model::{authority::Authority, claims::Claims, id::TokenId};
use signet::store::opening::Purpose;

use crate::bare::Bare;
use crate::keys::{Keys, SIZES};
use crate::load::{Load, in_turn};
use crate::made_up::{self, MadeUp};
use crate::report;
use crate::scripts::{BARE, Each, Same};
use crate::signet::{Home, Signet};
use crate::verify::credentials;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Enough for this many new tokens a second in all rounds.
const TOKENS: usize = 18_000 * 2 * ROUNDS;
/// As the keys become many: of some, each is asked about once.
const ROUNDS_OF_KEYS: usize = 3;
const ROUND_OF_KEYS: Duration = Duration::from_millis(500);

/// Measures it, and prints the tables; with a number, only the one of that many keys.
pub(crate) async fn measure(only: Option<usize>) {
    let bare = Bare::start();
    // Longer than this takes.
    let settings = vec![("SIGNET_TOKENS__ACCESS_LIFETIME", "1h".to_owned())];
    let home = Home::new(settings, 1);
    let beside = Beside::open(&home, &home.serve()).await;
    if only.is_none() {
        paths(&bare, &home, &beside).await;
        floods(&home, &beside).await;
    }
    let mut keys = Keys::of(&home).await;
    let new = keys
        .make(bare.at_most(ROUNDS_OF_KEYS, ROUND_OF_KEYS).await)
        .await;
    for size in SIZES {
        if only.is_none_or(|only| only == size) {
            keys.fill(size).await;
            println!("\nwith {size} keys more in the table:");
            among_many(&bare, &home, &beside, &new).await;
        }
    }
    beside.app.close().await;
}

/// What is made beside the server: in its database, with its keys.
struct Beside {
    app: App,
    /// Of a resource server that may ask about anything.
    asker: String,
    token: String,
    key: String,
}

impl Beside {
    async fn open(home: &Home, signet: &Signet) -> Self {
        let (token, key) = credentials(signet).await;
        let mut settings = Settings::defaults().unwrap();
        settings.keys.dir = home.path().join("keys");
        settings.store.database = DatabaseUrl::parse(&home.url()).unwrap();
        let app = App::open_to(Purpose::Use, settings, Ambient::system());
        let app = app.await.unwrap();
        let scopes = ["signet.introspect.any".to_owned()];
        let asker = make(&app, "asker", &scopes).await;
        Self {
            app,
            asker,
            token,
            key,
        }
    }

    /// Tokens of the same session that nobody has seen.
    fn new_tokens(&self, count: usize) -> Vec<String> {
        let payload = self.token.split('.').nth(1).unwrap();
        let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: Claims = serde_json::from_slice(&payload).unwrap();
        let signer = self.app.auth().keys().any_signer().unwrap();
        let now = self.app.auth().now();
        let token = |_| {
            let random = random::bytes(&random::SystemRng);
            let jti = TokenId::new(now, random);
            let claims = Claims {
                jti,
                ..claims.clone()
            };
            access::sign(&signer, "at+jwt", &claims).unwrap()
        };
        (0..count).map(token).collect()
    }

    fn asks(&self, token: &str) -> Vec<Same> {
        vec![Same::introspect(&self.asker, token, 200); CONNECTIONS]
    }

    fn asks_once(&self, tokens: &[String]) -> Vec<Each> {
        let asks = |token: &String| Same::introspect(&self.asker, token, 200);
        vec![Each::of(tokens.iter().map(asks)); CONNECTIONS]
    }

    /// Whose own key is made up.
    fn made_up_callers(&self) -> Vec<MadeUp> {
        let like = Same::introspect(&self.key, &self.token, 401);
        vec![MadeUp::instead_of(&self.key, &like); CONNECTIONS]
    }

    /// About keys that are made up.
    fn made_up_keys(&self) -> Vec<MadeUp> {
        let like = Same::introspect(&self.asker, &self.key, 200);
        vec![MadeUp::instead_of(&self.key, &like).throttled(); CONNECTIONS]
    }
}

/// The paths beside a bare server.
async fn paths(bare: &Bare, home: &Home, beside: &Beside) {
    let signet = home.serve();
    let (echo, node) = ([bare.place()], [signet.place()]);
    let same = |script: Same| vec![script; CONNECTIONS];
    let new = beside.asks_once(&beside.new_tokens(TOKENS));
    let mut loads = [
        Load::new("bare poem", &echo, same(Same::get(BARE))),
        Load::new("poem-openapi echo", &echo, same(Same::echo())),
        Load::new("access token", &node, beside.asks(&beside.token)),
        Load::new("new access token", &node, new),
        Load::new("API key", &node, beside.asks(&beside.key)),
        Load::new("made-up key", &node, beside.made_up_keys()),
        Load::new("made-up caller", &node, beside.made_up_callers()),
    ];
    let paths = in_turn(&mut loads, ROUNDS, ROUND).await;
    report::table(&paths, &["bare", "echo"]);
}

/// What made-up keys do, as many as fit.
async fn floods(home: &Home, beside: &Beside) {
    println!();
    let signet = home.serve();
    made_up::flood("made-up keys", signet.place(), beside.made_up_keys()).await;
    made_up::flood("made-up callers", signet.place(), beside.made_up_callers()).await;
}

/// The paths on which the number of keys could tell.
async fn among_many(bare: &Bare, home: &Home, beside: &Beside, new: &[String]) {
    // One that has seen none of them.
    let signet = home.serve();
    let (echo, node) = ([bare.place()], [signet.place()]);
    let mut loads = [
        Load::new("bare poem", &echo, vec![Same::get(BARE); CONNECTIONS]),
        Load::new("poem-openapi echo", &echo, vec![Same::echo(); CONNECTIONS]),
        Load::new("API key", &node, beside.asks(&beside.key)),
        Load::new("API key, the first time", &node, beside.asks_once(new)),
        Load::new("made-up key", &node, beside.made_up_keys()),
    ];
    let paths = in_turn(&mut loads, ROUNDS_OF_KEYS, ROUND_OF_KEYS).await;
    report::table(&paths, &["bare", "echo"]);
}

async fn make(app: &App, name: &str, scopes: &[String]) -> String {
    let wish = KeyWish {
        name: Some(name),
        scopes: Some(scopes),
        ..KeyWish::default()
    };
    let made = app.auth().create_api_key(&Authority::Operator, None, wish);
    made.await.unwrap().text.to_string()
}
