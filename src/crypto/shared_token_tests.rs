//! How many visitors a shared token leaves alone: the real tokens on made-up traffic, as
//! many clicks without consent in a month as such businesses have. Publishers are as
//! unequal as in life, and some visitors come again.
//!
//! `cargo test --lib few_visitors_are_alone -- --nocapture` prints the shares.

use std::collections::{HashMap, HashSet};

use super::{ClickIds, Keys, MasterKey, token};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::id::{AccountId, CampaignId, PublisherId};

struct Mix {
    name: &'static str,
    campaigns: usize,
    publishers: usize,
    clicks: usize,
    /// Visitors alone in their cell, of a thousand at most.
    bound: usize,
}

const MIXES: [Mix; 3] = [
    Mix {
        name: "a shop with few publishers",
        campaigns: 4,
        publishers: 20,
        clicks: 1_500,
        bound: 1,
    },
    Mix {
        name: "a network of its own",
        campaigns: 10,
        publishers: 80,
        clicks: 40_000,
        bound: 1,
    },
    Mix {
        name: "thousands of pairs, most of them with a handful of clicks",
        campaigns: 30,
        publishers: 300,
        clicks: 40_000,
        bound: 60,
    },
];

struct Click {
    visitor: usize,
    pair: (usize, usize),
    day: i64,
}

/// A small generator, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((self.0 >> 33) as usize) % sides
    }
}

fn clicks(mix: &Mix) -> Vec<Click> {
    let mut dice = Dice(7);
    let mut pairs = Vec::new();
    for campaign in 0..mix.campaigns {
        for publisher in 0..mix.publishers {
            // Every other publisher takes part in a campaign.
            if dice.roll(2) == 0 {
                pairs.push((campaign, publisher));
            }
        }
    }
    // The n-th pair has a share that falls a little faster than 1/n.
    let mut shares = Vec::new();
    let mut sum = 0.0;
    for place in 0..pairs.len() {
        sum += ((place + 1) as f64).powf(-1.1);
        shares.push(sum);
    }
    let mut clicks: Vec<Click> = Vec::new();
    let mut visitors = 0;
    for _ in 0..mix.clicks {
        let day = dice.roll(30) as i64;
        let before = (!clicks.is_empty() && dice.roll(100) < 15).then(|| dice.roll(clicks.len()));
        let (visitor, pair) = match before.and_then(|at| clicks.get(at)) {
            Some(click) => (click.visitor, click.pair),
            None => {
                visitors += 1;
                let drawn = dice.roll(1 << 30) as f64 / (1u64 << 30) as f64 * sum;
                (
                    visitors,
                    pairs[shares.partition_point(|share| *share < drawn)],
                )
            }
        };
        clicks.push(Click { visitor, pair, day });
    }
    clicks
}

/// Of ten thousand visitors, those whose cell nobody else is in.
fn alone<C: std::hash::Hash + Eq>(clicks: &[Click], cell: impl Fn(&Click) -> C) -> usize {
    let mut cells: HashMap<C, HashSet<usize>> = HashMap::new();
    for click in clicks {
        cells.entry(cell(click)).or_default().insert(click.visitor);
    }
    let visitors: HashSet<usize> = clicks.iter().map(|click| click.visitor).collect();
    let lonely: HashSet<usize> = cells
        .values()
        .filter(|who| who.len() == 1)
        .flatten()
        .copied()
        .collect();
    lonely.len() * 10_000 / visitors.len()
}

/// What a token names, where a pair waits for so many clicks; none: nothing.
type Naming = Option<(usize, Option<usize>)>;

/// What each click's token names, by the clicks that came before it.
fn namings(clicks: &[Click], enough: usize) -> Vec<Naming> {
    let mut campaigns: HashMap<usize, usize> = HashMap::new();
    let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
    let naming = |click: &Click| {
        let of_campaign = campaigns.entry(click.pair.0).or_default();
        let of_pair = pairs.entry(click.pair).or_default();
        let publisher = (*of_pair >= enough).then_some(click.pair.1);
        let naming = (*of_campaign >= enough).then_some((click.pair.0, publisher));
        *of_campaign += 1;
        *of_pair += 1;
        naming
    };
    clicks.iter().map(naming).collect()
}

