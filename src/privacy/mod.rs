//! A person's rights: finds what is held of somebody, shows it, hands it out, corrects
//! and restricts it, and takes it away for good. No HTTP, no SQL.

mod bundle;
mod consent_receipts;
mod day;
pub mod desk;
mod erase;
mod export;
mod find;
mod hits;
mod identity;
mod ledger;
mod lock;
mod member;
mod receipt;
mod restrict;
mod trail;
mod withdrawal;
mod wording;

pub use bundle::{Bundle, File, unzip};
pub use consent_receipts::{Reached, each_receipt, receipts};
pub use erase::{Preview, begin, finish, preview, step};
pub use export::export;
pub use find::{Found, find};
pub use hits::each_hit;
pub use identity::{is_counted, read as read_identity};
pub use ledger::{BACKUP_DAYS_MAX, housekeeping, refuse_old_backup, replay_ledger};
pub use lock::{require_unlocked, sentence as lock_sentence};
pub use member::{OwnData, export_member, member_goes, of_member};
pub use receipt::{RECEIPT, html as receipt_html};
pub use restrict::{Change, is_held_back, lift, object, rectify, restrict};
pub use withdrawal::withdraw_step;
pub use wording::{Record, counted, hit as hit_record, hit_fields, records};
