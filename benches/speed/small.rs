//! The same in small: whether what is measured is right. Nothing is timed.

use std::time::Duration;

use crate::Outcome;
use crate::bare;
use crate::history::History;
use crate::intake::check_accepted;
use crate::load::Load;
use crate::plain::Plain;
use crate::process::Running;
use crate::reports;
use crate::requests::Ask;
use crate::rows;
use crate::settings::Settings;
use crate::starts;
use crate::tracker::Tracker;

const ANSWER_MAX: Duration = Duration::from_secs(30);

pub fn check() -> Outcome<()> {
    let settings = Settings::small();
    let folder = tempfile::tempdir_in(settings.folder()?)?;
    let history = History::prepare(folder.path(), settings.hits)?;
    let plain = Plain::prepare(folder.path(), &history)?;
    reports::compare(&history, &plain)?;
    every_request_is_stored(&history)?;
    yardsticks_answer(folder.path(), &history)?;
    let copy = history.copy()?;
    starts::restart(&settings, &history, copy.path())?;
    println!("the benchmark in small: reports as plain SQL has them, every hit counted once");
    Ok(())
}

fn every_request_is_stored(history: &History) -> Outcome<()> {
    let copy = history.copy()?;
    let tracker = Tracker::start(copy.path(), &history.setting.token)?;
    let names = history.setting.names();
    let mut expected = tracker.intake("/accepted")?;
    let mut besides = 0;
    for ask in [Ask::impression, Ask::conversion, Ask::click, Ask::event] {
        let ask = ask(tracker.address(), &names);
        for _ in 0..3 {
            expected += ask.hits as u64;
            let load = Load::new(tracker.address(), ask.clone(), 1, 0);
            besides += load.first(ANSWER_MAX)?;
        }
    }
    tracker.settled()?;
    check_accepted(&tracker, expected, besides)?;
    tracker.stop()
}

fn yardsticks_answer(folder: &std::path::Path, history: &History) -> Outcome<()> {
    let names = history.setting.names();
    let bare = Running::of_role(bare::ROLE, None)?;
    let ask = Ask::bare(bare.address, &names);
    Load::new(bare.address, ask, 1, 0).first(ANSWER_MAX)?;
    let table = rows::prepare(folder, history)?;
    let rows = Running::of_role(rows::ROLE, Some(&table))?;
    let ask = Ask::conversion(rows.address, &names);
    Load::new(rows.address, ask, 1, 0).first(ANSWER_MAX)?;
    let count =
        rusqlite::Connection::open(&table)?
            .query_row("SELECT count(*) FROM hit", [], |row| row.get::<_, i64>(0))?;
    if count != history.hits as i64 + 1 {
        return Err(format!("one row a hit: {count} rows of {}", history.hits + 1).into());
    }
    Ok(())
}
