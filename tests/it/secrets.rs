//! What is kept and what is said: never a secret.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use metrics_exporter_prometheus::PrometheusBuilder;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use signet::auth::clients::ClientWish;
use signet::model::client::ClientKind;

use crate::harness::{Ask, Log, PASSWORD, Person, TestServer};
use crate::oauth::register;

const NEW_PASSWORD: &str = "copper lantern ferry 77";

#[tokio::test]
async fn rt_12_no_token_and_no_digest_of_one_is_stored() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let mut secrets = vec![PASSWORD.as_bytes().to_vec()];
    for _ in 0..3 {
        for token in [&ada.refresh_token, &ada.access_token] {
            secrets.push(token.as_bytes()[token.len() - 40..].to_vec());
            let digest = digest(&SHA256, token.as_bytes());
            secrets.extend(spellings(digest.as_ref()));
        }
        ada.refresh().await.ok();
    }
    let dump = server.store.dump().await;
    let sid = ada.claims()["sid"].as_str().unwrap().to_owned();
    assert!(
        contains(&dump, sid.as_bytes()),
        "the dump holds the session"
    );
    for secret in secrets {
        assert!(
            !contains(&dump, &secret),
            "{}",
            String::from_utf8_lossy(&secret)
        );
    }
}

/// What is kept of a key finds it and proves it, and makes no other.
#[tokio::test]
async fn ak_04_of_a_key_a_digest_is_stored_and_what_it_is_found_by() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let (lookup, secret) = (&key.text[11..27], &key.text[27..59]);
    let mut stranger = server.store.connect().await;
    let kept = "SELECT lookup || ' ' || key_id || ' ' || digest FROM api_key_secrets";
    let kept = stranger.texts(kept).await;
    let digest = kept[0].strip_prefix(&format!("{lookup} {} ", key.id));
    assert!(kept.len() == 1 && digest.unwrap().len() == 43, "{kept:?}");
    let dump = server.store.dump().await;
    assert!(contains(&dump, lookup.as_bytes()));
    // Neither the secret, nor a digest of the key that could be tried without the pepper.
    for text in [secret, &key.text[27..67], &key.text] {
        let plain = digest_of(text);
        for secret in [vec![text.as_bytes().to_vec()], plain].concat() {
            assert!(!contains(&dump, &secret), "{text}");
        }
    }
}

fn digest_of(text: &str) -> Vec<Vec<u8>> {
    spellings(digest(&SHA256, text.as_bytes()).as_ref())
}

/// As detect-secrets does it: `Base64HighEntropyString` takes a quoted string for a secret above 4.5
/// bits a character.
#[tokio::test]
async fn ak_08_scanners_find_our_secrets() {
    let server = TestServer::start().await;
    server.create_user("ada", &["pages.read"]).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let key = json!({ "name": "CI", "current_password": PASSWORD });
    let key = ada.post("/v1/me/api-keys", key).await.created();
    let wish = ClientWish {
        name: "export",
        ..ClientWish::default()
    };
    let client = register(&server, ClientKind::Confidential, wish).await;
    let documented = include_str!("../../docs/api-keys.md");
    for (secret, kind, digits) in [
        (key["api_key"].as_str().unwrap(), "ak", 63),
        (&ada.refresh_token, "rt", 63),
        (&client.secret, "cs", 49),
    ] {
        // One word, which a double click selects, under a prefix that says whose it is.
        let rest = secret.strip_prefix(&format!("signet_{kind}_")).unwrap();
        assert_eq!(rest.len(), digits);
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let pattern = format!("`signet_{kind}_[0-9A-Za-z]{{{digits}}}`");
        assert!(documented.contains(&pattern), "{pattern}");
        assert!(entropy(secret) > 4.5, "{kind}: {}", entropy(secret));
    }
}

