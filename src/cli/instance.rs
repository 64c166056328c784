//! `instance way`: for whom the instance is run, and the question about it that the
//! first account's making asks where a person can answer.

use std::io::{BufRead, IsTerminal, Write};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{Global, InstanceCommand, WayWord};
use super::request::{Output, Request, carry_out};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::instance::Way;
use crate::store::Store;

/// What is said where nobody has said it.
pub const UNSAID: &str = "Say for whom this server is run: `pixelkeep instance way --to own` or \
     `--to hosting`.";

/// What the instance is to be run as; none asks what it is.
#[derive(Serialize, Deserialize)]
pub struct Ask {
    to: Option<To>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    Own,
    Hosting,
}

impl From<WayWord> for To {
    fn from(word: WayWord) -> To {
        match word {
            WayWord::Own => To::Own,
            WayWord::Hosting => To::Hosting,
        }
    }
}

pub fn request(command: InstanceCommand) -> Request {
    let InstanceCommand::Way(options) = command;
    Request::InstanceWay(Ask {
        to: options.to.map(To::from),
    })
}

/// Changes for whom the instance is run, at the shell.
pub fn change(store: &Store, to: To, clock: &Clock) -> Result<()> {
    let act = Act::new(Actor::Shell, Action::ChangeWay, clock.now());
    match to {
        To::Own => store.run_for_one(act).map(|_| ()),
        To::Hosting => store.run_for_others(act),
    }
}

impl Ask {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        if let Some(to) = self.to {
            change(store, to, clock)?;
        }
        let way = store.instance_settings()?.way;
        let account = match way {
            Way::Own(account) => Some(account),
            Way::Unsaid | Way::Hosting => None,
        };
        let then = match way {
            Way::Unsaid => format!(" {UNSAID}"),
            Way::Hosting => {
                " `pixelkeep member invite --role operator` makes the operator's sign-in."
                    .to_owned()
            }
            Way::Own(_) => String::new(),
        };
        let json = json!({ "way": way.word(), "account": account });
        Ok(Output::new(json, format!("{}{then}", way.sentence())))
    }
}

/// Asks at the terminal for whom the server is run, where nobody has said it and there
/// is somebody to answer.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] for an answer that is neither.
pub fn ask(global: &Global) -> Result<Option<To>> {
    let is_person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if global.json || !is_person || is_said(global) {
        return Ok(None);
    }
    let mut terminal = std::io::stderr().lock();
    write!(
        terminal,
        "Is this server for your own business, or do you host for others?\n\
         own      the owner of this account runs the server too, with one sign-in\n\
         hosting  accounts are others'; you see labels, dates and volumes alone\n\
         own or hosting: "
    )?;
    terminal.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    match line.trim() {
        "own" => Ok(Some(To::Own)),
        "hosting" => Ok(Some(To::Hosting)),
        _ => Err(Error::invalid(
            "Answer own or hosting, or name it with --way. Nothing was made.",
        )),
    }
}

/// A folder that does not exist yet has not said it.
fn is_said(global: &Global) -> bool {
    let asked = carry_out(global, Request::InstanceWay(Ask { to: None }));
    asked.is_ok_and(|output| output.json["way"] != Way::Unsaid.word())
}
