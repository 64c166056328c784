//! Who may ask for what: the roles of members, the scopes of tokens and of support,
//! and the parties that the one table of rights (`model::action`) speaks of. Pure.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::id::PublisherId;

/// What a member is in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, support grants and the end of the account included.
    Owner,
    /// Everything but owners and what binds the account as a whole.
    Admin,
    /// Reads everything that was counted, single conversions included.
    Analyst,
    /// Reads figures and how things are set up.
    Viewer,
    /// Looks after the rights of visitors.
    Privacy,
    /// Sees the report of this publisher alone.
    Publisher(PublisherId),
    /// Runs the instance, and belongs to no account. Nobody can be given it.
    Operator,
}

impl Role {
    /// The word for it, in forms and commands.
    pub fn word(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Analyst => "analyst",
            Role::Viewer => "viewer",
            Role::Privacy => "privacy",
            Role::Publisher(_) => "publisher",
            Role::Operator => "operator",
        }
    }

    /// A role by its word; a publisher's needs to know which.
    ///
    /// # Errors
    /// [`crate::error::Kind::Invalid`] with the words there are.
    pub fn parse(word: &str, publisher: Option<PublisherId>) -> Result<Role> {
        let plain = match word.trim() {
            "owner" => Role::Owner,
            "admin" => Role::Admin,
            "analyst" => Role::Analyst,
            "viewer" => Role::Viewer,
            "privacy" => Role::Privacy,
            "publisher" => {
                return publisher.map(Role::Publisher).ok_or_else(|| {
                    Error::invalid("The role publisher needs the publisher whose figures it sees.")
                });
            }
            _ => {
                return Err(Error::invalid(
                    "A role is one of owner, admin, analyst, viewer, privacy, publisher.",
                ));
            }
        };
        match publisher {
            None => Ok(plain),
            Some(_) => Err(Error::invalid(
                "Only the role publisher is bound to a publisher.",
            )),
        }
    }

    pub fn party(self) -> Party {
        match self {
            Role::Owner => Party::Owner,
            Role::Admin => Party::Admin,
            Role::Analyst => Party::Analyst,
            Role::Viewer => Party::Viewer,
            Role::Privacy => Party::Privacy,
            Role::Publisher(_) => Party::Publisher,
            Role::Operator => Party::Operator,
        }
    }

    /// The publisher that everything this role reads is narrowed to.
    pub fn publisher(self) -> Option<PublisherId> {
        match self {
            Role::Publisher(id) => Some(id),
            _ => None,
        }
    }

    /// Whether a holder of this role may make, change or remove one of `other`.
    pub fn rules_over(self, other: Role) -> bool {
        match self {
            Role::Owner => other != Role::Operator,
            Role::Admin => !matches!(other, Role::Owner | Role::Operator),
            _ => false,
        }
    }
}

/// What an API token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Figures, conversions and settings.
    Read,
    /// The same, and changes them.
    Write,
    /// The same, and sees to members and tokens. Only a person makes one.
    Admin,
}

impl Scope {
    pub const ALL: [Scope; 3] = [Scope::Read, Scope::Write, Scope::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
        }
    }

    /// A scope by its word.
    ///
    /// # Errors
    /// [`crate::error::Kind::Invalid`] with the words there are.
    pub fn parse(word: &str) -> Result<Scope> {
        let mut all = Scope::ALL.into_iter();
        all.find(|scope| scope.word() == word.trim())
            .ok_or_else(|| Error::invalid("A scope is one of read, write, admin."))
    }

    pub fn party(self) -> Party {
        match self {
            Scope::Read => Party::ReadToken,
            Scope::Write => Party::WriteToken,
            Scope::Admin => Party::AdminToken,
        }
    }
}

/// How much a support grant shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantScope {
    /// Figures and how things are set up.
    Figures,
    /// Single conversions as well.
    Details,
}

impl GrantScope {
    pub fn party(self) -> Party {
        match self {
            GrantScope::Figures => Party::Support,
            GrantScope::Details => Party::SupportDetails,
        }
    }
}

/// Somebody who asks, as far as rights go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// Nobody has said who they are.
    Anyone,
    Owner,
    Admin,
    Analyst,
    Viewer,
    Privacy,
    Publisher,
    /// Who runs the instance. No row of an account's content admits it.
    Operator,
    /// The operator inside an account whose owner let them in, to read figures.
    Support,
    /// The same, to read single conversions as well.
    SupportDetails,
    ReadToken,
    WriteToken,
    AdminToken,
}

impl Party {
    pub const ALL: [Party; 13] = [
        Party::Anyone,
        Party::Owner,
        Party::Admin,
        Party::Analyst,
        Party::Viewer,
        Party::Privacy,
        Party::Publisher,
        Party::Operator,
        Party::Support,
        Party::SupportDetails,
        Party::ReadToken,
        Party::WriteToken,
        Party::AdminToken,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_from_its_word() {
        let publisher = PublisherId::from_random(7);
        for role in [
            Role::Owner,
            Role::Admin,
            Role::Analyst,
            Role::Viewer,
            Role::Privacy,
            Role::Publisher(publisher),
        ] {
            assert_eq!(Role::parse(role.word(), role.publisher()).unwrap(), role);
        }
        assert!(Role::parse("publisher", None).is_err());
        assert!(Role::parse("viewer", Some(publisher)).is_err());
        assert!(Role::parse("operator", None).is_err());
    }

    #[test]
    fn only_owners_rule_over_owners() {
        assert!(Role::Owner.rules_over(Role::Owner));
        assert!(!Role::Admin.rules_over(Role::Owner));
        assert!(Role::Admin.rules_over(Role::Admin));
        assert!(!Role::Analyst.rules_over(Role::Viewer));
    }

    #[test]
    fn a_stored_role_is_one_word_and_a_publishers_names_whose() {
        let text = |role: Role| serde_json::to_string(&role).unwrap();
        assert_eq!(text(Role::Owner), "\"owner\"");
        let bound = Role::Publisher(PublisherId::from_random(1));
        assert_eq!(text(bound), "{\"publisher\":\"00000001\"}");
        assert_eq!(serde_json::from_str::<Role>(&text(bound)).unwrap(), bound);
    }
}
