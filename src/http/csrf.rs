//! Whether a cookie request comes from one of the application's own pages.
//!
//! Asked at every request that sets, uses or clears a refresh cookie, login included: a foreign
//! page must be able neither to use a victim's session nor to log a victim in as somebody else.

use http::{HeaderMap, header};

use super::problem::{Code, Refusal};

/// Only a script can send it, and across origins only after a preflight that we refuse.
const PROOF: &str = "x-signet-request";
const SITE: &str = "sec-fetch-site";

/// Whether a request claims to be a cookie request of a page's script, with or without right.
#[must_use]
pub fn is_claimed(headers: &HeaderMap) -> bool {
    headers.contains_key(PROOF)
}

/// Lets a cookie request pass if it carries `X-Signet-Request: 1` and comes from one of the
/// client's registered `origins`, or from our own.
///
/// What the browser says about the site goes first: with `cross-site` nothing else helps, because
/// a `SameSite=Strict` cookie has no business there. Without `Origin` and without
/// `Sec-Fetch-Site` there is no page, and so no need for a cookie.
pub fn check(headers: &HeaderMap, origins: &[String]) -> Result<(), Refusal> {
    let registered = |origin: &[u8]| origins.iter().any(|known| known.as_bytes() == origin);
    let passes = single(headers, PROOF) == Some(b"1")
        && match (single(headers, SITE), headers.contains_key(SITE)) {
            (Some(b"same-origin"), _) => true,
            (Some(b"cross-site"), _) | (None, true) => false,
            _ => single(headers, header::ORIGIN.as_str()).is_some_and(registered),
        };
    if passes {
        Ok(())
    } else {
        Err(Refusal::new(Code::CsrfRefused))
    }
}

/// The value of a header that occurs once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn passes(headers: &[(&'static str, &'static str)]) -> bool {
        let origins = ["https://app.example".to_owned()];
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        check(&headers, &origins).is_ok()
    }

    const PROVEN: (&str, &str) = ("x-signet-request", "1");
    const OURS: (&str, &str) = ("origin", "https://app.example");

    #[test]
    fn own_pages_pass() {
        assert!(passes(&[PROVEN, OURS]));
        assert!(passes(&[PROVEN, OURS, (SITE, "same-site")]));
        assert!(passes(&[PROVEN, (SITE, "same-origin")]));
        assert!(passes(&[
            PROVEN,
            ("origin", "https://issuer.example"),
            (SITE, "same-origin")
        ]));
    }

    #[test]
    fn everything_else_is_refused() {
        let foreign = ("origin", "https://evil.example");
        for headers in [
            &[][..],
            &[PROVEN],
            &[OURS],
            &[(SITE, "same-origin")],
            &[PROVEN, foreign],
            &[PROVEN, foreign, (SITE, "same-site")],
            &[PROVEN, (SITE, "same-site")],
            &[PROVEN, (SITE, "none")],
            &[PROVEN, OURS, (SITE, "cross-site")],
            &[PROVEN, OURS, (SITE, "cross-site"), (SITE, "same-origin")],
            &[PROVEN, OURS, OURS],
            &[PROVEN, PROVEN, OURS],
            &[("x-signet-request", "true"), OURS],
            &[PROVEN, ("origin", "null")],
            &[PROVEN, ("origin", "https://app.example/")],
            &[PROVEN, ("origin", "https://app.example.evil")],
            &[PROVEN, ("origin", "https://APP.example")],
        ] {
            assert!(!passes(headers), "{headers:?}");
        }
    }
}
