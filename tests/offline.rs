//! A token of the real binary, verified offline by libraries that know nothing of Signet, each from
//! its own package under tests/offline/; and tokens that each of them must refuse.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;
mod forged;
mod packages;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use demo::Demo;
use forged::{Signer, part, tampered_claims, tampered_signature, unsigned};

#[tokio::test]
async fn jt_13_pyjwt_verifies_offline() {
    let outcomes = Task::new().await.give_to(&mut python());
    outcomes.hold("ExpiredSignatureError", "InvalidSignatureError", "KeyError");
}

#[tokio::test]
async fn jt_13_jose_verifies_offline() {
    let outcomes = Task::new().await.give_to(&mut node());
    outcomes.hold(
        "ERR_JWT_EXPIRED",
        "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
        "ERR_JWKS_NO_MATCHING_KEY",
    );
}

#[tokio::test]
async fn jt_13_jsonwebtoken_verifies_offline() {
    let outcomes = Task::new().await.give_to(&mut rust());
    outcomes.hold("ExpiredSignature", "InvalidSignature", "InvalidKeyFormat");
}

/// What a verifier is given: keys, expectations, and tokens by name.
#[derive(Serialize)]
struct Task {
    jwks: Value,
    issuer: String,
    audience: String,
    tokens: BTreeMap<&'static str, String>,
}

impl Task {
    /// Logs in at a fresh server, and makes the hostile tokens from what it answers.
    ///
    /// The JWKS is the server's, with one key of ours beside it: so a token can be expired, or for
    /// somebody else, and otherwise be perfectly good.
    async fn new() -> Self {
        let demo = Demo::start(&[]);
        let (http, url) = (reqwest::Client::new(), &demo.card.url);
        let login = json!({ "username": demo.card.username, "password": demo.card.password });
        let answer = http
            .post(format!("{url}/v1/auth/login"))
            .json(&login)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        let good = answer["access_token"].as_str().unwrap().to_owned();

        let jwks = http
            .get(format!("{url}/.well-known/jwks.json"))
            .send()
            .await
            .unwrap();
        let mut jwks: Value = jwks.json().await.unwrap();
        let (header, claims) = (part(&good, 0), part(&good, 1));
        assert_eq!(claims["client_id"], json!(demo.card.client_id));
        let (known, stranger) = (Signer::new("known"), Signer::new("stranger"));
        jwks["keys"].as_array_mut().unwrap().push(known.jwk());

        let now = claims["iat"].as_i64().unwrap();
        let issuer = url.clone();
        let with = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            claims
        };
        let tokens = BTreeMap::from([
            ("known", known.sign("at+jwt", &claims)),
            (
                "expired",
                known.sign("at+jwt", &with("exp", json!(now - 120))),
            ),
            (
                "other audience",
                known.sign("at+jwt", &with("aud", json!(format!("{issuer}.evil")))),
            ),
            (
                "other issuer",
                known.sign("at+jwt", &with("iss", json!(format!("{issuer}.evil")))),
            ),
            ("other type", known.sign("JWT", &claims)),
            ("tampered claims", tampered_claims(&good)),
            ("tampered signature", tampered_signature(&good)),
            ("foreign", stranger.sign("at+jwt", &claims)),
            (
                "foreign under our kid",
                stranger.sign_under(&header, &claims),
            ),
            ("unsigned", unsigned(&header, &claims)),
            ("good", good),
        ]);
        Self {
            jwks,
            audience: issuer.clone(),
            issuer,
            tokens,
        }
    }

    fn give_to(&self, verifier: &mut Command) -> Outcomes {
        let mut child = verifier
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let task = serde_json::to_vec(self).unwrap();
        child.stdin.take().unwrap().write_all(&task).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{verifier:?}: {}", output.status);
        Outcomes(serde_json::from_slice(&output.stdout).unwrap())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Claims(Value),
    Refused(String),
}

struct Outcomes(BTreeMap<String, Outcome>);

impl Outcomes {
    /// The good ones are accepted, all others refused; the three best known for their own reason.
    fn hold(self, expired: &str, bad_signature: &str, unknown_key: &str) {
        let Self(mut outcomes) = self;
        for name in ["good", "known"] {
            let Some(Outcome::Claims(claims)) = outcomes.remove(name) else {
                panic!("{name} is refused: {outcomes:?}");
            };
            assert!(claims["sub"].as_str().unwrap().starts_with("usr_"));
        }
        assert_eq!(outcomes.len(), 9);
        for (name, outcome) in outcomes {
            let Outcome::Refused(reason) = outcome else {
                panic!("{name} is accepted")
            };
            let expected = match name.as_str() {
                "expired" => expired,
                "tampered claims" | "tampered signature" | "foreign under our kid" => bad_signature,
                "foreign" => unknown_key,
                _ => continue,
            };
            assert_eq!(reason, expected, "{name}");
        }
    }
}

/// The verifier with `PyJWT`, in a virtual environment of its own.
fn python() -> Command {
    packages::python("offline/python", "verify.py")
}

/// The verifier with jose.
fn node() -> Command {
    packages::node("offline/node", "verify.mjs")
}

/// The verifier with jsonwebtoken, with that library's own cryptography.
fn rust() -> Command {
    let (package, _) = packages::package("offline/rust");
    let mut verifier = Command::new(env!("CARGO"));
    verifier.args(["run", "--quiet", "--locked", "--manifest-path"]);
    verifier
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust"));
    verifier
}
