//! From outside: what a client meets on the way to Signet.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

use super::{
    Finding,
    visit::{self, Visitor},
};
use crate::{
    app::Ambient,
    cli::failure::{Failure, Kind},
    config::Issuer,
    http::client::{Client, ClientError, Told},
};

const METADATA: &str = "/.well-known/oauth-authorization-server";
/// What cannot be a token of ours.
const NO_TOKEN: &str = "Bearer signet.doctor";
/// How far clocks may be apart, in seconds: what verifiers allow for.
const LEEWAY: u64 = 5;

/// A deployment, as it is asked.
pub(super) struct Deployment<'a> {
    client: Client,
    pub(super) issuer: &'a Issuer,
}

/// Looks at everything; what cannot be looked at because of something else is left out.
pub(super) async fn look(
    issuer: &Issuer,
    visitor: Option<&Visitor>,
) -> Result<Vec<Finding>, Failure> {
    let client = Client::new().map_err(|error| {
        Failure::new(
            Kind::Failed,
            format_args!("TLS cannot be used here: it {error}."),
        )
    })?;
    let deployment = Deployment { client, issuer };
    let mut findings = Vec::new();
    let metadata = match deployment.get(&deployment.metadata_url(), &[]).await {
        Ok(told) => told,
        Err(error) => {
            let text = format!(
                "{} {error}: look at its name, its port, its certificate, and whether the proxy runs.",
                issuer.as_str()
            );
            return Ok(vec![Finding::wrong("reach", text)]);
        }
    };
    findings.push(deployment.issuer_of(&metadata));
    findings.push(clock(&metadata.headers));
    findings.push(deployment.keys().await);
    findings.extend(deployment.refusal().await);
    findings.push(deployment.cookie().await);
    if issuer.as_str().starts_with("https://") {
        findings.push(transport(&metadata.headers));
    }
    findings.push(deployment.private().await);
    findings.extend(visit::look(&deployment, visitor).await);
    Ok(findings)
}

