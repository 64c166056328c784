//! How many hits a second settling keeps up with while reports are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::contest::{Contender, FOREIGN_MAX, hold};
use crate::history::History;
use crate::intake;
use crate::load::Load;
use crate::machine::Others;
use crate::requests::Ask;
use crate::settings::Settings;
use crate::table::{Figure, Line, median};
use crate::tracker::Tracker;

/// How often reports are read meanwhile.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Hits settled a second while the load is as high as it gets and reports are read,
/// beside what the usual design acknowledges.
pub fn measure(settings: &Settings, history: &History) -> Outcome<Vec<Line>> {
    let rows = intake::start_rows(settings, history)?;
    let names = history.setting.names();
    let ask = Ask::conversion(rows.address, &names);
    let load = Load::new(rows.address, ask, settings.connections, settings.seconds);
    let mut theirs = [Contender::new(intake::ROWS, rows.family(), load)];
    let store = history.copy()?;
    let tracker = Tracker::start(store.path(), &history.setting.token)?;
    let mut settled = Vec::new();
    let mut waiting = Vec::new();
    let mut take_turn = || -> Outcome<bool> {
        if settled.len() < settings.runs {
            let before = Others::read(&tracker.process().family())?;
            let (a_second, left) = settle_under_load(settings, history, &tracker)?;
            let foreign = Others::read(&tracker.process().family())?.percent_since(&before);
            println!(
                "settled {a_second:>9.0} hits/s, {left} waited at the end   others {foreign:.1} %"
            );
            if foreign <= FOREIGN_MAX {
                settled.push(a_second);
                waiting.push(left as f64);
            }
        }
        Ok(settled.len() < settings.runs)
    };
    let mut turns = 0;
    hold(settings, &mut theirs, |_, _| {
        turns += 1;
        take_turn().map(drop)
    })?;
    while turns < 3 * settings.runs && take_turn()? {
        turns += 1;
    }
    let (ours, theirs) = (median(settled), theirs[0].a_second());
    let waiting = median(waiting).unwrap_or(f64::NAN);
    Ok(vec![Line {
        what: "settled while reports are read, to one row a hit acknowledged".to_owned(),
        figure: Figure::Ratio,
        measured: ours.zip(theirs).map(|(ours, theirs)| ours / theirs),
        reach: 3.0,
        aim: 5.0,
        detail: format!(
            "{:.0} to {:.0} a second; {waiting:.0} waited at the end",
            ours.unwrap_or(f64::NAN),
            theirs.unwrap_or(f64::NAN)
        ),
    }])
}

/// Hits settled a second under load, and how many waited when it ended.
fn settle_under_load(
    settings: &Settings,
    history: &History,
    tracker: &Tracker,
) -> Outcome<(f64, u64)> {
    let seconds = 2 * settings.seconds;
    let load = Load::mixed(
        tracker.address(),
        mix(tracker, history),
        settings.connections,
        seconds,
    );
    let done = Arc::new(AtomicBool::new(false));
    let ended = done.clone();
    let under_load = std::thread::spawn(move || {
        let measured = load.run().map_err(|error| error.to_string());
        ended.store(true, Ordering::Release);
        measured
    });
    std::thread::sleep(Duration::from_secs(1));
    let (from, begun) = (tracker.intake("/settled")?, Instant::now());
    let (mut to, mut elapsed, mut left) = (from, Duration::ZERO, 0);
    while !done.load(Ordering::Acquire) {
        tracker.get(&crate::reports::any(history))?;
        (to, left) = (tracker.intake("/settled")?, tracker.intake("/waiting")?);
        elapsed = begun.elapsed();
        std::thread::sleep(READ_EVERY);
    }
    under_load.join().map_err(|_| "the load broke")??;
    tracker.settled()?;
    Ok(((to - from) as f64 / elapsed.as_secs_f64(), left))
}

/// Of ten hits seven impressions, two clicks and an order.
fn mix(tracker: &Tracker, history: &History) -> Vec<Ask> {
    let (address, names) = (tracker.address(), history.setting.names());
    let mut asks = vec![Ask::impression(address, &names); 7];
    asks.extend([
        Ask::click(address, &names),
        Ask::click(address, &names),
        Ask::conversion(address, &names),
    ]);
    asks
}
