//! Which methods each path has: for `Allow`, for preflights and for telling 404 from 405.

use http::{HeaderValue, Method};
use poem_openapi::OpenApi;

/// Path patterns and their methods.
#[derive(Debug, Default)]
pub struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    pattern: String,
    methods: Vec<Method>,
}

impl Routes {
    /// The routes of an OpenAPI object, each path with all its methods.
    #[must_use]
    pub fn of<T: OpenApi>() -> Self {
        T::meta()
            .into_iter()
            .flat_map(|api| api.paths)
            .fold(Self::default(), |routes, path| {
                let methods = path
                    .operations
                    .iter()
                    .map(|operation| operation.method.clone());
                routes.with(&path.path, methods)
            })
    }

    /// Adds a path. `{…}` stands for any one segment.
    #[must_use]
    pub fn with(mut self, pattern: &str, methods: impl IntoIterator<Item = Method>) -> Self {
        let position = self.0.iter().position(|route| route.pattern == pattern);
        let position = position.unwrap_or_else(|| {
            self.0.push(Route {
                pattern: pattern.to_owned(),
                methods: Vec::new(),
            });
            self.0.len() - 1
        });
        let known = &mut self.0[position].methods;
        for method in methods {
            // Whoever answers GET answers HEAD.
            let head = (method == Method::GET).then_some(Method::HEAD);
            for method in std::iter::once(method).chain(head) {
                if !known.contains(&method) {
                    known.push(method);
                }
            }
        }
        self
    }

    /// The value of `Allow` for a path; `None` if there is nothing under it.
    ///
    /// Of two patterns that match, the one with fewer placeholders is meant, as in routing.
    #[must_use]
    pub fn allow(&self, path: &str) -> Option<HeaderValue> {
        let matching = self.0.iter().filter(|route| matches(&route.pattern, path));
        let route = matching.min_by_key(|route| route.pattern.matches('{').count())?;
        let names: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
        HeaderValue::try_from(names.join(", ")).ok()
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_names_all_methods_of_a_path() {
        let routes = Routes::default()
            .with("/v1/me/sessions", [Method::GET])
            .with("/v1/me/sessions", [Method::DELETE])
            .with("/v1/me/sessions/{id}", [Method::DELETE]);
        assert_eq!(
            routes.allow("/v1/me/sessions").unwrap(),
            "GET, HEAD, DELETE"
        );
        assert_eq!(routes.allow("/v1/me/sessions/ses_1").unwrap(), "DELETE");
        for path in ["/v1/me", "/v1/me/sessions/", "/v1/me/sessions/a/b", "/"] {
            assert!(routes.allow(path).is_none(), "{path}");
        }
    }

    #[test]
    fn allow_names_no_method_of_a_path_that_another_hides() {
        let routes = Routes::default()
            .with("/v1/signing-keys/{kid}", [Method::DELETE])
            .with("/v1/signing-keys/rotate", [Method::POST]);
        assert_eq!(routes.allow("/v1/signing-keys/rotate").unwrap(), "POST");
        assert_eq!(routes.allow("/v1/signing-keys/other").unwrap(), "DELETE");
    }
}
