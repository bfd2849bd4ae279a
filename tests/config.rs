//! The configuration as an administrator meets it: a file, variables, and sentences.

use std::{ffi::OsString, fs, path::PathBuf, time::Duration};

use signet::config::{self, ConfigError, FileChoice, Listen, Loaded, Settings, Source};
use tempfile::TempDir;

/// Compare with `signet config example > signet.example.toml`.
#[test]
fn the_example_file_is_what_the_code_says() {
    let committed = include_str!("../signet.example.toml");
    let same = committed == config::example();
    assert!(
        same,
        "signet.example.toml is out of date: run `make openapi`"
    );
}

#[test]
fn the_example_file_gives_the_defaults_when_everything_is_switched_on() {
    let switched_on: String = config::example()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    // Redis stands in front of PostgreSQL only.
    let server = "postgres://signet@localhost/signet?host=/run/postgresql";
    let switched_on = switched_on.replace("sqlite://data/signet.db", server);
    let dir = TempDir::new().unwrap();
    let path = owned_file(&dir, &switched_on);
    let loaded = config::load(&FileChoice::Named(path.clone()), []).unwrap();
    assert!(
        loaded
            .values
            .iter()
            .all(|value| value.source == Source::File(path.clone()))
    );

    let (mut settings, defaults) = (loaded.settings, Settings::defaults().unwrap());
    settings.keys = defaults.keys.clone();
    settings.store = defaults.store.clone();
    settings.tokens.audience = None;
    settings.password.lane_threads = None;
    settings.verify.cookie_domain = None;
    assert_eq!(format!("{settings:?}"), format!("{defaults:?}"));
    assert_eq!(loaded.warnings, Vec::<String>::new());
}

#[test]
fn te_25_an_http_issuer_is_refused_unless_it_is_this_machine() {
    for issuer in [
        "http://id.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
    ] {
        refused("", &[("SIGNET_SERVER__ISSUER", issuer)], "is plain http");
    }
    for issuer in [
        "https://id.example.com",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
    ] {
        let loaded = load("", &[("SIGNET_SERVER__ISSUER", issuer)]).unwrap();
        assert_eq!(loaded.settings.server.issuer.as_str(), issuer);
    }
    let operations = include_str!("../docs/operations.md");
    for proxy in [
        "## Behind a proxy",
        "ssl_certificate_key",
        "reverse_proxy 127.0.0.1:8080",
    ] {
        assert!(operations.contains(proxy), "docs/operations.md: {proxy}");
    }
}

