//! From an address to a country, by a database file that the operator names. The
//! address itself is asked for and forgotten.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::{PathElement, Reader};

use crate::error::{Error, Kind, Result};
use crate::model::hit::Country;

/// Where records keep the two letters, in the order of preference: in the shape of
/// GeoLite2 and DB-IP, then flat. A name in full (`country: "Austria"`) is passed over.
const PLACES: [&[PathElement<'static>]; 4] = [
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    &[
        PathElement::Key("registered_country"),
        PathElement::Key("iso_code"),
    ],
    &[PathElement::Key("country_code")],
    &[PathElement::Key("country")],
];

/// Looks countries up; without a file every country is unknown.
#[derive(Default)]
pub struct Countries(Option<Reader<Vec<u8>>>);

impl Countries {
    /// Opens a country or city database in MMDB format.
    ///
    /// # Errors
    /// [`Kind::Config`] where the file cannot be read or is none.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Countries(None));
        };
        let reader = Reader::open_readfile(path).map_err(|error| {
            let sentence = format!(
                "The country database {} cannot be read; name a file in MMDB format.",
                path.display()
            );
            Error::new(Kind::Config, sentence).because(error)
        })?;
        Ok(Countries(Some(reader)))
    }

    pub fn of(&self, address: IpAddr) -> Country {
        let Some(reader) = &self.0 else {
            return Country::UNKNOWN;
        };
        let Ok(found) = reader.lookup(address.to_canonical()) else {
            return Country::UNKNOWN;
        };
        PLACES
            .iter()
            .filter_map(|place| found.decode_path::<&str>(place).ok().flatten())
            .map(Country::parse)
            .find(|country| *country != Country::UNKNOWN)
            .unwrap_or(Country::UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_every_country_is_unknown() {
        let countries = Countries::open(None).unwrap();
        assert_eq!(countries.of([192, 0, 2, 1].into()), Country::UNKNOWN);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_with_a_sentence() {
        let error = Countries::open(Some(Path::new("/nowhere/x.mmdb")))
            .err()
            .unwrap();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains("/nowhere/x.mmdb"));
    }
}
