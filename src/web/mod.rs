//! Everything HTTP: what visitors' browsers reach (`collect`), the console, the
//! API, and the server that carries them, with a lane of its own for what is asked
//! most (`lane`). No SQL and no key bytes.

pub mod account_export;
pub mod api;
mod blocking;
mod client;
pub mod collect;
pub mod console;
pub mod demo;
mod document;
pub mod lane;
mod metrics;
mod pieces;
mod pipe;
pub mod privacy;
pub mod problem;
mod recipes;
pub mod route;
pub mod server;
pub mod snippets;
pub mod state;

pub use blocking::Blocking;
pub use client::TrustedProxies;
pub use state::{App, EXPORTS_AT_ONCE, WebOptions};
