//! What stands above a page whatever it is about: that support is inside or may be,
//! and what was done at the machine's shell since somebody last looked.

use super::calendar::Calendar;
use super::end_notice::{EndAhead, EndNotice};
use super::visit::FRAGMENT;
use crate::access::standing::Standing;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::account::Member;
use crate::model::action::Action;
use crate::model::grant::Grant;
use crate::model::instance::Way;
use crate::model::role::Role;
use crate::store::{RequestsDue, ShellAct, Store};

/// That support may look in.
pub enum Banner {
    /// Whoever looks at the page is support.
    Inside { until: String },
    /// Support has been let in by an owner.
    LetIn { until: String, reason: String },
}

/// One thing that was done by whoever runs the server.
pub struct Told {
    pub at: String,
    pub what: &'static str,
    /// It was done at the machine's shell.
    pub is_of_the_shell: bool,
}

/// What the store says of it.
#[derive(Default)]
pub struct Around {
    grant: Option<Grant>,
    shell_acts: Vec<ShellAct>,
    /// Nothing to whoever does not answer people's requests.
    pub requests: RequestsDue,
    end: Option<EndAhead>,
}

impl Around {
    /// A page that refreshes itself shows neither.
    pub fn read(
        store: &Store,
        member: &Member,
        standing: &Standing,
        path: &str,
        now: Timestamp,
    ) -> Result<Around> {
        let is_member = standing.account == member.account;
        let is_publisher = matches!(member.profile.role, Role::Publisher(_));
        if !is_member || is_publisher || path == FRAGMENT {
            return Ok(Around::default());
        }
        Ok(Around {
            grant: store.grant(standing.account, now)?,
            shell_acts: store.shell_acts(standing.account, member.profile.acknowledged)?,
            requests: match standing.may(Action::ManagePrivacy) {
                true => store.requests_due(standing.account, now)?,
                false => RequestsDue::default(),
            },
            end: EndAhead::read(store, standing.account, now)?,
        })
    }

    pub fn banner(&self, standing: &Standing, calendar: &Calendar) -> Option<Banner> {
        if let Some(grant) = &standing.grant {
            return Some(Banner::Inside {
                until: calendar.stamp(grant.expires_at),
            });
        }
        self.grant.as_ref().map(|grant| Banner::LetIn {
            until: calendar.stamp(grant.expires_at),
            reason: grant.content.reason.clone(),
        })
    }

    /// The end of the account, where it is near.
    pub fn end(&self, standing: &Standing, calendar: &Calendar) -> Option<EndNotice> {
        let end = self.end.as_ref()?;
        Some(end.notice(standing.may(Action::ConfirmEnd), calendar))
    }

    pub fn told(&self, calendar: &Calendar) -> Vec<Told> {
        let acts = self.shell_acts.iter();
        acts.map(|act| Told {
            at: calendar.stamp(act.at),
            what: what(act),
            is_of_the_shell: act.action != Action::ChangeWay,
        })
        .collect()
    }

    /// The latest of what is told.
    pub fn latest(&self) -> Option<i64> {
        self.shell_acts.first().map(|act| act.number)
    }
}

fn what(act: &ShellAct) -> &'static str {
    match act.action {
        Action::ReadReport => "A report was printed.",
        Action::ReadMembers => "The list of members was printed.",
        Action::ChangeMembers => "Members were invited, changed, let back in or removed.",
        Action::CreateToken => "An API token was made.",
        Action::ExportAccount => "Everything the account holds was written to a file.",
        Action::ChangeWay if act.note == Way::Hosting.word() => {
            "The server hosts others now. Its operator signs in apart and has no way to what is \
             in this account."
        }
        Action::ChangeWay => "The server is run for this business alone. Owners run it too.",
        _ => "Something of this account was read or changed.",
    }
}
