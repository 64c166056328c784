//! What the server calls: the operator's mail server, and nothing that a customer names.

mod mail;
mod reach;