#[test]
fn redis_is_refused_beside_a_file_and_its_password_is_never_shown() {
    refused(
        "[store]\nredis = \"redis://cache/0\"",
        &[],
        "store.redis is set, but store.database is an SQLite file",
    );
    let url = "rediss://signet:open-sesame@cache.example/3";
    let file = "[store]\ndatabase = \"postgres://signet@localhost/signet?host=/run/postgresql\"";
    let loaded = load(file, &[("SIGNET_STORE__REDIS", url)]).unwrap();
    let shown = format!("{:?} {:?}", loaded.settings.store, loaded.values);
    assert!(
        shown.contains("cache.example") && !shown.contains("open-sesame"),
        "{shown}"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nissuer = \"https://a.example\"\n";
    let loaded = load(file, &[("SIGNET_SERVER__LISTEN", "127.0.0.1:2")]).unwrap();
    let server = &loaded.settings.server;
    assert_eq!(server.listen.port(), 2);
    assert_eq!(server.issuer.as_str(), "https://a.example");
    assert_eq!(
        server.metrics_listen,
        Listen::At("127.0.0.1:9090".parse().unwrap())
    );
    let source = |name: &str| {
        let value = loaded
            .values
            .iter()
            .find(|value| value.leaf.name() == name)
            .unwrap();
        value.source.to_string()
    };
    assert_eq!(source("server.listen"), "SIGNET_SERVER__LISTEN");
    assert!(source("server.issuer").ends_with("signet.toml"));
    assert_eq!(source("server.docs"), "default");
}

#[test]
fn every_kind_of_value_can_come_from_a_variable() {
    let settings = load(
        "",
        &[
            ("SIGNET_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.1"),
            ("SIGNET_SERVER__METRICS_LISTEN", "off"),
            ("SIGNET_SERVER__DOCS", "false"),
            ("SIGNET_SIGNING_KEYS__ALGORITHMS", "RS256,ES256"),
            ("SIGNET_PASSWORD__LANE_THREADS", "3"),
            ("SIGNET_LIMITS__BODY", "32 KiB"),
            ("SIGNET_SESSIONS__IDLE", "7d"),
            ("SIGNET_TOKENS__AUDIENCE", "https://api.example.com"),
            ("SIGNET_TOKENS__PREFIX", "acme"),
            ("SIGNET_TOKENS__ACCEPTED_PREFIXES", ""),
            ("SIGNET_LOG", "debug"),
        ],
    )
    .unwrap()
    .settings;
    assert_eq!(
        settings.server.trusted_proxies[1].to_string(),
        "192.168.0.1/32"
    );
    assert_eq!(settings.server.metrics_listen, Listen::Off);
    assert!(!settings.server.docs);
    assert_eq!(settings.signing_keys.algorithms[0].as_str(), "RS256");
    assert_eq!(settings.password.lane_threads, Some(3));
    assert_eq!(settings.limits.body, 32_768);
    assert_eq!(settings.sessions.idle, Duration::from_hours(7 * 24));
    assert_eq!(
        settings.tokens.audience.unwrap(),
        ["https://api.example.com"]
    );
    assert_eq!(settings.tokens.prefix.as_str(), "acme");
    assert_eq!(settings.log.level, config::LogLevel::Debug);
}

#[test]
fn a_secret_comes_from_a_variable_or_a_file_and_is_never_shown() {
    let dir = TempDir::new().unwrap();
    let secret_file = dir.path().join("master");
    fs::write(&secret_file, "1:hunter2\n").unwrap();
    let by_file = [("SIGNET_KEYS__MASTER_FILE", secret_file.to_str().unwrap())];
    for variables in [&by_file, &[("SIGNET_KEYS__MASTER", "1:hunter2")]] {
        let loaded = load("", variables).unwrap();
        assert!(
            loaded
                .settings
                .keys
                .master
                .as_ref()
                .unwrap()
                .expose()
                .starts_with("1:hunter2")
        );
        assert!(!format!("{loaded:?}").contains("hunter2"));
    }
    let both = [by_file[0], ("SIGNET_KEYS__MASTER", "1:hunter2")];
    refused(
        "",
        &both,
        "SIGNET_KEYS__MASTER and SIGNET_KEYS__MASTER_FILE are both set; unset one of them.",
    );
    refused(
        "",
        &[("SIGNET_KEYS__MASTER_FILE", "/nowhere")],
        "SIGNET_KEYS__MASTER_FILE names /nowhere, which cannot be read",
    );
    refused(
        "[keys]\nmaster = \"1:hunter2\"",
        &[],
        "others can read it; run `chmod 600",
    );
    refused("[keys]\nmaster = 5", &[], "others can read it");
}

#[test]
fn unknown_names_stop_the_start_and_the_nearest_one_is_named() {
    for (file, sentence) in [
        (
            "[server]\nlisten_on = \"x\"",
            "unknown setting server.listen_on; did you mean server.listen?",
        ),
        (
            "[servers]\nlisten = \"x\"",
            "unknown section [servers]; did you mean [server]?",
        ),
        (
            "listen = \"x\"",
            "unknown setting listen; did you mean server.listen?",
        ),
        (
            "[server]\nidle = \"1d\"",
            "unknown setting server.idle; did you mean sessions.idle?",
        ),
        (
            "[server]\nquux_quux = 1",
            "unknown setting server.quux_quux; remove it (signet.example.toml names all).",
        ),
        ("[zzzzzzzz]", "unknown section [zzzzzzzz]; remove it"),
    ] {
        refused(file, &[], sentence);
    }
    refused(
        "",
        &[("SIGNET_SERVER_LISTEN", "x")],
        "unknown variable SIGNET_SERVER_LISTEN; did you mean SIGNET_SERVER__LISTEN?",
    );
    refused("", &[("SIGNET_QUUX", "x")], "unknown variable SIGNET_QUUX");
}

#[test]
fn values_that_do_not_parse_are_refused_where_they_stand() {
    for (file, sentence) in [
        (
            "[server]\nlisten = 8080",
            ") is a whole number, but it takes text in quotes, such as \"127.0.0.1:8080\".",
        ),
        (
            "[server]\nlisten = \"localhost\"",
            "\"localhost\" is not an address and port",
        ),
        (
            "[server]\ndocs = \"yes\"",
            ") is text, but it takes true or false, without quotes.",
        ),
        (
            "[store]\ndatabase = \"data.db\"",
            ") is not a database URL; write",
        ),
        (
            "[sessions]\nidle = \"two weeks\"",
            "\"two weeks\" is not a duration",
        ),
        (
            "[sessions]\nidle = 300",
            "\"300\" has no unit; write \"300s\" for seconds",
        ),
        (
            "[sessions]\nidle = 1.5",
            "is a number with a fraction, but it takes text in quotes, such as \"14d\"",
        ),
        ("[limits]\nbody = \"64kb\"", "\"64kb\" is not a size"),
        (
            "[tokens]\nprefix = \"Acme_\"",
            "a token prefix is 2 to 16 lower-case letters and digits",
        ),
        (
            "[signing_keys]\nalgorithms = [\"HS256\"]",
            "\"HS256\" is unknown; write \"ES256\" or \"RS256\" or \"EdDSA\"",
        ),
        (
            "[signing_keys]\nalgorithms = [\"none\"]",
            "\"none\" is unknown",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "\"loud\" is unknown; write \"error\" or",
        ),
        ("[server\n", "line 1: this is not TOML ("),
        ("[server]\n\nlisten = = 1", "line 3: this is not TOML ("),
    ] {
        refused(file, &[], sentence);
    }
    refused(
        "",
        &[("SIGNET_PASSWORD__MIN_LENGTH", "ten")],
        "password.min_length (SIGNET_PASSWORD__MIN_LENGTH): \"ten\" is not a whole number in its range.",
    );
}

#[test]
fn jk_10_no_algorithm_that_shares_its_secret_can_be_configured() {
    for name in ["HS256", "HS384", "HS512", "none", "None", "PS256", "ES256K"] {
        let sentence = format!("\"{name}\" is unknown");
        let file = format!("[signing_keys]\nalgorithms = [\"ES256\", \"{name}\"]");
        refused(&file, &[], &sentence);
        refused("", &[("SIGNET_SIGNING_KEYS__ALGORITHMS", name)], &sentence);
    }
}

#[test]
fn unsafe_combinations_are_refused() {
    for (variable, value, sentence) in UNSAFE {
        refused("", &[(&format!("SIGNET_{variable}"), value)], sentence);
    }
    refused(
        "[tokens]\naudience = []",
        &[],
        "a token without audience is for anybody",
    );
    refused(
        "[signing_keys]\nalgorithms = []",
        &[],
        "nothing could be signed",
    );
    let one_pass = [
        ("SIGNET_PASSWORD__ARGON2_PASSES", "1"),
        ("SIGNET_PASSWORD__ARGON2_MEMORY", "47104"),
    ];
    assert!(load("", &one_pass).is_ok());
}

#[test]
fn what_is_allowed_but_odd_is_told() {
    for (variable, value, part) in [
        (
            "SIGNET_SIGNING_KEYS__ALGORITHMS",
            "ES256,EdDSA",
            "EdDSA beside others",
        ),
        ("SIGNET_SERVER__LISTEN", "0.0.0.0:8080", "set server.issuer"),
        (
            "SIGNET_PASSWORD__LANE_DEADLINE",
            "10s",
            "answers late instead of early",
        ),
    ] {
        let warnings = load("", &[(variable, value)]).unwrap().warnings;
        assert!(
            warnings.len() == 1 && warnings[0].contains(part),
            "{variable}: {warnings:?}"
        );
    }
    let fine = load("", &[("SIGNET_SIGNING_KEYS__ALGORITHMS", "EdDSA")]).unwrap();
    assert_eq!(fine.warnings, Vec::<String>::new());
}

#[test]
fn all_problems_are_told_at_once() {
    let error = load("x = 1\n[log]\nlevel = \"loud\"", &[("SIGNET_Y", "1")]).unwrap_err();
    assert_eq!(error.problems.len(), 3, "{error}");
    assert_eq!(error.to_string().lines().count(), 3);
}

#[test]
fn a_named_file_must_exist() {
    let error = config::load(&FileChoice::Named("/nowhere/signet.toml".into()), []).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/signet.toml cannot be read ("),
        "{error}"
    );
}

/// A file that only its owner can read, as one with secrets must be.
fn owned_file(dir: &TempDir, content: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let path = dir.path().join("signet.toml");
    fs::write(&path, content).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permitted");
    path
}

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let dir = TempDir::new().expect("a temporary folder");
    let path = dir.path().join("signet.toml");
    fs::write(&path, file).expect("written");
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    config::load(&FileChoice::Named(path.clone()), variables)
}

