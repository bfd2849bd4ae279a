//! What lists have in common: which page is asked for, and how one is answered.

use std::str::FromStr;

use crate::{
    auth::sessions::{Page, Paging},
    http::problem::{Code, Refusal},
};

/// The page that is asked for.
pub(super) fn paging<K: FromStr>(cursor: Option<String>, limit: i32) -> Result<Paging<K>, Refusal> {
    let after = cursor.map(|cursor| cursor.parse()).transpose();
    let after = after.map_err(|_| {
        Refusal::new(Code::MalformedRequest)
            .because("The parameter `cursor` is not the `next_cursor` of a page.")
    })?;
    Ok(Paging {
        after,
        limit: u32::try_from(limit).unwrap_or(1),
    })
}

/// The identifier that a path names; what is none is nothing's.
pub(super) fn named<T: FromStr>(id: &str) -> Result<T, Refusal> {
    id.parse().map_err(|_| Refusal::new(Code::NotFound))
}

/// What the next page is asked for with, by its last item; nothing where this is the last page.
pub(super) fn next_cursor<T>(page: &Page<T>, cursor: impl Fn(&T) -> String) -> Option<String> {
    page.items.last().filter(|_| page.more).map(cursor)
}

/// How many items all pages have together.
pub(super) fn total<T>(page: &Page<T>) -> i64 {
    i64::try_from(page.total).unwrap_or(i64::MAX)
}

/// How many items a page has unless it is asked for more or fewer.
pub(super) fn default_limit() -> i32 {
    50
}
