//! Pixelkeep: a performance-marketing tracker in one binary.
//!
//! # The map of the house
//!
//! A request becomes a hit (`web::collect`), is journalled before it is answered
//! (`ingest`), is settled into conversion rows and sealed segments (`ingest`),
//! and is read back by reports (`report`).
//!
//! | room | what lives there | what never enters |
//! |---|---|---|
//! | `cli` | one file a command | SQL, key bytes |
//! | `web` | everything HTTP: collect, console, api, assets | SQL, key bytes |
//! | `ingest` | a hit into the journal, the journal settled | HTTP, SQL |
//! | `report` | a question and a period to rows | HTTP, SQL, the clock |
//! | `lifecycle` | the scheduler and its jobs, retention, how accounts end, backups | HTTP, SQL |
//! | `privacy` | find, show, export, correct, restrict and erase a person; receipts of consent | HTTP, SQL |
//! | `outbound` | everything the server itself calls: the mail server, the guard | HTTP, SQL |
//! | `access` | actions, sign-in, sessions, tokens | HTTP, SQL |
//! | `store` | all SQL; migrations; sealing at the door of every table | HTTP |
//! | `crypto` | keyring, seal and open, blind index, passwords, tokens | I/O but the key files |
//! | `segment` | the columnar format: encode, collapse, merge, scan | I/O, keys |
//! | `model` | nouns and pure rules | I/O |
//! | `config` | one option table: default < file < environment < flag | globals |
//! | `clock` | the only place that asks the time | everything else |
//! | `error` | one error type with kinds | HTTP, SQL |
//!
//! # Arrows
//!
//! Imports go along these arrows and never against them; a test reads this block.
//!
//! ```text
//! cli       -> web ingest report privacy lifecycle outbound access store crypto model config clock error
//! web       -> ingest report privacy lifecycle access store crypto model config clock error
//! ingest    -> store segment crypto model clock error
//! report    -> store segment model clock error
//! privacy   -> store segment crypto model clock error
//! lifecycle -> store segment crypto model clock error
//! outbound  -> store model config clock error
//! access    -> store crypto model clock error
//! store     -> segment crypto model clock error
//! crypto    -> model clock error
//! segment   -> model clock error
//! model     -> clock error
//! config    -> model error
//! clock     -> error
//! error     ->
//! ```
#![forbid(unsafe_code)]

pub mod access;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod error;
pub mod ingest;
pub mod lifecycle;
pub mod model;
pub mod outbound;
pub mod privacy;
pub mod report;
pub mod segment;
pub mod store;
pub mod web;