/// Of ten thousand visitors, those who carry a token that nobody else's clicks fit, by
/// what it names.
fn told_apart(clicks: &[Click], namings: &[Naming]) -> usize {
    let mut of_pair: HashMap<(usize, usize), HashSet<usize>> = HashMap::new();
    let mut of_campaign: HashMap<usize, HashSet<usize>> = HashMap::new();
    for click in clicks {
        of_pair.entry(click.pair).or_default().insert(click.visitor);
        let campaign = of_campaign.entry(click.pair.0).or_default();
        campaign.insert(click.visitor);
    }
    let alone = |(click, naming): &(&Click, &Naming)| match naming {
        None => false,
        Some((_, Some(_))) => of_pair[&click.pair].len() == 1,
        Some((campaign, None)) => of_campaign[campaign].len() == 1,
    };
    let lonely: HashSet<usize> = clicks
        .iter()
        .zip(namings)
        .filter(alone)
        .map(|(click, _)| click.visitor)
        .collect();
    let visitors: HashSet<usize> = clicks.iter().map(|click| click.visitor).collect();
    lonely.len() * 10_000 / visitors.len()
}

#[test]
fn no_visitor_is_told_apart_where_a_token_waits_for_enough_clicks() {
    for mix in &MIXES {
        let clicks = clicks(mix);
        let plain = told_apart(&clicks, &namings(&clicks, 0));
        let named = namings(&clicks, 20);
        let share = |of: &dyn Fn(&Naming) -> bool| {
            named.iter().filter(|naming| of(naming)).count() * 10_000 / clicks.len()
        };
        println!(
            "{}: of 10,000 visitors {plain} carry a token that fits nobody else's clicks; 0 \
             where it waits for 20 clicks. Of 10,000 clicks {} then name the campaign alone and \
             {} nothing; the same bytes as nobody else have {} of 10,000 visitors",
            mix.name,
            share(&|naming| matches!(naming, Some((_, None)))),
            share(&|naming| naming.is_none()),
            alone_by_bytes(&clicks, &named),
        );
        assert_eq!(told_apart(&clicks, &named), 0, "{}", mix.name);
    }
    let thin = clicks(&MIXES[2]);
    assert!(
        told_apart(&thin, &namings(&thin, 0)) > 0,
        "it shows nothing"
    );
}

/// Of ten thousand visitors, those whose very token nobody else has: the first ones whom
/// it names a publisher to, where no more followed in that month.
fn alone_by_bytes(clicks: &[Click], namings: &[Naming]) -> usize {
    let mut holders: HashMap<(usize, Option<usize>), HashSet<usize>> = HashMap::new();
    for (click, naming) in clicks.iter().zip(namings) {
        if let Some(token) = naming {
            holders.entry(*token).or_default().insert(click.visitor);
        }
    }
    let visitors: HashSet<usize> = clicks.iter().map(|click| click.visitor).collect();
    let lonely = holders.values().filter(|who| who.len() == 1).count();
    lonely * 10_000 / visitors.len()
}

#[test]
fn few_visitors_are_alone_with_their_shared_token() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::create(&folder.path().join("keyring"), &MasterKey::generate()).unwrap();
    let account = AccountId::from_random(token::random_u64());
    keys.add_account(account).unwrap();
    let ids = ClickIds::new(keys);
    for mix in &MIXES {
        let clicks = clicks(mix);
        let shared = |click: &Click| {
            let at = Timestamp::from_millis((20_454 + click.day) * DAY_MS);
            let campaign = CampaignId::from_random(click.pair.0 as u64 + 1);
            let publisher = PublisherId::from_random(click.pair.1 as u64 + 1);
            ids.shared(account, campaign, Some(publisher), at).unwrap()
        };
        let of_month = alone(&clicks, shared);
        let of_day = alone(&clicks, |click| (click.pair, click.day));
        // The other way: no publisher is named before the pair's twentieth click.
        let mut seen: HashMap<(usize, usize), usize> = HashMap::new();
        let mut is_early = |click: &&Click| {
            let count = seen.entry(click.pair).or_default();
            *count += 1;
            *count <= 20
        };
        let uncredited = clicks.iter().filter(&mut is_early).count();
        println!(
            "{}: alone of 10,000 visitors: {of_month} with the month's token, {of_day} with a \
             day's; naming no publisher before the twentieth click leaves {} of 10,000 clicks \
             without one",
            mix.name,
            uncredited * 10_000 / mix.clicks
        );
        assert!(of_month <= mix.bound * 10, "{}: {of_month}", mix.name);
        assert!(of_month * 2 < of_day, "{}: a day would do", mix.name);
    }
}
