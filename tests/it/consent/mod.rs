//! What a visitor said, or did not say, and what follows from it: seen from outside,
//! on the real executable.

mod daily;
mod documents;
mod forward;
mod identical;
mod offline;
mod postures;
mod precedence;
mod receipts;
mod scrubbed;
mod shared_token;
mod signals;

use serde_json::Value;

use crate::harness::account::Shop;
use crate::harness::eventually;

/// The account's receipts, once there are so many.
#[track_caller]
fn receipts(shop: &Shop, wanted: usize) -> Vec<Value> {
    eventually("receipts of consent", || {
        let found = shop.list("consent-receipts?limit=100");
        assert!(found.len() <= wanted, "{found:#?}");
        (found.len() == wanted).then_some(found)
    })
}
