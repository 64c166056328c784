//! Which click a sale is credited to, what it earns, and that it counts once.

mod amounts;
mod credit;
mod duplicates;
mod window;
