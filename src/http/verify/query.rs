//! A parameter of the original request's query.

use crate::http::problem::{Code, Refusal};
use crate::http::query::decode;

/// The value of a parameter, if the query has it, as it stands there: no character of a key needs an
/// escape. Twice is refused: readers differ on which counts.
pub(super) fn parameter<'a>(
    query: Option<&'a str>,
    name: &str,
) -> Result<Option<&'a str>, Refusal> {
    let pairs = query.unwrap_or_default().split('&');
    let mut values = pairs.filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then_some(value)
    });
    let value = values.next();
    if values.next().is_some() {
        return Err(Refusal::new(Code::DuplicateParameter));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_once() {
        let value = |query| parameter(query, "api_key");
        let code = |query| value(query).map_err(|refusal| refusal.code());
        assert_eq!(code(None), Ok(None));
        assert_eq!(code(Some("a=1&b")), Ok(None));
        assert_eq!(code(Some("a=1&api_key=k&b")), Ok(Some("k")));
        assert_eq!(code(Some("api%5Fkey=k%20+")), Ok(Some("k%20+")));
        assert_eq!(code(Some("api_key")), Ok(Some("")));
        assert_eq!(
            code(Some("api_key=a&api%5fkey=b")),
            Err(Code::DuplicateParameter)
        );
    }
}
