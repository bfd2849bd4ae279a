use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::model::time::{Clock, Timestamp};

use super::verifiers::Verifiers;
use super::{DAY, HOUR, me, text};
use crate::harness::{Ask, Person, Store, TestServer, part};

/// How long tokens live: as long as any may.
const LIFETIME: Duration = HOUR;
/// How long steps are when something happens to a key: those who keep the JWKS for its max-age hold
/// it almost to the end.
const SHORT: Duration = Duration::from_secs(290);

/// Nodes that all sign, and everybody whom the tokens are shown to.
pub(super) struct World {
    /// Two of them, or the one that a file can have.
    pub(super) nodes: Vec<TestServer>,
    verifiers: [Verifiers; 2],
    /// What a resource server asks the nodes with.
    asks: String,
    refresh_token: String,
    /// The tokens that have not expired, the oldest first.
    living: Vec<String>,
    /// How often a token was shown to somebody.
    pub(super) shown: usize,
    /// The keys that have signed, in the order in which they began to.
    pub(super) signers: Vec<Value>,
}

impl World {
    pub(super) async fn new() -> Self {
        let here = TestServer::with(|settings| {
            settings.tokens.access_lifetime = LIFETIME;
            settings.sessions.absolute = 365 * DAY;
            settings.api_keys.default_expiry = 365 * DAY;
        });
        let here = here.await;
        here.create_user("root", &["*"]).await;
        let (asks, refresh_token) = {
            let root = Person::log_in_for(&here, "root", "signet.introspect.any").await;
            let asks = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
            let ada = here.person("ada").await;
            (root.create_key(asks).await.text, ada.refresh_token)
        };
        let by_max_age = Verifiers::by_max_age(&here).await;
        let mut nodes = vec![here];
        if let Store::Postgres(..) = &*nodes[0].store {
            nodes.push(nodes[0].beside().await);
        }
        let mut world = Self {
            verifiers: [by_max_age, Verifiers::new(DAY)],
            nodes,
            asks,
            refresh_token,
            living: Vec::new(),
            shown: 0,
            signers: Vec::new(),
        };
        world.verifiers_fetch().await;
        world
    }

    /// Lets time go by until then: in short steps around whatever happens to a key, and otherwise in
    /// long ones. After each of them all nodes sign, and all tokens are shown to everybody.
    pub(super) async fn live_until(&mut self, end: Timestamp) {
        while self.now() < end {
            let step = self.step().await;
            self.nodes[0].clock.advance(step);
            // Whichever node comes first, all agree.
            self.nodes.reverse();
            self.verifiers_fetch().await;
            self.nodes[0].auth.tend_signing_keys().await.unwrap();
            // The other one may or may not have heard of it.
            self.sign_and_show().await;
            for node in &self.nodes {
                node.auth.tend_signing_keys().await.unwrap();
                node.auth.catch_up().await.unwrap();
            }
            self.verifiers_fetch().await;
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.nodes[0].clock.now()
    }

    async fn verifiers_fetch(&mut self) {
        for verifiers in &mut self.verifiers {
            for node in &self.nodes {
                verifiers.fetch(node).await;
            }
        }
    }

    /// Has every node sign, and shows each token that has not expired to everybody: to resource
    /// servers that ask a node, and those that ask nobody. The youngest and the oldest of each node
    /// are shown to its own endpoint too: each token is, at its beginning and at its end.
    pub(super) async fn sign_and_show(&mut self) {
        for node in &self.nodes {
            let answer = node.refresh(&self.refresh_token).await.ok();
            self.refresh_token = text(&answer["refresh_token"]);
            let token = text(&answer["access_token"]);
            let header = part(&token, 0);
            if !self.signers.contains(&header) {
                self.signers.push(header);
            }
            self.living.push(token);
        }
        let now = self.now().seconds();
        self.living
            .retain(|token| part(token, 1)["exp"].as_i64() > Some(now));
        for node in &self.nodes {
            self.show_to(node).await;
            self.shown += self.living.len();
        }
        for verifiers in &self.verifiers {
            for token in &self.living {
                verifiers.accept(token, &self.nodes[0]);
            }
            self.shown += self.living.len();
        }
    }

    async fn show_to(&self, node: &TestServer) {
        let (nodes, all) = (self.nodes.len(), &self.living);
        for token in all.iter().take(nodes).chain(all.iter().rev().take(nodes)) {
            me(node, token).await.ok();
        }
        for tokens in self.living.chunks(100) {
            let request = node.request(Method::POST, "/v1/introspect");
            let request = request.bearer_auth(&self.asks);
            let answer = request.json(&json!({ "tokens": tokens })).ask().await.ok();
            let results = answer["results"].as_array().unwrap();
            assert_eq!(results.len(), tokens.len());
            assert!(results.iter().all(|said| said["active"] == true));
        }
    }

    /// How long it is until something is to be seen: a key that takes over, or one that goes.
    async fn step(&self) -> Duration {
        let (now, mut step) = (self.now(), DAY / 2);
        let settings = &self.nodes[0].settings.signing_keys;
        for key in self.nodes[0].auth.signing_keys().await.unwrap() {
            let begun = key.activated_at;
            let moments = [
                (Some(key.published_at.plus(settings.publish_ahead)), SHORT),
                (begun.map(|since| since.plus(settings.rotate_every)), SHORT),
                (begun, LIFETIME + 4 * SHORT),
                (key.retired_at, LIFETIME + 4 * SHORT),
            ];
            for (moment, after) in moments {
                let Some(moment) = moment else { continue };
                let begins = moment.minus(2 * SHORT);
                if now < begins {
                    step = step.min(begins.since(now));
                } else if now < moment.plus(after) {
                    step = step.min(SHORT);
                }
            }
        }
        step
    }
}
