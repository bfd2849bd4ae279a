//! Which credential a request presents, and what a refused one is told (RFC 6750).
//!
//! `Authorization: Bearer` takes access tokens and, where an operation does, API keys;
//! `Authorization: Api-Key` takes API keys alone.
//!
//! Only the header counts: `access_token` in the query or in a body is never looked at.

use http::{HeaderMap, HeaderValue, header};

use super::problem::{Code, Refusal};

/// The protection space of every challenge.
const REALM: &str = "Bearer realm=\"signet\"";

/// A credential as presented: not verified yet, and nothing to print.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    scheme: Scheme,
    text: &'a str,
}

/// Under which name it is presented.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    ApiKey,
}

impl<'a> Presented<'a> {
    /// The credential of a request, if it presents one.
    ///
    /// No header is `None`; two headers, another scheme, or something that cannot be a token
    /// (RFC 6750 §2.1) are refused.
    pub fn find(headers: &'a HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::new(Code::MultipleCredentials));
        }
        let value = value.as_bytes().trim_ascii();
        let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
            Some(space) => (&value[..space], value[space..].trim_ascii_start()),
            None => (value, &[][..]),
        };
        let scheme = Scheme::named(scheme);
        let scheme = scheme.ok_or_else(|| Refusal::new(Code::UnsupportedAuthScheme))?;
        match str::from_utf8(rest) {
            Ok(text) if !text.is_empty() && text.bytes().all(is_token68) => {
                Ok(Some(Self { scheme, text }))
            }
            _ => Err(scheme.invalid()),
        }
    }

    /// The access token of a request that may present nothing else.
    pub fn access_token(headers: &'a HeaderMap) -> Result<Option<&'a str>, Refusal> {
        let Some(presented) = Self::find(headers)? else {
            return Ok(None);
        };
        match presented.scheme {
            Scheme::Bearer => Ok(Some(presented.text)),
            Scheme::ApiKey => Err(Refusal::new(Code::UnsupportedAuthScheme)),
        }
    }

    /// The credential of a request that must present one.
    pub fn required(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        Self::find(headers)?.ok_or_else(|| Refusal::new(Code::CredentialMissing))
    }

    /// The text to verify; `is_api_key` tells API keys from access tokens.
    pub fn any(self, is_api_key: impl Fn(&str) -> bool) -> Result<&'a str, Refusal> {
        match self.scheme {
            Scheme::ApiKey if !is_api_key(self.text) => Err(self.scheme.invalid()),
            Scheme::ApiKey | Scheme::Bearer => Ok(self.text),
        }
    }
}

impl Scheme {
    fn named(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"bearer") {
            Some(Self::Bearer)
        } else {
            name.eq_ignore_ascii_case(b"api-key")
                .then_some(Self::ApiKey)
        }
    }

    fn invalid(self) -> Refusal {
        Refusal::new(match self {
            Self::Bearer => Code::InvalidAccessToken,
            Self::ApiKey => Code::InvalidApiKey,
        })
    }
}

/// `b64token` of RFC 6750 §2.1; our own tokens keep to it.
fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

/// The value of `WWW-Authenticate` (RFC 6750 §3).
#[derive(Clone, Copy, Debug)]
pub enum Challenge<'a> {
    /// Nothing that we could judge was presented: no `error` (§3.1).
    Bare,
    /// A credential was presented and is not valid.
    InvalidToken,
    /// The token is valid and lacks these scopes.
    InsufficientScope(&'a [String]),
}

impl Challenge<'_> {
    /// The challenge that goes with a code; every 401 has one.
    #[must_use]
    pub fn of(code: Code) -> Option<Self> {
        match code {
            Code::InvalidAccessToken
            | Code::InvalidApiKey
            | Code::ApiKeyExpired
            | Code::ApiKeyRevoked
            | Code::ApiKeyDisabled
            | Code::OwnerDisabled => Some(Self::InvalidToken),
            other => (other.status() == http::StatusCode::UNAUTHORIZED).then_some(Self::Bare),
        }
    }

    /// The header's value.
    #[must_use]
    pub fn value(self) -> HeaderValue {
        let text = match self {
            Self::Bare => REALM.to_owned(),
            Self::InvalidToken => format!(
                "{REALM}, error=\"invalid_token\", \
                 error_description=\"The credential is expired, revoked or malformed\""
            ),
            // Scope names are RFC 6749 scope-tokens: they contain neither quotes nor backslashes.
            Self::InsufficientScope(scopes) => {
                format!(
                    "{REALM}, error=\"insufficient_scope\", scope=\"{}\"",
                    scopes.join(" ")
                )
            }
        };
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(REALM))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values
            .iter()
            .map(|value| {
                (
                    header::AUTHORIZATION,
                    HeaderValue::from_bytes(value).unwrap(),
                )
            })
            .collect()
    }

    fn code(values: &[&[u8]]) -> Option<Code> {
        Presented::required(&headers(values))
            .err()
            .map(|refusal| refusal.code())
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
            let headers = headers(&[format!("{scheme} a.b-c_d").as_bytes()]);
            let token = Presented::access_token(&headers);
            assert_eq!(token.ok().flatten(), Some("a.b-c_d"));
        }
        for scheme in ["Api-Key", "api-key", "API-KEY"] {
            let headers = headers(&[format!("{scheme} k").as_bytes()]);
            let presented = Presented::required(&headers).ok().unwrap();
            assert_eq!(presented.any(|text| text == "k").ok(), Some("k"));
            let code = presented.any(|_| false).err().map(|no| no.code());
            assert_eq!(code, Some(Code::InvalidApiKey));
            let code = Presented::access_token(&headers).err().map(|no| no.code());
            assert_eq!(code, Some(Code::UnsupportedAuthScheme));
        }
    }

    #[test]
    fn each_misuse_has_its_code() {
        assert_eq!(code(&[]), Some(Code::CredentialMissing));
        assert_eq!(
            code(&[b"Bearer a", b"Bearer a"]),
            Some(Code::MultipleCredentials)
        );
        assert_eq!(code(&[b"Basic YTpi"]), Some(Code::UnsupportedAuthScheme));
        assert_eq!(code(&[b""]), Some(Code::UnsupportedAuthScheme));
        let malformed: [&[u8]; 5] = [
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer \xff",
            b"Bearer a,b",
        ];
        for value in malformed {
            assert_eq!(code(&[value]), Some(Code::InvalidAccessToken), "{value:?}");
        }
        assert_eq!(code(&[b"Api-Key a,b"]), Some(Code::InvalidApiKey));
    }

    #[test]
    fn challenges_follow_rfc_6750() {
        assert_eq!(Challenge::Bare.value(), "Bearer realm=\"signet\"");
        let scopes = ["a.read".to_owned(), "b".to_owned()];
        assert_eq!(
            Challenge::InsufficientScope(&scopes).value(),
            "Bearer realm=\"signet\", error=\"insufficient_scope\", scope=\"a.read b\""
        );
        for code in Code::ALL {
            let challenged = Challenge::of(code).is_some();
            assert_eq!(challenged, code.status() == http::StatusCode::UNAUTHORIZED);
        }
    }
}
