//! The door for the fuzz target into what reads journal batches. It exists in tests
//! and in fuzzing builds alone.

use super::entries;

/// A batch of the journal as it is after opening: read, and what was read is
/// written and read again.
pub fn journal(bytes: &[u8]) {
    let Ok(batch) = entries::in_this_layout(bytes.to_vec()) else {
        return;
    };
    let mut written = entries::begin();
    let mut count = 0;
    for entry in entries::each(&batch) {
        let Ok(entry) = entry.and_then(|entry| entry.read()) else {
            return;
        };
        assert!(entries::append(&mut written, &entry).is_ok());
        count += 1;
    }
    let again = entries::each(&written).filter(|entry| {
        let read = entry.as_ref().map(entries::Lying::read);
        read.is_ok_and(|read| read.is_ok())
    });
    assert_eq!(again.count(), count);
}

#[cfg(test)]
mod tests {
    use crate::ingest::entries;
    use crate::ingest::tests::House;
    use crate::model::fuzz_seeds::for_each;
    use crate::model::hit::{Entry, Kind};
    use crate::model::reason::Reason;

    /// For a changed format: `cargo test --lib seeds_of_the_journal -- --ignored`.
    #[test]
    #[ignore = "writes into fuzz/seeds"]
    fn seeds_of_the_journal_are_written() {
        let house = House::build();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/journal");
        for kind in [Kind::Impression, Kind::Click, Kind::View, Kind::Conversion] {
            let mut bytes = entries::begin();
            let hit = Entry::Hit(Box::new(house.hit(kind)));
            let reason = Reason::Bot;
            for entry in [hit, Entry::NotCounted { reason, count: 3 }] {
                entries::append(&mut bytes, &entry).unwrap();
            }
            std::fs::write(folder.join(format!("{kind:?}").to_lowercase()), bytes).unwrap();
        }
    }

    #[test]
    fn every_seed_of_a_journal_batch_is_read() {
        for_each("journal", super::journal);
    }
}
