//! `member invite|list|role|reset|remove`: who is in an account. Links work once and
//! without mail. Members see at their next sign-in what was done here.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::format_instant;
use super::options::{MemberCommand, MemberOf};
use super::request::{Output, Request};
use crate::access::member::{self, Hand, Link};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::account::Member;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::{AccountId, MemberId};
use crate::model::invite::Purpose;
use crate::model::role::Role;
use crate::store::Store;

/// What is to be done.
#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Command {
    Invite {
        /// None for the role operator, who belongs to no account.
        account: Option<AccountId>,
        email: String,
        role: Role,
    },
    List {
        account: AccountId,
    },
    Role {
        who: Who,
        role: Role,
    },
    Reset {
        who: Who,
    },
    Remove {
        who: Who,
    },
}

/// A member by id or by address; the account, where it is named, must be theirs.
#[derive(Serialize, Deserialize)]
pub struct Who {
    account: Option<AccountId>,
    email: Option<String>,
    member: Option<MemberId>,
}

impl Who {
    fn read(options: MemberOf) -> Result<Who> {
        Ok(Who {
            account: options.account.map(|id| id.parse()).transpose()?,
            email: options.email,
            member: options.member.map(|id| id.parse()).transpose()?,
        })
    }

    fn find(&self, store: &Store) -> Result<Member> {
        let found = match (self.member, &self.email) {
            (Some(id), _) => store.member(id)?,
            (None, Some(email)) => store.member_by_email(email)?,
            (None, None) => return Err(Error::invalid("Say who with --email or --member.")),
        };
        let here = |member: &Member| self.account.is_none_or(|id| id == member.account);
        found.filter(here).ok_or_else(|| Error::not_found("member"))
    }
}

pub fn request(command: MemberCommand) -> Result<Request> {
    Ok(Request::Member(match command {
        MemberCommand::Invite(options) => {
            let role = role(&options.role, options.publisher.as_deref())?;
            let account = match (&options.account, role) {
                (Some(id), _) => Some(id.parse()?),
                (None, Role::Operator) => None,
                (None, _) => return Err(Error::invalid("Say which account with --account.")),
            };
            let email = options.email;
            Command::Invite {
                account,
                email,
                role,
            }
        }
        MemberCommand::List(options) => Command::List {
            account: options.account.parse()?,
        },
        MemberCommand::Role(options) => Command::Role {
            role: role(&options.role, options.publisher.as_deref())?,
            who: Who::read(options.of)?,
        },
        MemberCommand::Reset(of) => Command::Reset {
            who: Who::read(of)?,
        },
        MemberCommand::Remove(of) => Command::Remove {
            who: Who::read(of)?,
        },
    }))
}

/// The shell alone may name an operator.
fn role(word: &str, publisher: Option<&str>) -> Result<Role> {
    if word == "operator" && publisher.is_none() {
        return Ok(Role::Operator);
    }
    Role::parse(word, publisher.map(|id| id.parse()).transpose()?)
}

impl Command {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let hand = Hand::Operator;
        let act = |action| Act::new(Actor::Shell, action, clock.now());
        let change = act(Action::ChangeMembers);
        match self {
            Command::List { account } => list(store, act(Action::ReadMembers), account),
            Command::Invite {
                account,
                email,
                role,
            } => {
                let account = account.unwrap_or(AccountId::INSTANCE);
                let link = member::invite(store, change, account, hand, &email, role)?;
                Ok(linked(
                    &link,
                    &format!("{email} joins with this link, once:"),
                ))
            }
            Command::Role { who, role } => {
                let found = who.find(store)?;
                member::change_role(store, change, found.account, hand, found.id, role)?;
                let text = format!("{} is {} now.", found.profile.email, role.word());
                let json = json!({ "id": found.id, "role": role.word() });
                Ok(Output::new(json, text))
            }
            Command::Reset { who } => {
                let found = who.find(store)?;
                let link = member::let_back_in(store, change, found.account, hand, found.id)?;
                let email = found.profile.email;
                Ok(linked(
                    &link,
                    &format!("{email} comes back with this link, once:"),
                ))
            }
            Command::Remove { who } => {
                let found = who.find(store)?;
                member::remove(store, change, found.account, hand, found.id)?;
                let text = format!("{} is not a member any more.", found.profile.email);
                let json = json!({ "id": found.id, "removed": true });
                Ok(Output::new(json, text))
            }
        }
    }
}

fn linked(link: &Link, sentence: &str) -> Output {
    let (opens_at, expires_at) = (
        format_instant(link.opens_at),
        format_instant(link.expires_at),
    );
    let text = format!(
        "{sentence}\n{}\nIt works from {opens_at} until {expires_at}, and is shown only now.",
        link.address
    );
    let json = json!({
        "id": link.id,
        "link": link.address,
        "opens_at": opens_at,
        "expires_at": expires_at,
    });
    Output::new(json, text)
}

fn list(store: &Store, act: Act, account: AccountId) -> Result<Output> {
    if !store.catalog().accounts.contains_key(&account) {
        return Err(Error::not_found("account"));
    }
    store.record_act(act, account, Default::default())?;
    let mut items: Vec<Value> = Vec::new();
    let mut text = String::new();
    for member in store.members(account)? {
        let (role, email) = (member.profile.role, &member.profile.email);
        text.push_str(&format!("{}  {:<9}  {email}\n", member.id, role.word()));
        items.push(json!({
            "id": member.id, "email": email, "role": role.word(), "state": "member",
            "publisher_id": role.publisher(),
        }));
    }
    for invite in store.invites(account, act.at)? {
        if let Purpose::Join(role) = invite.content.purpose {
            let email = &invite.content.email;
            text.push_str(&format!(
                "{}  {:<9}  {email}  (invited)\n",
                invite.id,
                role.word()
            ));
            items.push(json!({
                "id": invite.id, "email": email, "role": role.word(), "state": "invited",
                "publisher_id": role.publisher(), "expires_at": format_instant(invite.expires_at),
            }));
        }
    }
    let json = json!({ "items": items, "next": null });
    Ok(Output::new(json, text))
}
