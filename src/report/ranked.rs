//! Sums by group as an answer: named, in order, with their totals.

use crate::error::Result;
use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::report::answer::{Place, ROWS_MAX, Report};
use crate::report::groups::too_many_rows;
use crate::report::label::{Labels, Names};
use crate::report::question::{GROUP_BY_MAX, Question};
use crate::report::slots::Grouping;

/// Places of a table beyond one a row: up to here it is faster than sorting.
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
    let places = counting.into_iter().map(|slot| {
        let mut ranks = [0; GROUP_BY_MAX];
        let of_dimension = labels.iter().zip(&mut ranks);
        of_dimension.for_each(|(labels, rank)| *rank = labels.rank(groups.key(slot)));
        Place { ranks, slot }
    });
    let mut places: Vec<Place> = places.collect();
    sort(&mut places, &labels);
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
fn sort(places: &mut Vec<Place>, labels: &[Labels]) {
    // A dimension has no more values than there may be groups, so that three of them
    // make a number far below the largest.
    let sizes = labels.iter().map(|labels| labels.values.order.len() as u64);
    let all: u64 = sizes.clone().product();
    if all > 4 * places.len() as u64 + TABLE_SPARE {
        return places.sort_unstable_by_key(|place| place.ranks);
    }
    let mut table = vec![None; all as usize];
    for place in places.drain(..) {
        let ranks = place.ranks.iter().zip(sizes.clone());
        let at = ranks.fold(0, |at, (&rank, size)| at * size + u64::from(rank));
        table[at as usize] = Some(place);
    }
    places.extend(table.into_iter().flatten());
}
