//! How fast it starts on many hits, comes back after `kill -9` under load, what it
//! takes of memory and disk.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::Outcome;
use crate::history::History;
use crate::load::Load;
use crate::reports;
use crate::requests::Ask;
use crate::settings::Settings;
use crate::table::{Figure, Line};
use crate::tracker::Tracker;

/// After so long it answers nothing any more.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// What it holds a while after its start is what it holds when idle.
const IDLE_AFTER: Duration = Duration::from_secs(3);

pub fn starts(settings: &Settings, history: &History) -> Outcome<Vec<Line>> {
    let token = &history.setting.token;
    let start = reports::undisturbed(settings.runs, || {
        let server = Tracker::start(&history.data(), token)?;
        let seconds = server.process().started_in.as_secs_f64();
        server.stop()?;
        Ok(seconds)
    })?;
    let server = Tracker::start(&history.data(), token)?;
    std::thread::sleep(IDLE_AFTER);
    let idle = server.process().megabytes("VmRSS")?;
    server.stop()?;
    let reporting = reports::memory(history)?;
    let folder = history.copy()?;
    let restart =
        reports::undisturbed(settings.runs, || restart(settings, history, folder.path()))?;
    Ok(vec![
        seconds(format!("start on {} hits", history.hits), start, 0.5, 0.15),
        seconds(
            "restart after kill -9 under load, to the first answer".to_owned(),
            restart,
            2.0,
            0.7,
        ),
        memory("memory: idle", idle, 40.0, 25.0),
        memory(
            "memory: while reporting over all of it",
            reporting,
            250.0,
            120.0,
        ),
    ])
}

fn seconds(what: String, measured: Option<f64>, reach: f64, aim: f64) -> Line {
    Line {
        what,
        figure: Figure::Seconds,
        measured,
        reach,
        aim,
        detail: String::new(),
    }
}

pub fn memory(what: &str, measured: f64, reach: f64, aim: f64) -> Line {
    Line {
        what: what.to_owned(),
        figure: Figure::Megabytes,
        measured: Some(measured),
        reach,
        aim,
        detail: String::new(),
    }
}

/// Seconds from the restart of a server that was killed under load to its first
/// acknowledged hit. All that was acknowledged before must be in its figures.
pub fn restart(settings: &Settings, history: &History, folder: &std::path::Path) -> Outcome<f64> {
    let setting = &history.setting;
    let server = Tracker::start(folder, &setting.token)?;
    let before = server.intake("/accepted")?;
    let ask = Ask::conversion(server.address(), &setting.names());
    let load = Load::new(
        server.address(),
        ask,
        settings.connections,
        settings.seconds,
    );
    let load = load.that_breaks();
    let under_load = std::thread::spawn(move || load.run().map_err(|error| error.to_string()));
    // After the second that warms up, and some more.
    std::thread::sleep(Duration::from_millis(1_000 + 700 * settings.seconds));
    server.kill()?;
    let answered = under_load.join().map_err(|_| "the load broke")??;
    let begun = Instant::now();
    let server = Tracker::start(folder, &setting.token)?;
    let ask = Ask::conversion(server.address(), &setting.names());
    Load::new(server.address(), ask, 1, 0).first(ANSWER_MAX)?;
    let seconds = begun.elapsed().as_secs_f64();
    server.settled()?;
    let accepted = server.intake("/accepted")? - before;
    if accepted < answered.hits_in_all + 1 {
        return Err(format!(
            "{} hits were acknowledged, {accepted} accepted",
            answered.hits_in_all + 1
        )
        .into());
    }
    server.stop()?;
    Ok(seconds)
}

/// Sealed bytes a hit, headers included.
pub fn disk(history: &History) -> Outcome<Vec<Line>> {
    let path = history.data().join("pixelkeep.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(path, flags)?;
    let bytes = |class: i64| -> Outcome<f64> {
        // A column's row is 64 times its segment's, plus its number.
        let sql = "SELECT (SELECT coalesce(sum(length(header)), 0) FROM segment WHERE class = ?1) \
             + (SELECT coalesce(sum(length(c.body)), 0) FROM segment_column c \
                JOIN segment s ON s.id = c.id / 64 WHERE s.class = ?1)";
        Ok(database.query_row(sql, [class], |row| row.get::<_, i64>(0))? as f64)
    };
    let sales: (i64, i64) = database.query_row(
        "SELECT count(*), sum(length(body)) FROM conversion",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (trail, tally) = (bytes(1)?, bytes(2)?);
    let line = |what: &str, measured: f64, reach, aim, detail| Line {
        what: what.to_owned(),
        figure: Figure::Bytes,
        measured: Some(measured),
        reach,
        aim,
        detail,
    };
    let per_sale = sales.1 as f64 / sales.0 as f64;
    Ok(vec![
        line(
            "disk: tally, a hit",
            tally / history.hits as f64,
            8.0,
            5.0,
            format!("{:.0} MB", tally / 1e6),
        ),
        line(
            "disk: trail, a hit",
            trail / history.trail_hits() as f64,
            90.0,
            60.0,
            format!("{:.0} MB; a sale's own row {per_sale:.0} B", trail / 1e6),
        ),
    ])
}
