//! The property that a conversion is decided once: whatever arrives later, in whatever
//! batches and across whatever restarts, leaves it as it is.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What arrives: by a small number, so that clicks and transactions meet again.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    Click(u8),
    SaleOfClick(u8),
    SaleOfTransaction(u8),
    Sale,
}

fn arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![
        (0..4u8).prop_map(Arrival::Click),
        (0..4u8).prop_map(Arrival::SaleOfClick),
        (0..3u8).prop_map(Arrival::SaleOfTransaction),
        Just(Arrival::Sale),
    ]
}

/// What a decision fixes.
fn decision(conversion: &Conversion) -> impl PartialEq + std::fmt::Debug + use<> {
    let body = &conversion.body;
    (
        (body.at, body.campaign, body.goal, body.publisher),
        (body.credit, body.click, body.status, body.amounts),
        body.dimensions.clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_conversion_once_decided_never_moves(batches in vec(vec(arrival(), 1..6), 1..5)) {
        let mut house = House::build();
        let clicks: Vec<(Hit, Touch)> = (0..4).map(|visitor| house.click(visitor)).collect();
        let mut decided = HashMap::new();
        for batch in batches {
            let entries = batch.into_iter().map(|arrival| match arrival {
                Arrival::Click(n) => entry(clicks[usize::from(n)].0.clone()),
                Arrival::SaleOfClick(n) => {
                    house.sale(|_, sale| sale.click = Some(clicks[usize::from(n)].1))
                }
                Arrival::SaleOfTransaction(n) => {
                    house.sale(|_, sale| sale.txn_key = Some([n; 16]))
                }
                Arrival::Sale => house.sale(|_, _| ()),
            });
            let entries = entries.collect();
            house.send(entries);
            let now: HashMap<_, _> = house
                .conversions()
                .iter()
                .map(|conversion| (conversion.id, decision(conversion)))
                .collect();
            for (id, before) in &decided {
                prop_assert_eq!(Some(before), now.get(id));
            }
            prop_assert_eq!(house.totals().approved, now.len() as i64);
            decided = now;
            house = house.reopen();
        }
    }
}
