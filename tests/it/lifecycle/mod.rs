//! What time does: the test clock, retention, how an account ends, certificates and
//! backups. Time is moved by a file, never waited for.

mod backups;
mod certificates;
mod clock;
mod ends;
mod folding;
mod lives;
mod notices;
mod owner_ends;
mod receipts;
mod retention;
mod takeout;
