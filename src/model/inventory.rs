//! Everything that is collected or kept, declared once: what it is, what for, how
//! long, sealed or not, and whether the person it concerns gets it in an export. The
//! privacy documents are written from here, and a test of the schema fails on a column
//! or a sealed field that does not stand here. Whoever adds one declares it.

mod account_tables;
mod act_tables;
mod browser;
mod visitor_tables;

use serde::Serialize;

use super::retention::{DataClass, Retention};

/// Where something lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Place {
    /// Columns of a table of the main database, as they stand there.
    Table(&'static str),
    /// What is sealed in the `body` of a table of the main database.
    Body(&'static str),
    /// Columns of a table of the journal.
    Journal(&'static str),
    /// Sealed columns of the trail: one line a hit.
    Trail,
    /// Sealed columns of the tally: counts.
    Tally,
    /// Sealed columns of the receipts of consent.
    Receipts,
    /// A sealed column of keyed hashes: which orders have counted.
    Counted,
    /// In the visitor's or member's browser.
    Browser(&'static str),
    /// In memory, for a moment.
    Memory,
    /// The keyring file.
    Keyring,
    /// What the program writes for its operator.
    Log,
}

/// How it lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sealing {
    /// AES-256-GCM under a key of the account or instance.
    Sealed,
    /// A keyed hash: found by whoever has the value, read by nobody.
    Index,
    /// A plain hash of a random secret, or of content that is public.
    Hash,
    /// Readable: it says nothing of anybody.
    Open,
    /// Not kept at all.
    NotKept,
}

/// How long it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// While a request lasts.
    Request,
    /// Until the day (UTC) ends, or the program does.
    Today,
    /// Seconds: until it is settled.
    Journal,
    Trail,
    Tally,
    Conversion,
    ConsentReceipt,
    /// Until the erasure it asks for is done.
    Withdrawal,
    PersonRequest,
    Audit,
    /// While the member signs in here.
    Member,
    Session,
    /// Until the mail server has taken it, or it is given up.
    Mail,
    /// While the account lives.
    Account,
    /// As long as the instance runs; says nothing of anybody.
    Instance,
    /// As long as the browser keeps it.
    Browser,
}

impl Class {
    /// How long an account keeps it, in a sentence's part.
    pub fn kept(self, retention: &Retention) -> String {
        let days = |class: DataClass| format!("{} days", retention.days(class));
        let fixed = match self {
            Class::Trail => return days(DataClass::Trail),
            Class::Tally => {
                let kept = days(DataClass::Tally);
                return format!(
                    "{kept}; values that few visits had stand together once those are deleted"
                );
            }
            Class::Conversion => {
                let kept = days(DataClass::Conversions);
                return format!("{kept}, then only the nameless figures of the ledger");
            }
            Class::ConsentReceipt => return days(DataClass::Requests),
            Class::PersonRequest => {
                return format!("{} after it was closed", days(DataClass::Requests));
            }
            Class::Audit => {
                let network = days(DataClass::AdminAddresses);
                return format!(
                    "{}; the network it came from {network}",
                    days(DataClass::Audit)
                );
            }
            Class::Request => "not kept: gone with the request",
            Class::Today => "in memory until midnight UTC or a restart, whichever comes first",
            Class::Journal => "seconds, until it is settled",
            Class::Withdrawal => "until the erasure is done",
            Class::Member => "while they are a member",
            Class::Session => "until it ends, 30 days at most",
            Class::Mail => "until it is sent, two days at most",
            Class::Account => "while the account lives",
            Class::Instance => "while the instance runs",
            Class::Browser => {
                "30 days after the last click; what the site's own storage holds, 393 days after it was first kept"
            }
        };
        fixed.to_owned()
    }
}

/// Whom it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    Visitors,
    /// Members of the account, publishers, the operator.
    People,
    /// Nobody: figures, settings, order.
    Nobody,
}

impl Whom {
    pub fn name(self) -> &'static str {
        match self {
            Whom::Visitors => "Visitors and buyers",
            Whom::People => "Members, publishers and operators",
            Whom::Nobody => "Nobody",
        }
    }
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Field {
    /// As it is called where it lives.
    pub name: &'static str,
    /// What it is, for a reader.
    pub about: &'static str,
    pub sealing: Sealing,
    /// Handed to the person it concerns.
    pub in_export: bool,
}

/// Fields that live together for one purpose.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Holding {
    pub place: Place,
    pub purpose: &'static str,
    pub class: Class,
    pub whom: Whom,
    pub fields: &'static [Field],
}

/// Sealed, and handed to whom it concerns.
const fn personal(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        about,
        sealing: Sealing::Sealed,
        in_export: true,
    }
}

/// Sealed, and nobody's.
const fn sealed(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        about,
        sealing: Sealing::Sealed,
        in_export: false,
    }
}

/// Readable.
const fn open(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        about,
        sealing: Sealing::Open,
        in_export: false,
    }
}

const fn index(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        about,
        sealing: Sealing::Index,
        in_export: false,
    }
}

const fn hash(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        about,
        sealing: Sealing::Hash,
        in_export: false,
    }
}

const fn not_kept(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        about,
        sealing: Sealing::NotKept,
        in_export: false,
    }
}

pub use browser::{STORED, Stored};

/// Everything.
pub fn holdings() -> impl Iterator<Item = &'static Holding> {
    visitor_tables::HOLDINGS
        .iter()
        .chain(account_tables::HOLDINGS)
        .chain(act_tables::HOLDINGS)
        .chain(browser::HOLDINGS)
}

/// The fields declared for a place.
pub fn fields(place: Place) -> impl Iterator<Item = &'static Field> {
    holdings()
        .filter(move |holding| holding.place == place)
        .flat_map(|holding| holding.fields)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_declared_twice_and_everything_is_explained() {
        let mut seen = HashSet::new();
        for holding in holdings() {
            assert!(!holding.purpose.is_empty() && !holding.fields.is_empty());
            for field in holding.fields {
                assert!(
                    !field.about.is_empty(),
                    "{:?} {}",
                    holding.place,
                    field.name
                );
                assert!(
                    seen.insert((holding.place, field.name)),
                    "{:?} {}",
                    holding.place,
                    field.name
                );
            }
        }
    }

    #[test]
    fn what_concerns_a_person_is_never_kept_readable() {
        for holding in holdings().filter(|holding| holding.whom != Whom::Nobody) {
            if matches!(holding.place, Place::Browser(_) | Place::Memory) {
                continue;
            }
            for field in holding.fields {
                assert_ne!(
                    field.sealing,
                    Sealing::Open,
                    "{:?} {}",
                    holding.place,
                    field.name
                );
            }
        }
    }

    #[test]
    fn what_is_exported_is_kept_and_somebodys() {
        for holding in holdings() {
            for field in holding.fields.iter().filter(|field| field.in_export) {
                assert_eq!(field.sealing, Sealing::Sealed, "{}", field.name);
                assert_ne!(holding.whom, Whom::Nobody, "{}", field.name);
            }
        }
    }
}
