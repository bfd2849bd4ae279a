//! What is presented to the programs.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::forged::{Signer, part, symmetric, tampered_claims, tampered_signature, unsigned};
use super::issuer::Issuer;
use super::processes::{Node, Site};

pub(crate) const AUDIENCE: &str = "https://notes.example.com";
const OTHER: &str = "https://pages.example.com";

/// A request to a program, and the status of the right answer.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) authorization: Vec<String>,
    pub(crate) answer: u16,
    /// The token, where it is one.
    pub(crate) credential: String,
}

/// Signet with somebody whose notes are asked for, and a key in its set that the test has.
pub(crate) struct Credentials {
    pub(crate) issuer: Issuer,
    /// The programs' own, for introspection.
    pub(crate) key: String,
    site: Site,
    node: Node,
    /// Signet's own tokens.
    good: String,
    reader: String,
    ended: String,
    known: Signer,
    next: Signer,
}

impl Credentials {
    pub(crate) async fn new() -> Self {
        let issuer = Issuer::start().await;
        let site = Site::new(&[
            ("SIGNET_SERVER__ISSUER", &issuer.url),
            ("SIGNET_TOKENS__AUDIENCE", &format!("{AUDIENCE},{OTHER}")),
        ]);
        site.json(&["scope", "add", "notes.read", "notes.write"]);
        let ada = site.user("ada");
        site.json(&["user", "grant", "ada", "notes.*"]);
        let introspect = ["--scope", "signet.introspect", "--audience", AUDIENCE];
        let key = api_key(&site, &[&["--name", "notes"][..], &introspect].concat());
        let node = site.start();
        issuer.is_at(&node.address);

        let http = Client::new();
        let log_in = async |scope| {
            let answer = ada.log_in_for(&http, &node, scope).await;
            let text = |name: &str| answer[name].as_str().unwrap().to_owned();
            (text("access_token"), text("refresh_token"))
        };
        let (good, _) = log_in("notes.read notes.write").await;
        let (reader, _) = log_in("notes.read").await;
        let (ended, refresh) = log_in("notes.read notes.write").await;
        let goodbye = json!({ "refresh_token": refresh });
        let answer = http.post(node.url("logout")).json(&goodbye).send().await;
        assert!(answer.unwrap().status().is_success());

        let jwks = format!("http://{}/.well-known/jwks.json", node.address);
        let jwks: Value = http.get(jwks).send().await.unwrap().json().await.unwrap();
        jwks["keys"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(|key| issuer.publish(key.clone()));
        let (known, next) = (Signer::new("known"), Signer::new("next"));
        issuer.publish(known.jwk());
        Self {
            issuer,
            key,
            site,
            node,
            good,
            reader,
            ended,
            known,
            next,
        }
    }

    pub(crate) async fn cases(&self) -> Vec<Case> {
        [
            self.of_signet(),
            self.of_signatures(),
            self.of_claims(),
            self.of_api_keys().await,
            self.of_headers(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn of_signet(&self) -> Vec<Case> {
        vec![
            read("an access token", 200, &self.good),
            write("an access token, asked about", 200, &self.good),
            write("an access token without the scope", 403, &self.reader),
            read("of a session that has ended, until `exp`", 200, &self.ended),
            write("of a session that has ended, asked about", 401, &self.ended),
            read(
                "another subject under the same signature",
                401,
                &tampered_claims(&self.good),
            ),
            read(
                "one bit of the signature changed",
                401,
                &tampered_signature(&self.good),
            ),
        ]
    }

    /// Tokens that are good but for one of their claims.
    fn of_claims(&self) -> Vec<Case> {
        let (claims, url) = (part(&self.good, 1), &self.issuer.url);
        let now = claims["iat"].as_i64().unwrap();
        let with = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            self.known.sign("at+jwt", &claims)
        };
        let without = |name: &str| {
            let mut claims = claims.clone();
            claims.as_object_mut().unwrap().remove(name);
            self.known.sign("at+jwt", &claims)
        };
        vec![
            read("expired a second ago", 401, &with("exp", json!(now - 1))),
            read("without `exp`", 401, &without("exp")),
            read("`nbf` in an hour", 401, &with("nbf", json!(now + 3600))),
            read("another audience", 401, &with("aud", json!(OTHER))),
            read(
                "only Signet's own",
                401,
                &with("aud", json!([format!("{url}/v1")])),
            ),
            read("without `aud`", 401, &without("aud")),
            read(
                "another issuer",
                401,
                &with("iss", json!(format!("{url}.evil"))),
            ),
            read(
                "the issuer and a slash",
                401,
                &with("iss", json!(format!("{url}/"))),
            ),
            read("without `sub`", 401, &without("sub")),
        ]
    }

    /// Tokens whose claims are good.
    fn of_signatures(&self) -> Vec<Case> {
        let (known, stranger) = (&self.known, Signer::new("stranger"));
        let (ours, claims) = (part(&self.good, 0), part(&self.good, 1));
        let under = |changes: Value, signer: &Signer| {
            let mut header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "known" });
            for (name, value) in changes.as_object().unwrap() {
                header[name] = value.clone();
            }
            let header = header.as_object_mut().unwrap();
            header.retain(|_, value| !value.is_null());
            signer.sign_under(&json!(header), &claims)
        };
        let extended = under(json!({ "crit": ["x"], "x": 1 }), known);
        let symmetric = symmetric("known", &known.pem(), &claims);
        let usurped = stranger.sign_under(&ours, &claims);
        let inside = under(json!({ "jwk": stranger.jwk() }), &stranger);
        vec![
            read(
                "another key of the set",
                200,
                &known.sign("at+jwt", &claims),
            ),
            read("`typ: JWT`", 401, &known.sign("JWT", &claims)),
            read(
                "`typ: identity+jwt`",
                401,
                &known.sign("identity+jwt", &claims),
            ),
            read("without `typ`", 401, &under(json!({ "typ": null }), known)),
            read("`crit`: an unknown extension", 401, &extended),
            read("`alg: none`", 401, &unsigned(&ours, &claims)),
            read("`alg: HS256` with the public key", 401, &symmetric),
            read("a strange key, a known `kid`", 401, &usurped),
            read("a strange key in the token (`jwk`)", 401, &inside),
            read("an unknown `kid`", 401, &stranger.sign("at+jwt", &claims)),
        ]
    }

    async fn of_api_keys(&self) -> Vec<Case> {
        let key = |name: &str, more: &[&str]| {
            let whose = ["--user", "ada", "--name", name];
            api_key(&self.site, &[&whose[..], more].concat())
        };
        let (good, revoked) = (key("good", &[]), key("revoked", &[]));
        self.site
            .json(&["api-key", "revoke", "revoked", "--user", "ada"]);
        let read_only = key("read-only", &["--read-only"]);
        let expired = key("expired", &["--expires", "1s"]);
        self.until_over(&expired).await;
        vec![
            read("an API key", 200, &good),
            read("an API key that may only read", 200, &read_only),
            write("an API key that may only read, to write", 401, &read_only),
            write(
                "an API key without the scope",
                403,
                &key("reader", &["--scope", "notes.read"]),
            ),
            read("an API key that has expired", 401, &expired),
            read("an API key that is revoked", 401, &revoked),
            read(
                "an API key for another audience",
                401,
                &key("elsewhere", &["--audience", OTHER]),
            ),
            read(
                "an API key bound to another network",
                401,
                &key("bound", &["--address", "192.0.2.0/24"]),
            ),
            read("an API key that never was", 401, &another(&good)),
        ]
    }

    /// Waits until Signet says that a credential is over.
    async fn until_over(&self, credential: &str) {
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        loop {
            let asked = Client::new().post(format!("{}/oauth/introspect", self.issuer.url));
            let form = format!("token={credential}");
            let form = asked
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form);
            let answer = form.bearer_auth(&self.key).send().await.unwrap();
            if answer.json::<Value>().await.unwrap()["active"] == false {
                return;
            }
            pace.tick().await;
        }
    }

