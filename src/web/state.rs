//! What every handler is given.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::blocking::Blocking;
use super::client::TrustedProxies;
use super::collect::{Countries, Pairs};
use crate::access::refusal::Refusals;
use crate::clock::Clock;
use crate::config::Limits;
use crate::crypto::ClickIds;
use crate::error::{Error, Kind, Result};
use crate::ingest::Journal;
use crate::lifecycle::Schedule;
use crate::store::Store;

/// Settings of the web side.
#[derive(Debug, Clone)]
pub struct WebOptions {
    /// Where browsers reach this server, without a slash at the end: it stands in
    /// snippets, and `https` makes cookies secure.
    pub public_url: String,
    /// Hash of the token that reads `/metrics` from elsewhere. None: nobody does.
    pub metrics_token: Option<[u8; 32]>,
    pub limits: Limits,
    /// Servers in front of this one.
    pub trusted_proxies: TrustedProxies,
}

impl WebOptions {
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Exports of whole accounts that are written at the same time.
pub const EXPORTS_AT_ONCE: usize = 2;

/// The parts of a running server.
pub struct App {
    /// Places for exports of whole accounts.
    pub exports: Arc<Semaphore>,
    /// Where work is done that blocks.
    pub blocking: Arc<Blocking>,
    pub store: Store,
    pub journal: Journal,
    pub click_ids: ClickIds,
    pub clock: Clock,
    pub countries: Arc<Countries>,
    /// Clicks of the month, for tokens that wait for enough of them.
    pub pairs: Pairs,
    /// The jobs that run by themselves.
    pub schedule: Schedule,
    pub options: WebOptions,
    /// Which refused acts have their entry in the audit.
    pub refusals: Refusals,
}

impl App {
    /// A place for the export of a whole account, until it is dropped.
    ///
    /// # Errors
    /// [`Kind::Busy`] where all of them are taken.
    pub fn export_turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = self.exports.clone().try_acquire_owned();
        turn.map_err(|_| {
            Error::new(
                Kind::Busy,
                "Other exports are being written. Try again in some minutes.",
            )
        })
    }
}