/// Shannon's, in bits a character.
fn entropy(text: &str) -> f64 {
    let length = f64::from(u32::try_from(text.len()).unwrap());
    let distinct: BTreeSet<u8> = text.bytes().collect();
    let share = |byte: &u8| {
        let count = text.bytes().filter(|other| other == byte).count();
        f64::from(u32::try_from(count).unwrap()) / length
    };
    -distinct
        .iter()
        .map(share)
        .map(|p| p * p.log2())
        .sum::<f64>()
}

#[tokio::test]
async fn pw_06_a_hash_costs_what_is_configured() {
    for (configured, expected) in [
        (None, "$argon2id$v=19$m=19456,t=2,p=1$"),
        (Some((20_480, 3)), "$argon2id$v=19$m=20480,t=3,p=1$"),
    ] {
        let server = TestServer::starting(
            |settings| {
                if let Some((memory, passes)) = configured {
                    settings.password.argon2_memory = memory;
                    settings.password.argon2_passes = passes;
                }
            },
            |ambient| ambient.password_cost = None,
        )
        .await;
        server.create_user("ada", &[]).await;
        let mut database = server.store.connect().await;
        let hashes = database.texts("SELECT password_hash FROM users").await;
        let [hash] = &hashes[..] else {
            panic!("{hashes:?}")
        };
        assert!(hash.starts_with(expected), "{hash}");
    }
}

#[tokio::test]
async fn pw_06_passwords_are_kept_as_argon2id_strings() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    server.create_user("eve", &[]).await;
    let dump = server.store.dump().await;
    let dump = String::from_utf8_lossy(&dump);
    let mut salts = Vec::new();
    for hash in dump.split("$argon2id$v=19$m=8,t=1,p=1$").skip(1) {
        salts.push(hash.split('$').next().unwrap().to_owned());
    }
    assert!(
        salts.iter().all(|salt| salt.len() >= 22),
        "a salt is 16 bytes or more: {salts:?}"
    );
    salts.sort();
    salts.dedup();
    assert!(salts.len() >= 2, "each password has its own salt");
}

#[tokio::test]
async fn pw_09_no_secret_is_logged_or_answered() {
    Log::keep();
    let recorder = PrometheusBuilder::new().build_recorder();
    // The server runs on the test's own thread.
    let _counting = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let mut secrets = vec![ada.access_token.clone(), ada.refresh_token.clone()];
    ada.refresh().await.ok();
    secrets.extend([ada.access_token.clone(), ada.refresh_token.clone()]);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    ada.put("/v1/me/password", change).await.no_content();
    let broken = json!({ "username": ["broken-secret"], "password": { "x": "broken-secret" } });
    let refusals = [
        // People type passwords into the name field.
        server.login(NEW_PASSWORD, "ada").await,
        server.login("ada", "wrong-secret-guess").await,
        server.refresh("signet_rt_typed-by-hand").await,
        server.post("/v1/auth/login", broken).await,
        server.get("/v1/me?access_token=secret-in-the-url").await,
        server
            .request(reqwest::Method::GET, "/v1/me")
            .bearer_auth("secret-in-a-header")
            .ask()
            .await,
    ];
    ada.log_out().await.no_content();

    assert!(Log::own().contains("login.succeeded"), "{}", Log::own());
    let mut text = Log::all();
    for refusal in refusals {
        assert!(matches!(refusal.status, 401 | 422), "{}", refusal.status);
        text.push_str(refusal.text());
    }
    secrets.extend([PASSWORD, NEW_PASSWORD].map(str::to_owned));
    secrets.extend(
        [
            "secret-guess",
            "typed-by-hand",
            "broken-secret",
            "secret-in",
        ]
        .map(str::to_owned),
    );
    let page = recorder.handle().render();
    assert!(page.contains("signet_logins_total"), "{page}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is told");
        assert!(!page.contains(&secret), "{secret} is in {page}");
    }
}

