//! The part of an address behind the question mark, and lists page by page.
//! Never in here: what a parameter means.

use std::str::FromStr;

use actix_web::HttpRequest;
use serde::Serialize;
use url::form_urlencoded;

use crate::error::{Error, Result};

/// Entries of one page where the request does not say.
const LIMIT_DEFAULT: usize = 100;
/// Entries of one page at most.
const LIMIT_MAX: usize = crate::model::limits::API_ROWS;

/// The parameters of a request, in order.
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn of(request: &HttpRequest) -> Query {
        Query::parse(request.query_string())
    }

    pub fn parse(text: &str) -> Query {
        Query(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a parameter; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter that may be repeated.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(given, value)| given == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// An id: one that cannot be read is as absent as one that nobody has.
    pub fn id<T: FromStr<Err = Error>>(&self, name: &str) -> Result<Option<T>> {
        self.text(name).map(str::parse).transpose()
    }

    /// How many entries are asked for.
    pub fn limit(&self) -> Result<usize> {
        let Some(text) = self.text("limit") else {
            return Ok(LIMIT_DEFAULT);
        };
        text.parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                Error::invalid(format!(
                    "limit: this must be a whole number from 1 to {LIMIT_MAX}."
                ))
            })
    }

    /// Where the last page ended, as its `next` said.
    pub fn cursor<T: FromStr>(&self) -> Result<Option<T>> {
        let Some(text) = self.text("cursor").or_else(|| self.text("next")) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| Error::invalid("cursor: give the value of next as the last page had it."))
    }
}

/// One page of a list; `next` is given back as `cursor`, and null on the last one.
#[derive(Debug, PartialEq, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The page of `items` behind `after`, in the order of `key`.
pub fn page<T, K: Ord + ToString>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> K,
    after: Option<K>,
    limit: usize,
) -> Page<T> {
    items.retain(|item| after.as_ref().is_none_or(|after| key(item) > *after));
    items.sort_by_key(&key);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| key(last).to_string());
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let items = vec![5_i64, 3, 1, 4, 2];
        let first = page(items.clone(), |&n| n, None, 2);
        assert_eq!(first.items, [1, 2]);
        let second = page(items.clone(), |&n| n, Some(2), 2);
        assert_eq!(second.items, [3, 4]);
        let last = page(items, |&n| n, Some(4), 2);
        assert_eq!((last.items, last.next), (vec![5], None));
    }

    #[test]
    fn a_limit_is_bounded() {
        assert_eq!(Query::parse("").limit().unwrap(), 100);
        assert_eq!(Query::parse("limit=500").limit().unwrap(), 500);
        for text in ["limit=0", "limit=501", "limit=x", "limit=-1"] {
            assert!(Query::parse(text).limit().is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        let query = Query::parse("publisher_id=&filter=a&filter=b");
        assert_eq!(query.text("publisher_id"), None);
        assert_eq!(query.all("filter").collect::<Vec<_>>(), ["a", "b"]);
    }
}
