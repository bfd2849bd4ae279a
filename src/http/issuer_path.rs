//! The path of the issuer, for proxies that leave it on: `https://example.com/auth` names
//! `/auth/oauth/token`, and that is `/oauth/token` here.

use http::{Uri, uri::PathAndQuery};

/// What stands before the paths of our routes in the URLs that clients use: nothing, or a path
/// that begins with a slash and does not end in one.
#[derive(Clone, Debug)]
pub struct IssuerPath(String);

impl IssuerPath {
    /// The path of an issuer.
    #[must_use]
    pub fn of(issuer: &str) -> Self {
        let after_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let path = after_scheme.find('/').map(|at| &after_scheme[at..]);
        Self(path.unwrap_or_default().trim_end_matches('/').to_owned())
    }

    /// The path, empty where there is none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same place without the issuer's path; nothing where it is not below it.
    #[must_use]
    pub fn below(&self, uri: &Uri) -> Option<Uri> {
        if self.0.is_empty() {
            return None;
        }
        let rest = uri.path_and_query()?.as_str().strip_prefix(&self.0)?;
        if !rest.starts_with('/') {
            return None;
        }
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_is_told_from_what_begins_alike() {
        let path = IssuerPath::of("https://id.example/a/b");
        assert_eq!(path.as_str(), "/a/b");
        let below = |uri: &str| path.below(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(
            below("/a/b/oauth/token?x=1"),
            Some("/oauth/token?x=1".into())
        );
        assert_eq!(below("/a/b/"), Some("/".into()));
        let absolute = below("https://id.example/a/b/v1/me");
        assert_eq!(absolute, Some("https://id.example/v1/me".into()));
        for other in ["/a/b", "/a/bc/v1/me", "/v1/me", "/A/b/v1/me", "*"] {
            assert_eq!(below(other), None, "{other}");
        }
    }

    #[test]
    fn an_issuer_without_a_path_has_nothing_below() {
        for issuer in ["https://id.example", "http://localhost:8080"] {
            let path = IssuerPath::of(issuer);
            assert_eq!(path.as_str(), "");
            assert!(path.below(&Uri::from_static("/v1/me")).is_none());
        }
    }
}