impl Deployment<'_> {
    /// Where clients look for the metadata (RFC 8414 §3.1).
    fn metadata_url(&self) -> String {
        let issuer = self.issuer.as_str();
        let host = issuer.find("://").map_or(0, |at| at + 3);
        let path = issuer[host..]
            .find('/')
            .map_or(issuer.len(), |at| host + at);
        format!("{}{METADATA}{}", &issuer[..path], &issuer[path..])
    }

    pub(super) async fn get(
        &self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<Told, ClientError> {
        self.ask(Method::GET, url, headers, String::new()).await
    }

    /// Sends JSON to a path of the API.
    pub(super) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Told, ClientError> {
        let json = [("content-type", "application/json")];
        let url = format!("{}{path}", self.issuer.as_str());
        self.ask(Method::POST, &url, &[&json, headers].concat(), body)
            .await
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Told, ClientError> {
        let request = Request::builder().method(method).uri(url);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = request.body(Full::new(Bytes::from(body)));
        self.client
            .ask(request.map_err(|_| ClientError::Url)?)
            .await
    }

    fn issuer_of(&self, told: &Told) -> Finding {
        let asked = self.issuer.as_str();
        match json(told)["issuer"].as_str() {
            Some(issuer) if issuer == asked => {
                Finding::ok("issuer", format!("{asked} answers, and calls itself so."))
            }
            Some(issuer) => Finding::wrong(
                "issuer",
                format!(
                    "{asked} calls itself {issuer:?}, and verifiers compare byte for byte: use that URL, or set server.issuer to this one."
                ),
            ),
            None => Finding::wrong(
                "issuer",
                format!(
                    "{asked} answers {} and no metadata at {METADATA}: let the proxy pass on every path, this one too.",
                    told.status.as_u16()
                ),
            ),
        }
    }

    async fn keys(&self) -> Finding {
        let url = format!("{}/.well-known/jwks.json", self.issuer.as_str());
        let told = match self.get(&url, &[]).await {
            Ok(told) => told,
            Err(error) => return Finding::wrong("keys", format!("{url} {error}.")),
        };
        let answer = json(&told);
        let keys = answer["keys"].as_array().map_or(0, Vec::len);
        let caching = text(&told.headers, header::CACHE_CONTROL.as_str());
        if keys == 0 {
            return Finding::wrong(
                "keys",
                format!(
                    "{url} answers {} and publishes no key: let the proxy pass it on.",
                    told.status.as_u16()
                ),
            );
        }
        let is_kept = caching.contains("max-age") && told.headers.contains_key(header::ETAG);
        if !is_kept || !is_untouched(&told.headers) {
            return Finding::wrong(
                "keys",
                format!(
                    "{url} comes with `Cache-Control: {caching}` and not with what Signet said: verifiers fetch it too often or keep it too long. Take `expires`, `add_header` and the like out of the proxy."
                ),
            );
        }
        Finding::ok("keys", format!("{keys} published ({caching})."))
    }

    /// How a request with a credential that is none is refused: whether the credential arrives, and
    /// whether the refusal comes back as it was.
    async fn refusal(&self) -> Vec<Finding> {
        let url = format!("{}/v1/me", self.issuer.as_str());
        let told = match self.get(&url, &[("authorization", NO_TOKEN)]).await {
            Ok(told) => told,
            Err(error) => return vec![Finding::wrong("authorization", format!("{url} {error}."))],
        };
        let answer = json(&told);
        let status = told.status.as_u16();
        let authorization = match answer["code"].as_str() {
            Some("invalid_access_token") => {
                Finding::ok("authorization", "The header Authorization arrives.")
            }
            Some("credential_missing") => Finding::wrong(
                "authorization",
                "The header Authorization does not arrive: the proxy drops it. nginx: no `proxy_set_header Authorization \"\"`; FastCGI: `fastcgi_param HTTP_AUTHORIZATION $http_authorization`; Apache: `CGIPassAuth On`.",
            ),
            Some(code) => Finding::wrong(
                "authorization",
                format!(
                    "{url} answers {status} {code} to a token that is none: the proxy changes Authorization."
                ),
            ),
            None => Finding::wrong(
                "errors",
                format!(
                    "{url} answers {status} and not what Signet says of it: let the proxy pass on the bodies of errors (nginx: `proxy_intercept_errors off`)."
                ),
            ),
        };
        let caching = text(&told.headers, header::CACHE_CONTROL.as_str());
        let is_kept_out = caching.split(',').any(|word| word.trim() == "no-store");
        let caching = if is_kept_out && is_untouched(&told.headers) {
            Finding::ok("caching", "What is private says `no-store`.")
        } else {
            Finding::wrong(
                "caching",
                format!(
                    "{url} comes with `Cache-Control: {caching}` and not with `no-store` alone: a cache on the way could hand one's answer to another. Take `expires`, `add_header Cache-Control` and caches out of the proxy."
                ),
            )
        };
        vec![authorization, caching]
    }

    /// The cookie that a logout takes away has the attributes of the one that a login gives.
    async fn cookie(&self) -> Finding {
        let page = [("x-signet-request", "1"), ("sec-fetch-site", "same-origin")];
        let told = match self.post("/v1/auth/logout", &page, "{}".to_owned()).await {
            Ok(told) => told,
            Err(error) => return Finding::wrong("cookie", format!("A logout {error}.")),
        };
        let cookie = text(&told.headers, header::SET_COOKIE.as_str());
        let status = told.status.as_u16();
        if cookie.is_empty() {
            let code = json(&told)["code"].as_str().unwrap_or_default().to_owned();
            return Finding::wrong(
                "cookie",
                format!(
                    "A logout answers {status} {code} and takes no cookie away: let the proxy pass on X-Signet-Request, Sec-Fetch-Site and Set-Cookie."
                ),
            );
        }
        let attributes: Vec<String> = cookie
            .split(';')
            .skip(1)
            .map(|one| one.trim().to_lowercase())
            .collect();
        let has = |name: &str| attributes.iter().any(|one| one == name);
        let is_ours = cookie.starts_with("__Host-signet_refresh-")
            && ["secure", "httponly", "path=/", "samesite=strict"]
                .into_iter()
                .all(has)
            && !attributes.iter().any(|one| one.starts_with("domain"));
        if is_ours {
            return Finding::ok("cookie", "It is Secure, HttpOnly and SameSite=Strict.");
        }
        Finding::wrong(
            "cookie",
            format!(
                "The refresh cookie comes as `{cookie}` and not with Secure, HttpOnly, SameSite=Strict and Path=/ alone: take `proxy_cookie_flags`, `proxy_cookie_path` and the like out of the proxy."
            ),
        )
    }

    /// What is for the operator is not for the world.
    async fn private(&self) -> Finding {
        for path in ["/metrics", "/readyz"] {
            let url = format!("{}{path}", self.issuer.as_str());
            let told = self.get(&url, &[]).await;
            if told.is_ok_and(|told| told.status == StatusCode::OK) {
                return Finding::note(
                    "private",
                    format!(
                        "{url} can be read by everybody, and tells how the deployment is: let the proxy answer 404."
                    ),
                );
            }
        }
        Finding::ok("private", "Metrics and readiness are not public.")
    }
}

fn transport(headers: &HeaderMap) -> Finding {
    if headers.contains_key(header::STRICT_TRANSPORT_SECURITY) {
        return Finding::ok("transport", "Browsers are told to use TLS alone.");
    }
    Finding::wrong(
        "transport",
        "Strict-Transport-Security is missing, which Signet sends where server.issuer is https: set the issuer, or let the proxy pass the header on.",
    )
}

fn clock(headers: &HeaderMap) -> Finding {
    let date = text(headers, header::DATE.as_str());
    match http_date(&date) {
        Some(there) => apart("The proxy", there),
        None => Finding::note("clock", "The deployment does not say what time it is."),
    }
}

/// Compares a clock with this machine's.
pub(super) fn apart(whose: &str, there: i64) -> Finding {
    let here = Ambient::system().clock.now().seconds();
    let seconds = there.abs_diff(here);
    if seconds <= LEEWAY {
        return Finding::ok(
            "clock",
            format!("{whose} and this machine tell the same time."),
        );
    }
    Finding::wrong(
        "clock",
        format!(
            "{whose} and this machine are {seconds} s apart, and tokens count by the second: let NTP set both."
        ),
    )
}

/// The seconds of a date (RFC 9110 §5.6.7).
fn http_date(text: &str) -> Option<i64> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(text, &format).ok()?;
    Some(date.assume_utc().unix_timestamp())
}

/// Whether nobody on the way added what Signet never says of caching, or says once.
fn is_untouched(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter().count();
    values == 1 && !headers.contains_key(header::EXPIRES)
}

/// The body, where it is JSON.
pub(super) fn json(told: &Told) -> Value {
    serde_json::from_slice(&told.body).unwrap_or_default()
}

/// The values of a header, as text.
fn text(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter();
    let values: Vec<String> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    values.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        assert_eq!(
            http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777)
        );
        assert_eq!(http_date("1994-11-06"), None);
    }

    #[test]
    fn the_metadata_is_before_the_path() {
        for (issuer, url) in [
            (
                "https://id.example",
                "https://id.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/x",
                "https://a.example/.well-known/oauth-authorization-server/x",
            ),
        ] {
            let issuer = Issuer::parse(issuer).unwrap();
            let client = Client::new().unwrap();
            let deployment = Deployment {
                client,
                issuer: &issuer,
            };
            assert_eq!(deployment.metadata_url(), url);
        }
    }
}
