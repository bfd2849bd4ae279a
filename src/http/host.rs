//! Which host a request says it is for: it changes no answer, but two readers of an unclear one
//! would read two requests.

use http::uri::Authority;
use http::{HeaderMap, Version, header};

use super::problem::{Code, Refusal};

/// Refuses a request without `Host`, with two, or with one that is no host (RFC 9112 §3.2).
/// Before HTTP/1.1 and in HTTP/2 it need not be there.
pub fn check(version: Version, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let because = match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_11 => "The header Host is missing.",
        (Some(_), Some(_)) => "The header Host is there twice.",
        (Some(host), None) if !is_host(host.as_bytes()) => "The header Host names no host.",
        _ => return Ok(()),
    };
    Err(Refusal::new(Code::MalformedRequest).because(because))
}

/// A host with or without port, or nothing where the target has none.
fn is_host(value: &[u8]) -> bool {
    value.is_empty() || (!value.contains(&b'@') && Authority::try_from(value).is_ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn passes(version: Version, hosts: &[&str]) -> bool {
        let headers = hosts
            .iter()
            .map(|host| (header::HOST, HeaderValue::from_str(host).unwrap()))
            .collect();
        check(version, &headers).is_ok()
    }

    #[test]
    fn one_host_names_one_host() {
        for host in [
            "a",
            "id.example.com:8080",
            "[::1]:80",
            "127.0.0.1",
            "xn--p1ai",
            "",
        ] {
            assert!(passes(Version::HTTP_11, &[host]), "{host}");
        }
        for hosts in [
            &[][..],
            &["a", "a"],
            &["a b"],
            &["me@a"],
            &["a/b"],
            &["[::1"],
        ] {
            assert!(!passes(Version::HTTP_11, hosts), "{hosts:?}");
        }
        assert!(passes(Version::HTTP_10, &[]) && passes(Version::HTTP_2, &[]));
        assert!(!passes(Version::HTTP_10, &["a", "b"]) && !passes(Version::HTTP_2, &["a", "b"]));
    }
}
