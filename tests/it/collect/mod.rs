//! Every public endpoint of the contract's table, asked as browsers, robots and
//! hostile clients ask it.

mod acquisition;
mod assets;
mod bounds;
mod click;
mod country;
mod event;
mod hostile;
mod lane;
mod limits;
mod pixel;
mod proxies;
mod wild;

use crate::harness::http::Answer;

/// It is the 43-byte GIF that no cache keeps.
#[track_caller]
fn is_pixel(answer: &Answer) {
    assert_eq!(
        answer.header("content-type"),
        Some("image/gif"),
        "{answer:?}"
    );
    assert_eq!(answer.body.len(), 43, "{answer:?}");
    assert!(answer.body.starts_with(b"GIF89a"), "{answer:?}");
    is_not_kept(answer);
}

/// No cache may keep it.
#[track_caller]
fn is_not_kept(answer: &Answer) {
    let policy = answer.header("cache-control").unwrap_or_default();
    assert!(policy.contains("no-store"), "{answer:?}");
}

/// It says when to come again.
#[track_caller]
fn says_when_to_retry(answer: &Answer) {
    let seconds = answer
        .header("retry-after")
        .and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|n: u32| n >= 1), "{answer:?}");
}
