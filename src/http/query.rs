//! The query string, as far as every route agrees on it.

use std::borrow::Cow;

use http::Uri;

use super::problem::{Code, Refusal};

/// Refuses a query that gives one parameter twice: readers differ on which of them counts.
pub fn refuse_duplicates(uri: &Uri) -> Result<(), Refusal> {
    let Some(query) = uri.query() else {
        return Ok(());
    };
    let mut names: Vec<Cow<'_, str>> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| decode(pair.split_once('=').map_or(pair, |(name, _)| name)))
        .collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::new(Code::DuplicateParameter));
    }
    Ok(())
}

/// `application/x-www-form-urlencoded`, far enough to compare names.
pub(super) fn decode(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', '+']) {
        return Cow::Borrowed(name);
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        rest = if escaped.is_some() { &tail[2..] } else { tail };
        bytes.push(match (escaped, first) {
            (Some((high, low)), _) => high << 4 | low,
            (None, b'+') => b' ',
            (None, other) => *other,
        });
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_at_most_once() {
        let passes = |uri: &'static str| refuse_duplicates(&Uri::from_static(uri)).is_ok();
        assert!(passes("/") && passes("/?") && passes("/?a=1&b=1&&c") && passes("/?%zz=1&%"));
        assert!(!passes("/?a=1&a=1") && !passes("/?a=1&%61=2") && !passes("/?a&a"));
        assert!(!passes("/?a+b=1&a%20b=2"));
    }
}
