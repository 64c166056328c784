//! The schema against the inventory: every column of every table, every sealed field,
//! every column of a segment is declared, and nothing is declared that does not exist.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::database::{JOURNAL, Kept, MAIN};
use crate::model::inventory::{self, Place};

/// What to do where a test here fails.
const ADVICE: &str = "Declare it in model/inventory, with its purpose, class, sealing and whether \
                      the person it concerns gets it in an export.";

/// Names of the fields that a struct is read from.
#[derive(Default)]
struct FieldNames(Vec<&'static str>);

#[derive(Debug)]
struct Seen;

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("seen")
    }
}

impl std::error::Error for Seen {}

impl de::Error for Seen {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Seen
    }
}

impl<'de> Deserializer<'de> for &mut FieldNames {
    type Error = Seen;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Seen> {
        Err(Seen)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Seen> {
        self.0.extend(fields);
        Err(Seen)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Seen> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The fields of a sealed body; one that is no struct has none.
fn fields_of<T: for<'de> Deserialize<'de>>() -> Vec<&'static str> {
    let mut names = FieldNames::default();
    let _ = T::deserialize(&mut names);
    names.0
}

/// What is sealed in the `body` of each table. A new table with a `body` stands here.
fn bodies() -> Vec<(&'static str, Vec<&'static str>)> {
    use crate::model::account::{AccountSettings, MemberProfile, PublisherSettings, SiteSettings};
    use crate::model::campaign::CampaignSettings;
    use crate::model::conversion::ConversionBody;
    use crate::model::grant::GrantContent;
    use crate::model::invite::InviteContent;
    vec![
        ("account", fields_of::<AccountSettings>()),
        ("member", fields_of::<MemberProfile>()),
        ("session", fields_of::<super::session::SessionContent>()),
        ("api_token", fields_of::<super::token::TokenSettings>()),
        ("site", fields_of::<SiteSettings>()),
        ("campaign", fields_of::<CampaignSettings>()),
        ("publisher", fields_of::<PublisherSettings>()),
        ("conversion", fields_of::<ConversionBody>()),
        ("intake", fields_of::<super::intake::SettledFigures>()),
        ("audit", fields_of::<super::audit::AuditBody>()),
        ("audit_head", fields_of::<super::audit::AuditHead>()),
        ("job_run", fields_of::<super::job::Body>()),
        ("invite", fields_of::<InviteContent>()),
        ("mail", fields_of::<crate::model::mail::MailBody>()),
        ("support_grant", fields_of::<GrantContent>()),
        ("shell_act", fields_of::<super::shell_act::Body>()),
        ("erasure", fields_of::<super::erasure::ErasureBody>()),
        ("account_life", fields_of::<crate::model::life::Life>()),
        (
            "privacy_request",
            fields_of::<crate::model::privacy_request::RequestBody>(),
        ),
        // One id each, no fields.
        ("withdrawal", Vec::new()),
        // Columns of segments are declared as trail, tally and receipts.
        ("segment_column", Vec::new()),
    ]
}

/// Tables with their columns.
fn schema(kept: &Kept) -> Vec<(String, Vec<String>)> {
    let connection = Connection::open_in_memory().unwrap();
    for migration in kept.migrations {
        connection.execute_batch(migration).unwrap();
    }
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let names = |sql: &str| -> Vec<String> {
        let mut select = connection.prepare(sql).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(|row| row.unwrap()).collect()
    };
    names(sql)
        .into_iter()
        .map(|table| {
            let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')"));
            (table, columns)
        })
        .collect()
}

fn declared(is_place: impl Fn(Place) -> bool) -> BTreeSet<&'static str> {
    inventory::holdings()
        .filter(|holding| is_place(holding.place))
        .flat_map(|holding| holding.fields.iter().map(|field| field.name))
        .collect()
}

fn check(kept: &Kept, is_of: impl Fn(Place) -> Option<&'static str>) {
    let schema = schema(kept);
    for (table, columns) in &schema {
        let known = declared(|place| is_of(place) == Some(table));
        for column in columns {
            assert!(
                known.contains(column.as_str()),
                "the column {table}.{column} is not declared. {ADVICE}"
            );
        }
        for name in &known {
            assert!(
                columns.iter().any(|column| column == name),
                "{table}.{name} is declared and does not exist."
            );
        }
    }
    for holding in inventory::holdings() {
        if let Some(table) = is_of(holding.place) {
            let exists = schema.iter().any(|(name, _)| name == table);
            assert!(exists, "the table {table} is declared and does not exist.");
        }
    }
}

#[test]
fn every_column_of_the_main_database_is_declared() {
    check(&MAIN, |place| match place {
        Place::Table(table) => Some(table),
        _ => None,
    });
}

#[test]
fn every_column_of_the_journal_is_declared() {
    check(&JOURNAL, |place| match place {
        Place::Journal(table) => Some(table),
        _ => None,
    });
}

#[test]
fn every_sealed_field_is_declared() {
    let bodies = bodies();
    for (table, columns) in schema(&MAIN) {
        let sealed = columns.iter().any(|column| column == "body");
        let found = bodies.iter().find(|(name, _)| *name == table);
        assert!(
            !sealed || found.is_some(),
            "what is sealed in {table}.body is not known here: add its type to `bodies` in \
             store/inventory_tests.rs. {ADVICE}"
        );
    }
    for (table, fields) in bodies {
        let known = declared(|place| place == Place::Body(table));
        let fields: BTreeSet<&str> = fields.into_iter().collect();
        for field in &fields {
            assert!(
                known.contains(field),
                "the sealed field {field} of {table} is not declared. {ADVICE}"
            );
        }
        for name in &known {
            assert!(
                fields.contains(name),
                "{table}: {name} is declared and does not exist."
            );
        }
    }
}

#[test]
fn every_column_of_a_segment_is_declared() {
    use crate::clock::Timestamp;
    use crate::model::consent::receipt::Receipt;
    use crate::model::hit::HitId;
    use crate::model::tally::{Dimensions, Measures};

    let row = crate::segment::blank_row(HitId::new(Timestamp::default(), [0; 10]));
    let trail: BTreeSet<String> = debug_fields(&format!("{row:#?}"));
    let known = declared(|place| place == Place::Trail);
    for field in &trail {
        assert!(
            known.contains(field.as_str()),
            "the trail's {field} is not declared. {ADVICE}"
        );
    }
    assert_eq!(trail.len(), known.len(), "{known:?}");

    let mut tally: BTreeSet<&str> = fields_of::<Dimensions>().into_iter().collect();
    tally.extend(Measures::NAMES);
    tally.insert("quarter");
    let known = declared(|place| place == Place::Tally);
    for field in &tally {
        assert!(
            known.contains(field),
            "the tally's {field} is not declared. {ADVICE}"
        );
    }
    assert_eq!(tally.len(), known.len(), "{known:?}");

    let mut receipts: BTreeSet<&str> = fields_of::<Receipt>().into_iter().collect();
    receipts.insert("id");
    assert_eq!(
        receipts,
        declared(|place| place == Place::Receipts),
        "{ADVICE}"
    );
    let counted = declared(|place| place == Place::Counted);
    assert_eq!(counted, BTreeSet::from(["key"]), "{ADVICE}");
}

/// The names of a struct's own fields, of how it is printed over several lines.
fn debug_fields(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name.to_owned())
        .collect()
}
