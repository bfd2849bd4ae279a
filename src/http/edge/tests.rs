use poem::endpoint::{make, make_sync};
use poem::{Route, get, post};
use serde_json::Value;

use super::*;

const ORIGIN: &str = "https://app.example";

fn edge() -> Edge<Route> {
    edge_of("https://id.example")
}

fn edge_of(issuer: &str) -> Edge<Route> {
    let never = make(|_| std::future::pending::<poem::Result<()>>());
    let slow_body = make(|request: Request| async move {
        let arrival = Arrival::of(&request);
        arrival.set_reading_body(true);
        std::future::pending::<poem::Result<()>>().await
    });
    let route = Route::new()
        .at(
            "/v1/me",
            get(make_sync(|_| "hello")).delete(make_sync(|_| "gone")),
        )
        .at("/told/*", get(make_sync(|_| "told")))
        .at("/v1/auth/login", post(make_sync(|_| "in")))
        .at(
            "/panic",
            get(make_sync(|_| -> &'static str { panic!("at the disco") })),
        )
        .at("/never", get(never))
        .at("/slow", get(slow_body))
        .at("/teapot", get(make_sync(|_| StatusCode::IM_A_TEAPOT)))
        .at("/broken", get(make_sync(|_| StatusCode::BAD_GATEWAY)));
    let settings = Settings {
        https: true,
        issuer_path: IssuerPath::of(issuer),
        origins: Arc::new(|origin| origin == ORIGIN),
        proxies: TrustedProxies::default(),
        body_limit: 16,
        large_bodies: &[],
        request_limit: Duration::from_millis(20),
        routes: Routes::default()
            .with("/v1/me", [Method::GET, Method::DELETE])
            .with("/v1/auth/login", [Method::POST]),
        behind: Some("/told"),
        shapes: Arc::default(),
        new_request_id: Arc::new(|| "fresh".to_owned()),
        works: Works::default(),
    };
    Edge::new(route, settings)
}

async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    ask_at(&edge(), method, path, headers).await
}

async fn ask_at(
    edge: &Edge<Route>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let uri: Uri = path.parse().unwrap();
    let request = Request::builder().method(method).uri(uri);
    let request = request.header("host", "id.example");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    edge.call(request.finish()).await.unwrap()
}

async fn refused(path: &str, headers: &[(&str, &str)]) -> (StatusCode, String, Response) {
    let mut response = ask(Method::POST, path, headers).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && path != "/v1/me" {
        response = ask(Method::GET, path, headers).await;
    }
    assert_eq!(response.content_type(), Some("application/problem+json"));
    let body: Value = response.take_body().into_json().await.unwrap();
    assert_eq!(body["status"], response.status().as_u16());
    assert_eq!(body["instance"], path.split('?').next().unwrap());
    assert_eq!(body["request_id"], response.header("x-request-id").unwrap());
    (
        response.status(),
        body["code"].as_str().unwrap().to_owned(),
        response,
    )
}

#[tokio::test]
async fn every_failure_is_a_problem() {
    for (path, status, code) in [
        ("/nowhere", 404, "not_found"),
        ("/v1/me", 405, "method_not_allowed"),
        ("/panic", 500, "internal_error"),
        ("/never", 503, "unavailable"),
        ("/slow", 408, "request_timeout"),
        ("/teapot", 400, "malformed_request"),
        ("/broken", 500, "internal_error"),
        ("/v1/me?a=1&a=2", 400, "duplicate_parameter"),
    ] {
        let (actual, actual_code, _) = refused(path, &[]).await;
        assert_eq!(
            (actual.as_u16(), actual_code.as_str()),
            (status, code),
            "{path}"
        );
    }
    let (status, _, _) = refused("/v1/auth/login", &[("content-length", "17")]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_may_change_something_goes_on_beyond_the_time_limit_and_a_slow_body_does_not() {
    for (reads_body, status) in [(false, 503), (true, 408)] {
        let (done, was_done) = tokio::sync::oneshot::channel();
        let done = std::sync::Mutex::new(Some(done));
        let (go, goes) = tokio::sync::oneshot::channel();
        let goes = std::sync::Mutex::new(Some(goes));
        let changes = make(move |request: Request| {
            Arrival::of(&request).set_reading_body(reads_body);
            let done = done.lock().unwrap().take().unwrap();
            let goes = goes.lock().unwrap().take().unwrap();
            async move {
                goes.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
                done.send(()).map_err(|()| StatusCode::BAD_GATEWAY)?;
                Ok::<(), poem::Error>(())
            }
        });
        let edge = Edge::new(Route::new().at("/change", post(changes)), edge().settings);
        let response = ask_at(&edge, Method::POST, "/change", &[]).await;
        assert_eq!(response.status(), status);
        // What is given up ends when it is its turn.
        tokio::task::yield_now().await;
        assert_eq!(go.send(()).is_ok(), !reads_body);
        assert_eq!(was_done.await.is_ok(), !reads_body);
        edge.settings.works.ended().await;
    }
}

#[tokio::test]
async fn refusals_say_what_helps() {
    let (_, _, response) = refused("/v1/me", &[]).await;
    assert_eq!(response.header("allow"), Some("GET, HEAD, DELETE"));
    let (_, _, response) = refused("/never", &[]).await;
    assert_eq!(response.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    for path in ["/v1/me", "/nowhere"] {
        let response = ask(Method::GET, path, &[("x-request-id", "spoofed")]).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000"),
            ("x-request-id", "fresh"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path} {name}");
        }
        assert!(response.header("server").is_none());
    }
}

#[tokio::test]
async fn errors_carry_the_cors_headers_of_successes() {
    for (method, path) in [
        (Method::GET, "/v1/me"),
        (Method::POST, "/v1/me"),
        (Method::GET, "/v1/me/x"),
    ] {
        let response = ask(method, path, &[("origin", ORIGIN)]).await;
        assert_eq!(response.header("access-control-allow-origin"), Some(ORIGIN));
        assert!(
            response
                .header("access-control-expose-headers")
                .unwrap()
                .contains("Retry-After")
        );
        assert!(
            response
                .header("access-control-allow-credentials")
                .is_none()
        );
        assert_eq!(response.header("vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn preflights_are_answered_for_registered_origins() {
    let asked = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
        ]
    };
    let response = ask(Method::OPTIONS, "/v1/auth/login", &asked(ORIGIN)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(response.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(
        response.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        response.header("access-control-allow-methods"),
        Some("POST")
    );
    let sendable = response
        .header("access-control-allow-headers")
        .unwrap()
        .to_lowercase();
    assert!(sendable.contains("authorization") && sendable.contains("x-signet-request"));
    let response = ask(
        Method::OPTIONS,
        "/v1/auth/login",
        &asked("https://evil.example"),
    )
    .await;
    assert!(response.header("access-control-allow-origin").is_none());
    assert!(response.header("access-control-allow-methods").is_none());
    let response = ask(Method::OPTIONS, "/nowhere", &asked(ORIGIN)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn trace_is_refused() {
    let response = ask(Method::TRACE, "/v1/me", &[]).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_others_tell_of_is_not_judged_by_form_and_not_shown() {
    let long = ("content-length", "17");
    let told = ask(Method::GET, "/told/x?a=1&a=2", &[long]).await;
    assert_eq!(told.status(), StatusCode::OK);
    let refused = ask(Method::POST, "/told/secret?a=1", &[]).await;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    let body = refused.into_body().into_vec().await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["instance"], "/told");
    let beside = ask(Method::GET, "/toldx?a=1&a=2", &[]).await;
    assert_eq!(beside.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_issuers_path_may_stand_before_ours_and_takes_nothing_from_it() {
    let asked = [
        ("origin", ORIGIN),
        ("access-control-request-method", "POST"),
    ];
    let edge = edge_of("https://id.example/v1");
    // Both spellings of `/v1/me` lead to it.
    for path in ["/v1/me", "/v1/v1/me", "/v1/told/x?a=1&a=2"] {
        let answer = ask_at(&edge, Method::GET, path, &[]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let preflight = ask_at(&edge, Method::OPTIONS, "/v1/v1/auth/login", &asked).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    let refused = ask_at(&edge, Method::PUT, "/v1/v1/me", &[]).await;
    assert_eq!(refused.header("allow"), Some("GET, HEAD, DELETE"));
    for path in ["/me", "/v1/v1/v1/me"] {
        let answer = ask_at(&edge, Method::GET, path, &[]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
