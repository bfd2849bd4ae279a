use bytes::Bytes;
use http::{StatusCode, Uri};

use std::sync::Arc;

use super::*;
use crate::http::wellknown::{self, Current, WellKnown};
use crate::model::scope::Registry;

const ISSUER: &str = "https://id.example/base";

fn surface(docs: bool) -> impl Endpoint<Output = Response> {
    let jwks = wellknown::jwks(Bytes::from_static(b"{\"keys\":[]}"), "\"v1\"", 300);
    let jwks: Current = Arc::new(move || jwks.clone());
    let metadata = wellknown::metadata(ISSUER, &Registry::default(), &[], 300);
    let metadata: Current = Arc::new(move || metadata.clone());
    let beside = wellknown::beside(ISSUER, &metadata);
    let api = WellKnown::new(jwks, metadata);
    let options = Options {
        issuer: ISSUER.to_owned(),
        origins: Arc::new(|_| false),
        proxies: TrustedProxies::default(),
        body_limit: 1024,
        request_limit: Duration::from_secs(5),
        beside,
        gateways: None,
        docs,
        new_request_id: Arc::new(|| "id".to_owned()),
        works: Works::default(),
    };
    assemble(api, |_| &[], || async { Health::default() }, options)
}

async fn ask(method: Method, path: &str) -> Response {
    let request = Request::builder()
        .header("host", "id.example")
        .method(method)
        .uri(path.parse::<Uri>().unwrap());
    surface(true).call(request.finish()).await.unwrap()
}

#[tokio::test]
async fn everything_public_answers() {
    for path in [
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/docs",
        "/docs/start.js",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/base",
        "/base/.well-known/openid-configuration",
        "/base/.well-known/jwks.json",
    ] {
        assert_eq!(
            ask(Method::GET, path).await.status(),
            StatusCode::OK,
            "{path}"
        );
        let head = ask(Method::HEAD, path).await;
        assert_eq!(head.status(), StatusCode::OK, "HEAD {path}");
        assert!(head.into_body().is_empty());
        let wrong = ask(Method::POST, path).await;
        assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(wrong.header("allow"), Some("GET, HEAD"), "{path}");
    }
}

#[tokio::test]
async fn keys_and_metadata_are_cacheable_for_anyone() {
    for path in [
        "/.well-known/jwks.json",
        "/base/.well-known/openid-configuration",
        "/base/.well-known/jwks.json",
    ] {
        let response = ask(Method::GET, path).await;
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(
            response.header("cache-control"),
            Some("public, max-age=300")
        );
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert!(response.header("etag").unwrap().starts_with('"'));
    }
}

#[tokio::test]
async fn the_page_is_found_by_people_who_type() {
    for (path, status, to) in [("/", 303, "docs"), ("/docs/", 308, "../docs")] {
        let response = ask(Method::GET, path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(response.header("location"), Some(to), "{path}");
        let request = Request::builder()
            .header("host", "id.example")
            .uri(Uri::from_static(path))
            .finish();
        let response = surface(false).call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let page = ask(Method::GET, "/docs").await;
    let page = page.into_body().into_string().await.unwrap();
    for tag in [
        "<meta name=\"viewport\"",
        "<link rel=\"icon\" href=\"data:,\">",
    ] {
        assert!(page.contains(tag), "{tag}");
    }
}

#[tokio::test]
async fn the_page_has_its_own_policy_and_can_be_switched_off() {
    let page = ask(Method::GET, "/docs").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"));
    for (path, _) in docs::files() {
        let request = Request::builder()
            .header("host", "id.example")
            .uri(path.parse::<Uri>().unwrap())
            .finish();
        let response = surface(false).call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
