//! The API as a program sees it: what it takes, what it refuses and how, and lists
//! page by page. What reports say is tested with the reports.

mod errors;
mod health;
mod nouns;