/// Each test looks at the lines of the whole run when it ends; this one sees that it would find
/// something, and adds what holds most secrets.
#[tokio::test]
async fn ob_02_no_line_of_the_whole_run_holds_a_secret() {
    Log::keep();
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let wish = json!({ "name": "CI", "current_password": PASSWORD });
    let key = ada.post("/v1/me/api-keys", wish).await.created();
    let key = key["api_key"].as_str().unwrap().to_owned();
    server
        .request(reqwest::Method::GET, "/v1/users")
        .bearer_auth(&key)
        .ask()
        .await
        .refused(403, "insufficient_scope");
    let mut browser = server.browser();
    browser.login("ada", PASSWORD).await.ok();
    browser.refresh().await.ok();
    let (access_token, refresh_token) = (ada.access_token.clone(), ada.refresh_token.clone());
    ada.refresh().await.ok();
    server.refresh(&refresh_token).await.ok();
    ada.log_out().await.no_content();
    for secret in [
        &key,
        &access_token,
        &refresh_token,
        &browser.cookie(),
        PASSWORD,
    ] {
        assert!(Log::leaks_in(&format!("x={secret} y")), "{secret}");
    }
    assert!(!Log::leaks_in(
        "a token is spelt signet_rt_…, a key signet_ak_"
    ));
    assert!(Log::own().contains("api_key.created"), "{}", Log::own());
    assert_eq!(Log::leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn pw_09_the_document_shows_no_password_that_anybody_has() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").await.ok();
    let mut shown = BTreeSet::new();
    secrets_shown(&document, &mut shown);
    // Words in place of secrets: whoever adds another adds it here, and thinks twice.
    let words = [
        "several words, unrelated",
        "the one that signet demo printed",
        "signet_rt_…",
        "eyJ…",
        // A header, no claims, and `sig` for a signature.
        "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln",
    ];
    assert_eq!(shown, words.map(str::to_owned).into());
}

/// The strings that stand where a password or a token would.
fn secrets_shown(value: &Value, shown: &mut BTreeSet<String>) {
    for item in value.as_array().into_iter().flatten() {
        secrets_shown(item, shown);
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let secret = ["password", "_token"];
        let is_one = secret.iter().any(|secret| name.ends_with(secret));
        match member {
            Value::String(text) if is_one => _ = shown.insert(text.clone()),
            _ => secrets_shown(member, shown),
        }
        if value["format"] == "password" {
            for name in ["example", "default", "enum"] {
                assert!(value.get(name).is_none(), "{value}");
            }
        }
    }
}

#[tokio::test]
async fn rt_15_reuse_leaves_an_event_that_names_the_session_and_is_counted() {
    Log::keep();
    let recorder = PrometheusBuilder::new().build_recorder();
    // The server runs on the test's own thread.
    let _counting = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let stolen = ada.refresh_token.clone();
    for _ in 0..2 {
        ada.refresh().await.ok();
        server.clock.advance(Duration::from_mins(1));
    }
    let counted = || recorder.handle().render();
    assert!(!counted().contains("\"reuse\""), "{}", counted());
    server.refresh(&stolen).await.refused(401, "session_ended");
    let page = counted();
    for line in [
        "signet_refreshes_total{verdict=\"reuse\"} 1",
        "signet_sessions_ended_total{reason=\"reuse\"} 1",
    ] {
        assert!(page.lines().any(|counted| counted == line), "{page}");
    }
    assert!(!page.contains("signet_rt_"), "{page}");
    let text = Log::own();
    let sid = ada.claims()["sid"].as_str().unwrap().to_owned();
    let event = text
        .lines()
        .find(|line| line.contains("reuse") && line.contains(&sid));
    assert!(event.is_some(), "{text}");
    assert!(!text.contains("signet_rt_"));
}

/// Bytes as they are, and as text: what a column of either type would hold.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect();
    let texts = [
        hex.to_uppercase(),
        hex,
        BASE64URL.encode(bytes),
        BASE64.encode(bytes),
    ];
    let mut all = vec![bytes.to_vec()];
    all.extend(texts.map(String::into_bytes));
    all
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
