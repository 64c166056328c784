//! How this instance is run, as set-up was told: for one business, or for others.

use serde::{Deserialize, Serialize};

use crate::model::id::AccountId;

/// Who uses the instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Nobody has said. There is no operator in the console; the shell makes accounts.
    #[default]
    Unsaid,
    /// One business: owners of this account are the operator as well.
    Own(AccountId),
    /// Others: the operator signs in apart and sees labels, states, dates and volumes.
    Hosting,
}

/// What the instance remembers of itself. New fields take a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSettings {
    #[serde(default)]
    pub way: Way,
    /// Where browsers reached the server when it last started; links are made with it.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Whether the server had a mail server when it last started: without one no mail is
    /// written.
    #[serde(default)]
    pub sends_mail: bool,
}
