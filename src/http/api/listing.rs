//! What lists have in common: which page is asked for, and how one is answered.

use std::str::FromStr;

use poem_openapi::{
    param::Query,
    registry::MetaSchema,
    types::{ParseError, ParseFromParameter, ParseResult, ToJSON},
};
use serde_json::Value;

use crate::{
    auth::sessions::{Page, Paging},
    http::{
        inline_type::inline_type,
        problem::{Code, Refusal},
    },
    model::{
        id::{Id, Kind},
        scope::Scope,
    },
};

/// The parameter `cursor`: the item by which the page before ended.
pub(super) struct Cursor<T>(T);

/// The parameter `limit`: how many items a page has at most.
pub(super) struct PageSize(u32);

/// By what the items of a list are in order.
pub(super) trait Order: FromStr<Err: std::fmt::Display> + Send + Sync {
    /// How long its text is at most.
    const LONGEST: usize;

    /// What its text is like.
    fn pattern() -> String;
}

impl<K: Kind + Send + Sync> Order for Id<K> {
    const LONGEST: usize = 40;

    fn pattern() -> String {
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
        format!("^{}{uuid}$", K::PREFIX)
    }
}

impl Order for Scope {
    const LONGEST: usize = 128;

    fn pattern() -> String {
        r"^[!#-\[\]-~]+$".to_owned()
    }
}

inline_type!(
    Cursor<T>,
    "cursor",
    MetaSchema {
        max_length: Some(T::LONGEST),
        pattern: Some(T::pattern()),
        ..MetaSchema::new("string")
    },
    T: Order
);

impl<T: Order> ParseFromParameter for Cursor<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        value.parse().map(Self).map_err(ParseError::custom)
    }
}

inline_type!(
    PageSize,
    "page_size",
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(100.0),
        ..MetaSchema::new_with_format("integer", "int32")
    }
);

impl ParseFromParameter for PageSize {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let size: u32 = value.parse().map_err(ParseError::custom)?;
        let allowed = Some(size).filter(|size| (1..=100).contains(size));
        allowed
            .map(Self)
            .ok_or_else(|| ParseError::custom("expected 1 to 100"))
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

impl ToJSON for PageSize {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.into())
    }
}

/// The page that is asked for.
pub(super) fn paging<T>(
    Query(cursor): Query<Option<Cursor<T>>>,
    Query(PageSize(limit)): Query<PageSize>,
) -> Paging<T> {
    Paging {
        after: cursor.map(|Cursor(last)| last),
        limit,
    }
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
