//! Everything that the server itself calls. Two doors and no other: the operator's mail
//! server, which may stand on any network because the operator named it, and
//! [`guard`], through which whatever a customer names would have to go. Nothing is called
//! that neither has configured. No SQL here, no page, and nowhere else a socket that
//! reaches out: a test of the house's plan holds that.

pub mod delivery;
pub mod guard;
pub mod mail;

pub use mail::Mailer;
