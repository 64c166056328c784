//! Reports: every question of the contract, in every kind of time zone, over
//! histories that people changed afterwards.

mod histories;
mod questions;
mod zones;
