//! `/docs`: the API description as a page, self-hosted.
//!
//! poem-openapi carries Swagger UI as one page with 1.6 MB of script inside. We take script and
//! style out of it and serve them as files, so that the page runs under a policy without inline
//! scripts, and browsers keep them.

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::endpoint::make_sync;
use poem::{Endpoint, Request, Response};
use poem_openapi::OpenApiService;

use super::prepared::Prepared;

/// Swagger UI sets style attributes and shows images from `data:`; it loads nothing from afar.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);
const HOUR: u32 = 3600;
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="data:,">
  <title>Signet API</title>
  <link rel="stylesheet" href="docs/swagger-ui.css">
  <script src="docs/swagger-ui.js" defer></script>
  <script src="docs/start.js" defer></script>
</head>
<body><div id="ui"></div></body>
</html>
"#;

const START: &str = r##"SwaggerUIBundle({ url: "openapi.json", dom_id: "#ui", deepLinking: true });
"##;

/// Swagger UI's wide parts scroll by themselves on a telephone, instead of the whole page.
const FIT: &str = "
.swagger-ui .responses-inner, .swagger-ui .table-container { overflow-x: auto }
";

/// A file of the page.
#[derive(Clone)]
pub struct File(Arc<dyn Fn() -> Prepared + Send + Sync>);

impl File {
    /// The answer to a request with these headers.
    #[must_use]
    pub fn answer(&self, request: &HeaderMap) -> Response {
        (self.0)().answer(request)
    }

    /// An endpoint that answers every request with this file.
    #[must_use]
    pub fn endpoint(self) -> impl Endpoint {
        make_sync(move |request: Request| self.answer(request.headers()))
    }
}

/// The page and its files, with their paths. Swagger UI is taken apart when it is first asked for:
/// that takes 10 MB of memory, and most servers never show it to anybody.
#[must_use]
pub fn files() -> [(&'static str, File); 4] {
    let bundle = Arc::new(LazyLock::new(bundle as fn() -> Bundle));
    let script = bundle.clone();
    let ready = |file: Prepared| File(Arc::new(move || file.clone()));
    let page = Prepared::new("text/html; charset=utf-8", PAGE.into(), HOUR)
        .header(header::CONTENT_SECURITY_POLICY, POLICY);
    [
        ("/docs", ready(page)),
        (
            "/docs/swagger-ui.css",
            File(Arc::new(move || bundle.style.clone())),
        ),
        (
            "/docs/swagger-ui.js",
            File(Arc::new(move || script.script.clone())),
        ),
        (
            "/docs/start.js",
            ready(Prepared::new(JAVASCRIPT, START.into(), HOUR)),
        ),
    ]
}

/// The large files.
struct Bundle {
    style: Prepared,
    script: Prepared,
}

fn bundle() -> Bundle {
    // An empty document: the page fetches the real one.
    let bundled = OpenApiService::new((), "", "").swagger_ui_html();
    let script = between(&bundled, "<script charset=\"UTF-8\">", "</script>\n</head>");
    let style = between(&bundled, "<style charset=\"UTF-8\">", "</style>");
    let style = format!("{style}{FIT}");
    Bundle {
        style: Prepared::new("text/css; charset=utf-8", style.into(), HOUR),
        script: Prepared::new(JAVASCRIPT, script.to_owned().into(), HOUR),
    }
}

/// Ways to the page for people who type addresses: path and answer. The targets are relative,
/// because a proxy may serve all of this under a path.
#[must_use]
pub fn signposts() -> [(&'static str, impl Endpoint); 2] {
    [
        ("/", signpost(StatusCode::SEE_OTHER, "docs")),
        (
            "/docs/",
            signpost(StatusCode::PERMANENT_REDIRECT, "../docs"),
        ),
    ]
}

fn signpost(status: StatusCode, to: &'static str) -> impl Endpoint {
    make_sync(move |_| {
        Response::builder()
            .status(status)
            .header(header::LOCATION, to)
            .finish()
    })
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start)
        .and_then(|(_, rest)| rest.split_once(end))
        .map_or("", |(part, _)| part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_and_its_files_are_whole() {
        for ((path, file), at_least) in files().into_iter().zip([200, 100_000, 1_000_000, 50]) {
            let response = file.answer(&HeaderMap::new());
            let body = response.into_body().into_string().await.unwrap();
            assert!(body.len() >= at_least, "{path}: {}", body.len());
            assert!(!body.contains("{:script}") && !body.contains("let spec = "));
        }
    }
}
