//! Keys and what is done with them: the only place with key bytes. Others get
//! narrow handles ([`Sealer`], [`Signer`], [`ClickIds`], [`ConversionIds`], [`BlindIndex`])
//! that can do one thing.
//! No SQL, no HTTP; the only I/O is the key files.

mod blind_index;
pub mod chain;
mod cipher;
mod click_ids;
mod content;
mod conversion_ids;
mod daily;
pub mod document;
mod durable;
mod keyring;
mod keys;
mod leaked;
mod ledger;
mod master;
pub mod password;
mod password_rule;
mod rotation;
mod seal;
pub mod signer;
mod source;
pub mod token;
pub mod totp;

pub use blind_index::BlindIndex;
pub use click_ids::{ClickIds, month_of};
pub use content::Escrow;
pub use conversion_ids::ConversionIds;
pub use daily::DailySalt;
pub use keys::Keys;
pub use ledger::{ErasureLedger, LedgerEntry};
pub use master::MasterKey;
pub use seal::{Sealer, SealerClass};
pub use signer::Signer;
pub use source::{KeySource, KeySources};

#[cfg(test)]
mod shared_token_tests;
#[cfg(test)]
mod tests;
