//! Which page sent the original request: the CSRF rule, read from what the browser said to it.
//!
//! The `X-Signet-Request` of our own routes is not asked for: these are the application's requests,
//! its forms among them.

use http::{HeaderMap, header};

use crate::auth::verify::Page;
use crate::model::forward::Original;

const SITE: &str = "sec-fetch-site";

/// The page that sent a request, as far as it matters.
pub(super) fn of<'a>(original: &Original, headers: &'a HeaderMap) -> Page<'a> {
    if original.only_reads() {
        return Page::Harmless;
    }
    match (single(headers, SITE), headers.contains_key(SITE)) {
        (Some("same-origin"), _) => Page::Harmless,
        (Some("same-site"), _) | (None, false) => by_origin(original, headers),
        // Another site, the address bar, something unheard of, or said twice.
        _ => Page::Foreign,
    }
}

fn by_origin<'a>(original: &Original, headers: &'a HeaderMap) -> Page<'a> {
    match single(headers, header::ORIGIN.as_str()) {
        Some(origin) if original.origin().is_some_and(|own| own == origin) => Page::Harmless,
        Some(origin) => Page::Of(origin),
        None => Page::Foreign,
    }
}

/// The value of a header that occurs once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok();
    value.filter(|_| values.next().is_none())
}
