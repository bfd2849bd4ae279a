//! The header `Authorization` (RFC 9110 §11.6.2), and what Basic puts into it (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use zeroize::Zeroizing;

use crate::http::problem::{Code, Refusal};

/// The header of a request that has it once.
#[derive(Clone, Copy)]
pub(super) struct Authorization<'a> {
    scheme: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Authorization<'a> {
    /// That of a request, if there is one. Two are refused: nothing tells which was meant.
    pub(super) fn find(headers: &'a HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next().map(|value| value.as_bytes().trim_ascii());
        if values.next().is_some() {
            return Err(Refusal::new(Code::MultipleCredentials));
        }
        Ok(value.map(|value| {
            let space = value.iter().position(|byte| *byte == b' ');
            let (scheme, rest) = value.split_at(space.unwrap_or(value.len()));
            let rest = rest.trim_ascii_start();
            Self { scheme, rest }
        }))
    }

    /// Whether it is of this scheme, in any case.
    pub(super) fn is(self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme.as_bytes())
    }

    /// The credential, where it can be a token (RFC 6750 §2.1).
    pub(super) fn token(self) -> Option<&'a str> {
        token(self.rest)
    }

    /// The name and the password of Basic.
    pub(super) fn password(self) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
        let decoded = Zeroizing::new(STANDARD.decode(self.rest).ok()?);
        let text = str::from_utf8(&decoded).ok()?;
        let (name, password) = text.split_once(':')?;
        let plain = |text: &str| !text.chars().any(char::is_control);
        (plain(name) && plain(password)).then(|| {
            (
                Zeroizing::new(name.to_owned()),
                Zeroizing::new(password.to_owned()),
            )
        })
    }
}

/// What can be a token of ours.
pub(super) fn token(text: &[u8]) -> Option<&str> {
    let is_token68 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let is_token = !text.is_empty() && text.iter().all(is_token68);
    str::from_utf8(text).ok().filter(|_| is_token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read<T>(value: &str, what: impl Fn(Authorization<'_>) -> T) -> T {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        what(Authorization::find(&headers).unwrap().unwrap())
    }

    #[test]
    fn a_scheme_and_a_token() {
        let token = |value| read(value, |found| found.token().map(str::to_owned));
        assert_eq!(token("Bearer  a.b-c").as_deref(), Some("a.b-c"));
        for value in ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", ""] {
            assert_eq!(token(value), None, "{value}");
        }
        assert!(read("aPI-kEY x", |found| found.is("Api-Key")));
        assert!(!read("Api-Keys x", |found| found.is("Api-Key")));
    }

    #[test]
    fn a_name_and_a_password() {
        let password = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text));
            read(&value, |found| {
                found
                    .password()
                    .map(|(n, p)| (n.to_string(), p.to_string()))
            })
        };
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(password("ada:a:b c"), pair("ada", "a:b c"));
        assert_eq!(password("jürgen:pä"), pair("jürgen", "pä"));
        assert_eq!(password(":"), pair("", ""));
        assert_eq!(password("ada"), None);
        assert_eq!(password("a\nda:b"), None);
        assert!(read("Basic !!", |found| found.password().is_none()));
    }
}