/// Exactly one problem, which contains `part`, ends as a sentence and repeats no secret.
#[track_caller]
fn refused(file: &str, variables: &[(&str, &str)], part: &str) {
    let error = load(file, variables).expect_err("a refusal");
    assert_eq!(error.problems.len(), 1, "{error}");
    let sentence = &error.problems[0];
    assert!(sentence.contains(part), "{sentence}");
    assert!(sentence.ends_with(['.', '?']), "{sentence}");
    assert!(
        !sentence.contains('\n') && !sentence.contains("hunter2"),
        "{sentence}"
    );
}

/// A variable, a value, and what the sentence says.
const UNSAFE: &[(&str, &str, &str)] = &[
    ("SERVER__ISSUER", "http://id.example.com", "is plain http"),
    (
        "SERVER__ISSUER",
        "https://id.example.com/",
        "ends in a slash",
    ),
    (
        "SERVER__ISSUER",
        "https://id.example.com?a",
        "has a query or fragment",
    ),
    (
        "SERVER__ISSUER",
        "https://id.example.com#a",
        "has a query or fragment",
    ),
    (
        "SERVER__METRICS_LISTEN",
        "127.0.0.1:8080",
        "the same address as server.listen",
    ),
    ("SERVER__TRUSTED_PROXIES", "0.0.0.0/0", "trusts everybody"),
    (
        "STORE__DATABASE",
        "postgres://u:hunter2@db",
        "names no database",
    ),
    ("STORE__CONNECTIONS", "0", "must be 1 to 1000"),
    (
        "STORE__MIGRATE",
        "never",
        "\"never\" is unknown; write \"at_start\" or \"by_command\"",
    ),
    ("KEYS__ACTIVE", "0", "entries are numbered 1 to 255"),
    (
        "TOKENS__ACCESS_LIFETIME",
        "0",
        "tokens.access_lifetime is 0s, but it must be 1s to 3600s",
    ),
    (
        "TOKENS__ACCESS_LIFETIME",
        "2h",
        "tokens.access_lifetime is 2h, but it must be 1s to 3600s",
    ),
    ("TOKENS__ACCESS_LIFETIME", "1500ms", "whole seconds"),
    ("TOKENS__AUDIENCE", "a,a", "names something twice"),
    ("TOKENS__AUDIENCE", "a,,b", "has an empty name"),
    ("TOKENS__ACCEPTED_PREFIXES", "signet", "is accepted anyway"),
    (
        "SESSIONS__IDLE",
        "91d",
        "sessions.idle (91d) is longer than sessions.absolute (90d)",
    ),
    ("SESSIONS__IDLE", "0", "sessions.idle is 0"),
    (
        "SESSIONS__REUSE_INTERVAL",
        "4s",
        "must be 0 (strict) or 5s to 120s",
    ),
    (
        "SESSIONS__REUSE_INTERVAL",
        "121s",
        "must be 0 (strict) or 5s to 120s",
    ),
    (
        "SESSIONS__LATE_RETRY_EVERY",
        "59m",
        "must be 0 (never) or at least 1h",
    ),
    ("DEFAULT_CLIENT__ORIGINS", "*", "names more than one site"),
    (
        "DEFAULT_CLIENT__ORIGINS",
        "https://app.example.com/",
        "more than scheme, host and port",
    ),
    (
        "SIGNING_KEYS__ALGORITHMS",
        "ES256,ES256",
        "names an algorithm twice",
    ),
    ("SIGNING_KEYS__JWKS_MAX_AGE", "25h", "must be at most 24h"),
    (
        "SIGNING_KEYS__PUBLISH_AHEAD",
        "60s",
        "must be at least jwks_max_age",
    ),
    (
        "SIGNING_KEYS__ROTATE_EVERY",
        "1h",
        "must be at least publish_ahead",
    ),
    (
        "PASSWORD__MIN_LENGTH",
        "7",
        "passwords shorter than 8 are guessed",
    ),
    (
        "PASSWORD__MIN_LENGTH",
        "300",
        "more than people and browsers will bear",
    ),
    ("PASSWORD__ARGON2_MEMORY", "19455", "is too cheap to attack"),
    ("PASSWORD__ARGON2_PASSES", "1", "is too cheap to attack"),
    ("PASSWORD__ARGON2_MEMORY", "65537", "exhaust the machine"),
    ("PASSWORD__LANE_THREADS", "0", "must be 1 to 1024"),
    ("PASSWORD__LANE_QUEUE", "0", "password.lane_queue is 0"),
    (
        "PASSWORD__LANE_DEADLINE",
        "0",
        "password.lane_deadline is 0",
    ),
    ("LIMITS__BODY", "1 KiB", "must be 4 KiB to 16 MiB"),
    ("LIMITS__CONNECTIONS", "0", "limits.connections is 0"),
    (
        "LIMITS__CONNECTIONS",
        "18446744073709551615",
        "it must be 1 to 1000000",
    ),
    ("LIMITS__REQUEST", "0", "limits.request is 0"),
];

