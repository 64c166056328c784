//! Segments held in memory, for tests.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::segment::{Class, Encoded, SegmentKey, Source};

#[derive(Default)]
pub struct MemorySource(BTreeMap<i64, (SegmentKey, Encoded)>);

impl MemorySource {
    pub fn add(&mut self, account: AccountId, class: Class, day: u32, encoded: Encoded) {
        let id = self.0.len() as i64 + 1;
        let key = SegmentKey {
            id,
            account,
            class,
            day,
            tier: 0,
        };
        self.0.insert(id, (key, encoded));
    }

    fn get(&self, key: &SegmentKey) -> Result<&Encoded> {
        let found = self.0.get(&key.id).map(|(_, encoded)| encoded);
        found.ok_or_else(|| Error::not_found("segment"))
    }
}

impl Source for MemorySource {
    fn segments(
        &self,
        account: AccountId,
        class: Class,
        days: RangeInclusive<u32>,
    ) -> Result<Vec<SegmentKey>> {
        let keys = self.0.values().map(|(key, _)| *key);
        let mut keys: Vec<SegmentKey> = keys
            .filter(|key| key.account == account && key.class == class && days.contains(&key.day))
            .collect();
        keys.sort_by_key(|key| (key.day, key.id));
        Ok(keys)
    }

    fn header(&self, key: &SegmentKey) -> Result<Vec<u8>> {
        Ok(self.get(key)?.header.clone())
    }

    fn columns(&self, key: &SegmentKey, wanted: &[u8]) -> Result<Vec<(u8, Vec<u8>)>> {
        let columns = self.get(key)?.columns.iter();
        Ok(columns
            .filter(|(id, _)| wanted.contains(id))
            .cloned()
            .collect())
    }
}
