//! Sums by group as an answer: named, in order, with their totals.

use crate::error::Result;
use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::report::answer::{Place, ROWS_MAX, Report};
use crate::report::groups::{DROPPED, Groups, too_many_rows};
use crate::report::label::{Labels, Names};
use crate::report::question::{GROUP_BY_MAX, Question};
use crate::report::slots::Grouping;

/// Places of a table beyond those that rows take: up to here it is faster than sorting.
const TABLE_SPARE: u64 = 1_024;

/// # Errors
/// `Invalid` where there are more than [`ROWS_MAX`] rows.
pub fn answer(
    question: &Question,
    grouping: Grouping,
    catalog: &Catalog,
    account: &Account,
) -> Result<Report> {
    let names = Names::new(catalog, account);
    let groups = grouping.groups;
    let counting = groups.counting();
    if counting.len() > ROWS_MAX {
        return Err(too_many_rows());
    }
    let mut labels = Vec::new();
    let mut first = 0;
    for &dimension in &question.group_by {
        let parts = first..first + dimension.parts().len();
        first = parts.end;
        let keys = counting.iter().map(|&slot| groups.key(slot));
        labels.push(Labels::new(
            dimension,
            parts,
            keys,
            &grouping.values,
            &names,
        ));
    }
    let places = in_order(&counting, &groups, &labels);
    Ok(Report {
        dimensions: question.group_by.clone(),
        values: labels.into_iter().map(|labels| labels.values).collect(),
        places,
        totals: groups.sums.totals(),
        sums: groups.sums,
        reach: question.reach,
    })
}

/// Sorts by the first dimension, then the next. No two rows have the same ranks.
fn in_order(counting: &[u32], groups: &Groups, labels: &[Labels]) -> Vec<Place> {
    let sizes: Vec<u64> = labels
        .iter()
        .map(|labels| labels.values.order.len() as u64)
        .collect();
    // A dimension has no more values than there may be groups, so that the ranks of three
    // make a number far below the largest.
    let ranks = |slot: u32| {
        let of_dimension = labels.iter().zip(&sizes);
        of_dimension.fold(0, |ranks, (labels, size)| {
            ranks * size + u64::from(labels.rank(groups.key(slot)))
        })
    };
    let mut places = Vec::with_capacity(counting.len());
    let mut put = |ranks, slot| places.push(Place::of(ranks, &sizes, slot));
    let all: u64 = sizes.iter().product();
    if all <= 4 * counting.len() as u64 + TABLE_SPARE {
        let mut table = vec![DROPPED; all as usize];
        for &slot in counting {
            table[ranks(slot) as usize] = slot;
        }
        let rows = (0..).zip(table).filter(|&(_, slot)| slot != DROPPED);
        rows.for_each(|(ranks, slot)| put(ranks, slot));
    } else {
        let rows = counting.iter().map(|&slot| (ranks(slot), slot));
        let mut rows: Vec<(u64, u32)> = rows.collect();
        rows.sort_unstable();
        rows.into_iter().for_each(|(ranks, slot)| put(ranks, slot));
    }
    places
}

impl Place {
    /// `ranks` as one number, in which those of the last dimension count as ones.
    fn of(ranks: u64, sizes: &[u64], slot: u32) -> Place {
        let mut rest = ranks;
        let mut place = Place {
            ranks: [0; GROUP_BY_MAX],
            slot,
        };
        let of_dimension = place.ranks.iter_mut().zip(sizes).rev();
        for (rank, size) in of_dimension {
            *rank = (rest % size) as u32;
            rest /= size;
        }
        place
    }
}