    fn of_headers(&self) -> Vec<Case> {
        let asked = |what, answer, values: &[&str]| Case {
            authorization: values.iter().map(|&value| value.to_owned()).collect(),
            ..read(what, answer, "")
        };
        let bearer = format!("Bearer {}", self.good);
        vec![
            asked("nothing", 401, &[]),
            Case {
                query: format!("?access_token={}", self.good),
                ..asked("the token in the query", 401, &[])
            },
            asked("`Authorization` twice", 400, &[&bearer, &bearer]),
            asked("another scheme", 401, &["Basic YWRhOnBhc3N3b3Jk"]),
            asked(
                "`bearer` in lower case",
                200,
                &[&bearer.replace("Bearer", "bearer")],
            ),
            read("what is no token", 401, "rubbish"),
            read("three parts that are none", 401, "a.b.c"),
        ]
    }

    /// The next key is published, and signs.
    pub(crate) fn next_key(&self) -> Case {
        self.issuer.publish(self.next.jwk());
        read(
            "the next key, within seconds",
            200,
            &self.next.sign("at+jwt", &part(&self.good, 1)),
        )
    }

    /// Signet is gone.
    pub(crate) fn cases_without_signet(&mut self) -> Vec<Case> {
        self.node.crash();
        vec![
            read("an access token while Signet is down", 200, &self.good),
            read("an API key while Signet is down", 503, &self.key),
        ]
    }
}

fn read(what: &'static str, answer: u16, credential: &str) -> Case {
    Case {
        what,
        method: Method::GET,
        query: String::new(),
        authorization: vec![format!("Bearer {credential}")],
        answer,
        credential: credential.to_owned(),
    }
}

fn write(what: &'static str, answer: u16, credential: &str) -> Case {
    Case {
        method: Method::DELETE,
        ..read(what, answer, credential)
    }
}

/// A key that differs from this one in one character.
fn another(key: &str) -> String {
    let (rest, last) = key.split_at(key.len() - 1);
    format!("{rest}{}", if last == "A" { "Q" } else { "A" })
}

/// Makes one; the key itself.
fn api_key(site: &Site, options: &[&str]) -> String {
    let made = site.json(&[&["api-key", "create"], options].concat());
    made["api_key"].as_str().unwrap().to_owned()
}
