//! The cookies: a refresh cookie per client, and the session cookie; read byte for byte.
//!
//! Our own parser, because common ones percent-decode names: a sibling subdomain may set
//! `__%48ost-…`, which no browser protects and which they would then read as `__Host-…`.

use http::{HeaderMap, HeaderValue, header};

use super::problem::{Code, Refusal};

/// Browsers keep name and value together up to this size (RFC 6265 §6.1).
const MAX_SIZE: usize = 4096;
/// For our own requests: no other site's link or form takes it along.
const STRICT: &str = "SameSite=Strict";
/// For pages: a link from elsewhere opens them logged in.
const LAX: &str = "SameSite=Lax";

/// The name of the refresh cookie of `client`.
#[must_use]
pub fn refresh_name(client: &str) -> String {
    format!("__Host-signet_refresh-{client}")
}

/// The value of the cookie `name`, if the request has exactly one.
///
/// Two of them are refused: one was planted, and nothing tells which.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::new(Code::MalformedRequest)
            .because("Two cookies have the name of ours; clear the site's cookies."));
    }
    let text = str::from_utf8(value).map_err(|_| Refusal::new(Code::MalformedRequest))?;
    Ok(Some(text))
}

/// Gives `client` its refresh token for `max_age` seconds; `None` if no browser would keep it.
#[must_use]
pub fn set_refresh(client: &str, token: &str, max_age: u64) -> Option<HeaderValue> {
    let name = refresh_name(client);
    (name.len() + token.len() < MAX_SIZE).then(|| write(&name, token, max_age, STRICT))?
}

/// Takes the refresh token away again: the same attributes, no value, no life.
#[must_use]
pub fn clear_refresh(client: &str) -> Option<HeaderValue> {
    write(&refresh_name(client), "", 0, STRICT)
}

/// The name of the session cookie. What begins with `__Host-` only the host itself can set; one
/// that a `domain` shares is less well protected.
#[must_use]
pub const fn session_name(domain: Option<&str>) -> &'static str {
    match domain {
        None => "__Host-signet_session",
        Some(_) => "__Secure-signet_session",
    }
}

/// Gives the browser its session cookie for `max_age` seconds.
#[must_use]
pub fn set_session(value: &str, max_age: u64, domain: Option<&str>) -> Option<HeaderValue> {
    let attributes = match domain {
        None => LAX.to_owned(),
        Some(domain) => format!("{LAX}; Domain={domain}"),
    };
    write(session_name(domain), value, max_age, &attributes)
}

/// Takes the session cookie away again.
#[must_use]
pub fn clear_session(domain: Option<&str>) -> Option<HeaderValue> {
    set_session("", 0, domain)
}

fn write(name: &str, value: &str, max_age: u64, attributes: &str) -> Option<HeaderValue> {
    let text = format!("{name}={value}; Max-Age={max_age}; Path=/; HttpOnly; Secure; {attributes}");
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values
            .iter()
            .map(|value| (header::COOKIE, HeaderValue::from_bytes(value).unwrap()))
            .collect()
    }

    fn found(values: &[&[u8]]) -> Result<Option<String>, Code> {
        find(&headers(values), &refresh_name("web"))
            .map(|value| value.map(str::to_owned))
            .map_err(|refusal| refusal.code())
    }

    #[test]
    fn one_cookie_of_our_name_is_found_among_others() {
        let ours = Ok(Some("token".to_owned()));
        assert_eq!(found(&[b"__Host-signet_refresh-web=token"]), ours);
        assert_eq!(
            found(&[b"a=1;  __Host-signet_refresh-web=token ; b=\xff\"x"]),
            ours
        );
        assert_eq!(found(&[b"a=1", b"__Host-signet_refresh-web=token"]), ours);
        assert_eq!(
            found(&[b"__Host-signet_refresh-web="]),
            Ok(Some(String::new()))
        );
    }

    #[test]
    fn other_spellings_are_other_cookies() {
        for value in [
            "__%48ost-signet_refresh-web=token",
            "__host-signet_refresh-web=token",
            "__Host-signet_refresh-web2=token",
            "__Host-signet_refresh-web =token",
            "x__Host-signet_refresh-web=token",
            "=__Host-signet_refresh-web=token",
            "__Host-signet_refresh-web",
            "",
        ] {
            assert_eq!(found(&[value.as_bytes()]), Ok(None), "{value}");
        }
        assert_eq!(found(&[]), Ok(None));
    }

    #[test]
    fn two_cookies_of_our_name_are_refused() {
        let pair: &[u8] = b"__Host-signet_refresh-web=a; __Host-signet_refresh-web=a";
        assert_eq!(found(&[pair]), Err(Code::MalformedRequest));
        let one: &[u8] = b"__Host-signet_refresh-web=a";
        assert_eq!(found(&[one, one]), Err(Code::MalformedRequest));
        assert_eq!(
            found(&[b"__Host-signet_refresh-web=\xff"]),
            Err(Code::MalformedRequest)
        );
    }

    #[test]
    fn setting_and_clearing_differ_only_in_value_and_age() {
        assert_eq!(
            set_refresh("web", "token", 60).unwrap(),
            "__Host-signet_refresh-web=token; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict"
        );
        assert_eq!(
            clear_refresh("web").unwrap(),
            "__Host-signet_refresh-web=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict"
        );
        assert_eq!(
            set_session("value", 60, None).unwrap(),
            "__Host-signet_session=value; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            clear_session(Some("example.com")).unwrap(),
            "__Secure-signet_session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax; \
             Domain=example.com"
        );
        assert!(set_refresh("web", &"t".repeat(4096), 60).is_none());
        assert!(set_refresh("w\nb", "token", 60).is_none());
    }
}
