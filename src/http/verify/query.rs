//! A parameter of the original request's query.

use std::borrow::Cow;

use crate::http::problem::{Code, Refusal};
use crate::http::query::decode;

/// The value of a parameter, if the query has it. Twice is refused: readers differ on which counts.
pub(super) fn parameter<'a>(
    query: Option<&'a str>,
    name: &str,
) -> Result<Option<Cow<'a, str>>, Refusal> {
    let pairs = query.unwrap_or_default().split('&');
    let mut values = pairs.filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value))
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
        let value = |query| parameter(query, "api_key").map(|found| found.map(Cow::into_owned));
        let some = |text: &str| Ok(Some(text.to_owned()));
        let code = |query| value(query).map_err(|refusal| refusal.code());
        assert_eq!(code(None), Ok(None));
        assert_eq!(code(Some("a=1&b")), Ok(None));
        assert_eq!(code(Some("a=1&api_key=k&b")), some("k"));
        assert_eq!(code(Some("api%5Fkey=k%20+")), some("k  "));
        assert_eq!(code(Some("api_key")), some(""));
        assert_eq!(
            code(Some("api_key=a&api%5fkey=b")),
            Err(Code::DuplicateParameter)
        );
    }
}
