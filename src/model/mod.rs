//! The nouns of the product and its pure rules. No I/O, no clock, no keys.

pub mod account;
pub mod act;
pub mod action;
#[cfg(test)]
mod action_tests;
pub mod agent;
pub mod attribution;
pub mod audit;
pub mod browser_state;
pub mod campaign;
pub mod catalog;
pub mod consent;
pub mod conversion;
pub mod document;
pub mod facts;
#[cfg(test)]
pub mod fuzz_seeds;
pub mod grant;
pub mod hit;
pub mod id;
pub mod instance;
pub mod inventory;
pub mod invite;
pub mod landing;
pub mod life;
pub mod limits;
pub mod mail;
pub mod money;
pub mod notice;
pub mod person;
pub mod personal;
pub mod privacy_request;
pub mod reason;
pub mod retention;
pub mod role;
pub mod scrub;
pub mod second_factor;
pub mod tally;
pub mod trail;
