//! Lists in pages: each begins after the last item of the one before, whatever came or went.

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging<K> {
    /// The last item of the page before; none for the first page.
    pub after: Option<K>,
    /// How many items at most.
    pub limit: u32,
}

impl<K> Paging<K> {
    /// The first `limit` items.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Its items, in the order of the list.
    pub items: Vec<T>,
    /// How many items all pages have together.
    pub total: u64,
    /// Whether another page follows.
    pub more: bool,
}

impl<T> Page<T> {
    /// Cuts `items`, read with one more than `limit`, to a page.
    #[must_use]
    pub fn cut(mut items: Vec<T>, limit: u32, total: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, total, more }
    }
}
