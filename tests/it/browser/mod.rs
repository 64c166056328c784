//! A visitor in a real browser follows a tracking link to the shop on another site
//! and buys: by image, by frame, by SDK, with the server away, by coupon; with and
//! without consent. Each sale counts once, for the right publisher, with the right
//! amounts; without consent nothing is left in the browser.

mod demo;
mod hostile;
mod optout;
mod outage;
mod privacy;
mod shop;
mod strict;

/// The test of the tests: what is left in a browser is seen.
mod control;