#[test]
fn the_rules_of_forward_auth_come_from_the_file_or_from_a_variable() {
    let file = "
        [server]
        trusted_proxies = [\"10.0.0.5\"]
        [[verify.rules]]
        path = \"/api\"
        accept = [\"bearer_jwt\"]
        [[verify.rules]]
        accept = [\"basic\"]
    ";
    let loaded = load(file, &[]).unwrap();
    assert_eq!(loaded.settings.verify.rules.iter().count(), 2);
    let listed = [
        ("SIGNET_SERVER__TRUSTED_PROXIES", "10.0.0.5"),
        ("SIGNET_VERIFY__RULES", "[{ accept = [\"basic\"] }]"),
    ];
    let loaded = load("", &listed).unwrap();
    assert_eq!(loaded.settings.verify.rules.iter().count(), 1);
    let value = loaded
        .values
        .iter()
        .find(|value| value.leaf.name() == "verify.rules");
    let json = value.unwrap().json();
    assert_eq!(json, serde_json::json!([{ "accept": ["basic"] }]));
}

#[test]
fn each_mistake_in_the_rules_of_forward_auth_has_its_sentence() {
    let one = "[[verify.rules]]\naccept = [\"basic\"]\n";
    let trusted = "[server]\ntrusted_proxies = [\"10.0.0.5\"]\n";
    for (rule, sentence) in [
        (
            "path = 1",
            "signet.toml): rule 1: `path` is a number, but it takes text in quotes.",
        ),
        (
            "acept = []",
            "signet.toml): rule 1: `acept` is unknown; write `accept`.",
        ),
        (
            "path = \"api\"",
            "rule 1: `path` has \"api\": a path that does not begin with `/` covers nothing.",
        ),
        (
            "scopes = [\"a\"]",
            "): rule 1 lets nothing in: name what it accepts, or make it public or anonymous.",
        ),
    ] {
        refused(
            &format!("{trusted}[[verify.rules]]\n{rule}\n"),
            &[],
            sentence,
        );
    }
    let twice = format!("{trusted}{one}{one}");
    refused(
        &twice,
        &[],
        "rule 2 is never reached: rule 1 covers every request that it does",
    );
    refused(
        one,
        &[],
        "verify.rules would refuse everything, because only a trusted proxy is told anything; name yours in server.trusted_proxies.",
    );
    refused("[verify]\nrules = 1\n", &[], "verify.rules (");
    refused(
        "",
        &[("SIGNET_VERIFY__RULES", "basic")],
        "verify.rules (SIGNET_VERIFY__RULES) is no TOML list of tables, such as [{ accept = [\"bearer_jwt\"] }].",
    );
}

#[test]
fn forward_auth_is_held_together() {
    for (file, sentence) in [
        (
            "dialect = \"nginx\"",
            "\"nginx\" is unknown; write \"forwarded\", \"original\" or \"envoy\".",
        ),
        (
            "header_username = \"Cookie\"",
            "\"Cookie\" is refused: that header has a meaning of its own; choose another, such as X-Auth-Username.",
        ),
        (
            "header_username = \"x-auth-SCOPES\"",
            "verify.header_… gives one name to two headers; give each its own.",
        ),
        (
            "token_lifetime = \"61s\"",
            "verify.token_lifetime is 61s, but it must be 1s to 60s in whole seconds: the token is for one request.",
        ),
        (
            "method_names = [\"x=y\"]",
            "\"x=y\" is no method and name; write one of bearer_jwt, ",
        ),
        (
            "method_names = [\"query=a\", \"query=b\"]",
            "verify.method_names names a method twice; write each once.",
        ),
        (
            "cookie_domain = \"com\"",
            "\"com\" is no domain of at least two names",
        ),
    ] {
        refused(&format!("[verify]\n{file}\n"), &[], sentence);
    }
    refused(
        "[server]\nissuer = \"https://id.example.org\"\n[verify]\ncookie_domain = \"example.com\"\n",
        &[],
        "verify.cookie_domain example.com is not the domain of server.issuer https://id.example.org",
    );
}
