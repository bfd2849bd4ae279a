//! Requests that mean one thing to the gateway and another to the application behind it.

use super::gateway::server;
use crate::harness::{Person, TestServer};

/// An admin's page that needs a scope, and a site that anybody may read: what escapes the first
/// rule would pass by the second.
const RULES: &str = r#"
    [[verify.rules]]
    hosts = ["app.example.com"]
    path = "/admin"
    accept = ["bearer_jwt", "header:X-API-Key"]
    scopes = ["admin"]
    [[verify.rules]]
    hosts = ["app.example.com"]
    path = "/api"
    methods = ["DELETE"]
    accept = ["bearer_jwt"]
    scopes = ["admin"]
    [[verify.rules]]
    hosts = ["app.example.com"]
    accept = ["bearer_jwt", "header:X-API-Key"]
    anonymous = ["GET", "HEAD"]
    public = ["/public"]
"#;

/// The headers of a request that passes.
const GOOD: [(&str, &str); 5] = [
    ("X-Forwarded-For", "203.0.113.9"),
    ("X-Forwarded-Method", "GET"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "app.example.com"),
    ("X-Forwarded-Uri", "/blog?page=2"),
];

/// What is different about a request.
#[derive(Clone, Copy)]
enum Edit {
    /// The header has this value.
    Set(&'static str, &'static [u8]),
    /// The header is there once more, with this value.
    Add(&'static str, &'static [u8]),
    /// The header is not there.
    Drop(&'static str),
}
use Edit::{Add, Drop, Set};

const URI: &str = "X-Forwarded-Uri";

/// Sends a head byte by byte; the status and the code of the answer.
async fn tell(server: &TestServer, edits: &[Edit], credential: Option<&str>) -> (u16, String) {
    let mut fields: Vec<(&str, Vec<u8>)> = GOOD
        .iter()
        .map(|(name, value)| (*name, value.as_bytes().to_vec()))
        .collect();
    for edit in edits {
        match *edit {
            Set(name, value) => {
                fields.retain(|(known, _)| *known != name);
                fields.push((name, value.to_vec()));
            }
            Add(name, value) => fields.push((name, value.to_vec())),
            Drop(name) => fields.retain(|(known, _)| *known != name),
        }
    }
    let mut head =
        b"GET /v1/auth/verify HTTP/1.1\r\nHost: id.example.com\r\nConnection: close\r\n".to_vec();
    if let Some(token) = credential {
        head.extend(format!("Authorization: Bearer {token}\r\n").as_bytes());
    }
    for (name, value) in fields {
        head.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    let answer = server.say(&head).await;
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let code = answer.split("\"code\":\"").nth(1).unwrap_or_default();
    (
        status,
        code.split('"').next().unwrap_or_default().to_owned(),
    )
}

const MALFORMED: (u16, &str) = (400, "malformed_request");
const NO_RULE: (u16, &str) = (403, "no_rule");

/// What is edited, and how that is refused.
const CASES: &[(&[Edit], (u16, &str))] = &[
    // Dot segments.
    (&[Set(URI, b"/blog/../admin")], MALFORMED),
    (&[Set(URI, b"/./admin")], MALFORMED),
    (&[Set(URI, b"/blog/..")], MALFORMED),
    (&[Set(URI, b"/..")], MALFORMED),
    (&[Set(URI, b"/blog/.")], MALFORMED),
    (&[Set(URI, b"/public/../admin")], MALFORMED),
    // Encoded dots, slashes, backslashes, semicolons.
    (&[Set(URI, b"/blog/%2e%2e/admin")], MALFORMED),
    (&[Set(URI, b"/blog/.%2E/admin")], MALFORMED),
    (&[Set(URI, b"/public/%2e%2e/admin")], MALFORMED),
    (&[Set(URI, b"/blog%2f..%2fadmin")], MALFORMED),
    (&[Set(URI, b"/%2fadmin")], MALFORMED),
    (&[Set(URI, b"/%2Fadmin")], MALFORMED),
    (&[Set(URI, b"/admin%2f")], MALFORMED),
    (&[Set(URI, b"/blog%5cadmin")], MALFORMED),
    (&[Set(URI, b"/public%3b/admin")], MALFORMED),
    // Encoded twice, or in other encodings.
    (&[Set(URI, b"/%252e%252e/admin")], MALFORMED),
    (&[Set(URI, b"/blog%252fadmin")], MALFORMED),
    (&[Set(URI, b"/%25%36%31dmin")], MALFORMED),
    (&[Set(URI, b"/%2561dmin")], MALFORMED),
    (&[Set(URI, b"/%c0%ae%c0%ae/admin")], MALFORMED),
    (&[Set(URI, b"/%c0%afadmin")], MALFORMED),
    (&[Set(URI, b"/%u002e%u002e/admin")], MALFORMED),
    (&[Set(URI, b"/admin%")], MALFORMED),
    (&[Set(URI, b"/admin%4")], MALFORMED),
    (&[Set(URI, b"/admin%zz")], MALFORMED),
    (&[Set(URI, b"/\xff\xfe")], MALFORMED),
    (&[Set(URI, b"/%ff")], MALFORMED),
    // Empty segments, parameters, backslashes, fragments, spaces, control bytes.
    (&[Set(URI, b"//admin")], MALFORMED),
    (&[Set(URI, b"/blog//admin")], MALFORMED),
    (&[Set(URI, b"//evil.example.com/blog")], MALFORMED),
    (&[Set(URI, b"/;/admin")], MALFORMED),
    (&[Set(URI, b"/admin;jsessionid=1")], MALFORMED),
    (&[Set(URI, b"/public/..;/admin")], MALFORMED),
    (&[Set(URI, b"/blog\\..\\admin")], MALFORMED),
    (&[Set(URI, b"/\\admin")], MALFORMED),
    (&[Set(URI, b"/public#/../admin")], MALFORMED),
    (&[Set(URI, b"/blog /admin")], MALFORMED),
    (&[Set(URI, b"/blog\t/admin")], MALFORMED),
    (&[Set(URI, b"/admin%00.png")], MALFORMED),
    (&[Set(URI, b"/blog%0d%0aX-Auth-Username:root")], MALFORMED),
    (&[Set(URI, b"/admin%7f")], MALFORMED),
    (&[Set(URI, b"/blog?a=\tb")], MALFORMED),
    (&[Set(URI, b"/blog?a=b#c")], MALFORMED),
    // No HTTP at all: refused before anybody asks what it means.
    (&[Set(URI, b"/blog?a=\x01")], (400, "")),
    (&[Set(URI, b"/blog\x00/admin")], (400, "")),
    // Targets that are no path.
    (&[Set(URI, b"")], MALFORMED),
    (&[Set(URI, b"*")], MALFORMED),
    (&[Set(URI, b"admin")], MALFORMED),
    (&[Set(URI, b"https://app.example.com/blog")], MALFORMED),
    (&[Set(URI, b"app.example.com:443")], MALFORMED),
    (&[Set(URI, b"?/../admin")], MALFORMED),
    // Another case, which many applications do not tell apart.
    (&[Set(URI, b"/Admin")], NO_RULE),
    (&[Set(URI, b"/ADMIN/users")], NO_RULE),
    (&[Set(URI, b"/%41dmin")], NO_RULE),
    // Methods.
    (&[Set("X-Forwarded-Method", b"get")], MALFORMED),
    (&[Set("X-Forwarded-Method", b"GET, POST")], MALFORMED),
    (&[Set("X-Forwarded-Method", b"GET ")], (200, "")),
    (&[Set("X-Forwarded-Method", b"G\xc3\x89T")], MALFORMED),
    (&[Set("X-Forwarded-Method", b"")], MALFORMED),
    (
        &[
            Set(URI, b"/api/1"),
            Add("X-HTTP-Method-Override", b"DELETE"),
        ],
        NO_RULE,
    ),
    (
        &[Set(URI, b"/api/1"), Add("X-HTTP-Method", b"DELETE")],
        NO_RULE,
    ),
    (
        &[Set(URI, b"/api/1"), Add("X-Method-Override", b"delete")],
        NO_RULE,
    ),
    // Hosts.
    (&[Set("X-Forwarded-Host", b"evil.example.com")], NO_RULE),
    (
        &[Set("X-Forwarded-Host", b"app.example.com.evil.com")],
        NO_RULE,
    ),
    (&[Set("X-Forwarded-Host", b"app.example.com.")], MALFORMED),
    (
        &[Set("X-Forwarded-Host", b"app.example.com, evil.com")],
        MALFORMED,
    ),
    (
        &[Set("X-Forwarded-Host", b"evil.com@app.example.com")],
        MALFORMED,
    ),
    (&[Set("X-Forwarded-Host", b"app.example.com/x")], MALFORMED),
    (
        &[Set("X-Forwarded-Host", b"app.example.com:99999")],
        MALFORMED,
    ),
    (&[Set("X-Forwarded-Host", b"app%2eexample.com")], MALFORMED),
    (&[Set("X-Forwarded-Host", b"")], MALFORMED),
    // Schemes.
    (&[Set("X-Forwarded-Proto", b"https,http")], MALFORMED),
    (&[Set("X-Forwarded-Proto", b"javascript")], MALFORMED),
    // Missing.
    (&[Drop("X-Forwarded-Method")], MALFORMED),
    (&[Drop("X-Forwarded-Proto")], MALFORMED),
    (&[Drop("X-Forwarded-Host")], MALFORMED),
    (&[Drop(URI)], MALFORMED),
    // Twice.
    (&[Add("X-Forwarded-Method", b"GET")], MALFORMED),
    (&[Add("X-Forwarded-Proto", b"https")], MALFORMED),
    (&[Add("X-Forwarded-Host", b"app.example.com")], MALFORMED),
    (&[Add(URI, b"/public")], MALFORMED),
    (&[Add("x-forwarded-uri", b"/public")], MALFORMED),
    // Of another dialect, or of an application's own.
    (&[Add("X-Original-Method", b"GET")], MALFORMED),
    (&[Add("X-Original-URL", b"/admin")], MALFORMED),
    (&[Add("X-Original-URI", b"/admin")], MALFORMED),
    (&[Add("X-Rewrite-URL", b"/admin")], MALFORMED),
];

/// Ada has no scope `admin`. Each is refused whether or not she presents her token, though anybody
/// may read the site.
#[tokio::test]
async fn requests_of_two_meanings_never_pass() {
    let server = server(RULES).await;
    let ada = server.person("ada").await;
    let mut hostile = 0;
    for (edits, expected) in CASES {
        let shown: Vec<String> = edits.iter().map(show).collect();
        for credential in [None, Some(ada.access_token.as_str())] {
            let (status, code) = tell(&server, edits, credential).await;
            assert_eq!((status, code.as_str()), *expected, "{shown:?}");
        }
        hostile += usize::from(expected.0 != 200);
    }
    assert!(hostile >= 60, "{hostile}");
}

fn show(edit: &Edit) -> String {
    match edit {
        Set(name, value) | Add(name, value) => {
            format!("{name}: {}", String::from_utf8_lossy(value))
        }
        Drop(name) => format!("no {name}"),
    }
}

/// So that the table above does not refuse everything.
#[tokio::test]
async fn plain_requests_pass() {
    let server = server(RULES).await;
    let ada = server.person("ada").await;
    server.create_user("root", &["admin"]).await;
    let root = Person::log_in(&server, "root", &ada.password).await;
    let cases: &[(&[Edit], u16, u16, u16)] = &[
        // Nobody, Ada without the scope, Root with it.
        (&[], 200, 200, 200),
        (&[Set(URI, b"/")], 200, 200, 200),
        (&[Set(URI, b"/blog/a.b/..c/%20?x=//..&x=2")], 200, 200, 200),
        (&[Set(URI, b"/caf%C3%A9/100%25")], 200, 200, 200),
        (&[Set(URI, b"/administrators")], 200, 200, 200),
        (&[Set(URI, b"/admin")], 401, 403, 200),
        (&[Set(URI, b"/admin/")], 401, 403, 200),
        (&[Set(URI, b"/%61dmin/users")], 401, 403, 200),
        (
            &[
                Set("X-Forwarded-Host", b"APP.example.com:443"),
                Set(URI, b"/admin"),
            ],
            401,
            403,
            200,
        ),
        (&[Set("X-Forwarded-Method", b"POST")], 401, 200, 200),
        (
            &[Set("X-Forwarded-Method", b"POST"), Set(URI, b"/public/x")],
            200,
            200,
            200,
        ),
        (
            &[Set("X-Forwarded-Method", b"DELETE"), Set(URI, b"/api/1")],
            401,
            403,
            200,
        ),
        // One that asks to be another is not let in as nobody, and is somebody all the same.
        (&[Add("X-HTTP-Method-Override", b"POST")], 401, 200, 200),
    ];
    for (edits, nobody, without, with) in cases {
        let shown: Vec<String> = edits.iter().map(show).collect();
        let callers = [
            (None, nobody),
            (Some(ada.access_token.as_str()), without),
            (Some(root.access_token.as_str()), with),
        ];
        for (credential, expected) in callers {
            let (status, code) = tell(&server, edits, credential).await;
            assert_eq!(status, *expected, "{shown:?} {code}");
        }
    }
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_is_believed() {
    let verify = super::gateway::settings(RULES);
    let server = TestServer::with(|settings| {
        settings.server.trusted_proxies = vec!["192.0.2.1/32".parse().unwrap()];
        settings.verify = verify;
    })
    .await;
    let ada = server.person("ada").await;
    for credential in [None, Some(ada.access_token.as_str())] {
        let (status, code) = tell(&server, &[], credential).await;
        assert_eq!((status, code.as_str()), MALFORMED);
        let forged: &[Edit] = &[Set("X-Forwarded-For", b"192.0.2.1")];
        let (status, code) = tell(&server, forged, credential).await;
        assert_eq!((status, code.as_str()), MALFORMED);
    }
}

/// Where nothing is configured, nothing passes.
#[tokio::test]
async fn without_a_rule_everything_is_refused() {
    let server = server("").await;
    let ada = server.person("ada").await;
    for credential in [None, Some(ada.access_token.as_str())] {
        let (status, code) = tell(&server, &[], credential).await;
        assert_eq!((status, code.as_str()), NO_RULE);
    }
}
