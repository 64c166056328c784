//! How many hits a second become durable and are answered, and how many of them are
//! settled meanwhile.

use crate::Outcome;
use crate::bare;
use crate::contest::{Contender, hold};
use crate::history::History;
use crate::load::{self, Load};
use crate::nginx;
use crate::process::Running;
use crate::requests::{Ask, Make, Names};
use crate::rows;
use crate::settings::{Part, Settings};
use crate::starts;
use crate::table::{Figure, Line};
use crate::tracker::Tracker;

const BARE: &str = "bare actix-web";
const IMPRESSION: &str = "impressions";
const CONVERSION: &str = "conversions";
const CLICK: &str = "clicks";
const EVENT: &str = "events, 10 hits each";
pub const ROWS: &str = "one row a hit";
const NGINX: &str = "nginx, buffered log";

/// Everyone who takes part, running.
struct Field {
    tracker: Tracker,
    bare: Running,
    rows: Option<Running>,
    nginx: Option<nginx::Nginx>,
}

impl Field {
    fn contenders(&self, settings: &Settings, names: &Names) -> Vec<Contender> {
        let load = |ask: Make, address| {
            let ask = ask(address, names);
            Load::new(address, ask, settings.connections, settings.seconds)
        };
        let tracker = |name, ask: Make| {
            let servers = self.tracker.process().family();
            Contender::new(name, servers, load(ask, self.tracker.address()))
        };
        let bare = |name, running: &Running, ask: Make| {
            Contender::new(name, running.family(), load(ask, running.address))
        };
        let mut contenders = vec![
            bare(BARE, &self.bare, Ask::bare),
            tracker(IMPRESSION, Ask::impression),
        ];
        if settings.wants(Part::Intake) || self.rows.is_some() {
            contenders.push(tracker(CONVERSION, Ask::conversion));
        }
        if settings.wants(Part::Intake) {
            contenders.push(tracker(CLICK, Ask::click));
            contenders.push(tracker(EVENT, Ask::event));
        }
        contenders.extend(
            self.rows
                .iter()
                .map(|rows| bare(ROWS, rows, Ask::conversion)),
        );
        contenders.extend((self.nginx.iter()).map(|nginx| bare(NGINX, &nginx.running, Ask::bare)));
        contenders
    }
}

pub fn measure(settings: &Settings, history: &History) -> Outcome<Vec<Line>> {
    println!(
        "load: {} connections, keep-alive, no pipelining, {} threads on the same cores,\n      \
         {} s a run after 1 s to warm up, on a store of {} hits\n",
        settings.connections,
        load::threads(),
        settings.seconds,
        history.hits
    );
    let folder = settings.folder()?;
    let store = history.copy()?;
    let tracker = Tracker::start(store.path(), &history.setting.token)?;
    let rows = (settings.wants(Part::Usual)).then(|| start_rows(settings, history));
    let nginx = (settings.wants(Part::Nginx)).then(|| nginx::start(&folder));
    let field = Field {
        tracker,
        bare: Running::of_role(bare::ROLE, None)?,
        rows: rows.transpose()?,
        nginx: nginx.transpose()?.flatten(),
    };
    let before = field.tracker.intake("/accepted")?;
    let alone = alone(settings, &field.tracker, &history.setting.names())?;
    let mut contenders = field.contenders(settings, &history.setting.names());
    let (mut acknowledged, mut left_early) = (alone.1.0, alone.1.1);
    hold(settings, &mut contenders, |name, hits| {
        if [IMPRESSION, CONVERSION, CLICK, EVENT].contains(&name) {
            acknowledged += hits.0;
            left_early += hits.1;
            let waited = field.tracker.settled()?.as_secs_f64();
            println!("{:20} settled {waited:.1} s after the load ended", "");
        }
        Ok(())
    })?;
    check_accepted(&field.tracker, before + acknowledged, left_early)?;
    println!("every one of {acknowledged} acknowledged hits is in the account's figures");
    if left_early > 0 {
        println!("{left_early} redirects left before their hit was on the disk");
    }
    let memory = field.tracker.process().megabytes("VmHWM")?;
    let mut lines = lines(settings, &contenders, memory);
    lines.push(Line {
        what: "a redirect at one connection, fsync included: p99".to_owned(),
        figure: Figure::Milliseconds,
        measured: Some(alone.0),
        reach: 10.0,
        aim: 5.0,
        detail: String::new(),
    });
    Ok(lines)
}

/// Milliseconds in which 99 of 100 clicks are answered one after the other, and how
/// many hits that were, and how many more were not waited for.
fn alone(settings: &Settings, tracker: &Tracker, names: &Names) -> Outcome<(f64, (u64, u64))> {
    let ask = Ask::click(tracker.address(), names);
    let measured = Load::new(tracker.address(), ask, 1, settings.seconds).run()?;
    Ok((measured.p99_ms, (measured.hits_in_all, measured.left_early)))
}

pub fn start_rows(settings: &Settings, history: &History) -> Outcome<Running> {
    let path = rows::prepare(&settings.folder()?, history)?;
    Running::of_role(rows::ROLE, Some(&path))
}

/// Compares what was acknowledged, and what may be stored besides, with what the
/// account is told.
pub fn check_accepted(tracker: &Tracker, expected: u64, besides: u64) -> Outcome<()> {
    let accepted = tracker.intake("/accepted")?;
    if (expected..=expected + besides).contains(&accepted) {
        return Ok(());
    }
    Err(format!("{expected} hits were acknowledged, but {accepted} accepted").into())
}

fn lines(settings: &Settings, contenders: &[Contender], memory: f64) -> Vec<Line> {
    let find = |name| contenders.iter().find(|contender| contender.name == name);
    let ratio = |ours, theirs, value: fn(&Contender) -> Option<f64>| {
        let (ours, theirs) = (value(find(ours)?)?, value(find(theirs)?)?);
        Some((ours / theirs, ours, theirs))
    };
    let a_second = |what: &str, ours, theirs, reach, aim| {
        let measured = ratio(ours, theirs, Contender::a_second);
        Line {
            what: what.to_owned(),
            figure: Figure::Ratio,
            measured: measured.map(|(ratio, ..)| ratio),
            reach,
            aim,
            detail: measured.map_or_else(String::new, |(_, ours, theirs)| {
                format!("{ours:.0} to {theirs:.0} a second")
            }),
        }
    };
    let p99 = |what: &str, ours| {
        let measured = ratio(ours, BARE, Contender::p99_ms);
        Line {
            what: what.to_owned(),
            figure: Figure::Times,
            measured: measured.map(|(ratio, ..)| ratio),
            reach: 2.5,
            aim: 1.5,
            detail: measured.map_or_else(String::new, |(_, ours, theirs)| {
                format!("{ours:.1} ms to {theirs:.1} ms")
            }),
        }
    };
    let mut lines = Vec::new();
    if settings.wants(Part::Intake) {
        lines.extend([
            a_second(
                "image pixel, an impression each, to bare actix-web",
                IMPRESSION,
                BARE,
                0.65,
                0.80,
            ),
            a_second(
                "image pixel, a new order each, to bare actix-web",
                CONVERSION,
                BARE,
                0.65,
                0.80,
            ),
            a_second("/click to bare actix-web", CLICK, BARE, 0.55, 0.75),
            a_second(
                "/event of 10 hits: hits to bare requests",
                EVENT,
                BARE,
                3.5,
                6.0,
            ),
            p99("p99 of impressions to bare p99", IMPRESSION),
            p99("p99 of orders to bare p99", CONVERSION),
            starts::memory("memory: most at full load", memory, 160.0, 100.0),
        ]);
    }
    if settings.wants(Part::Usual) {
        lines.push(a_second(
            "image pixel to one row a hit: impressions",
            IMPRESSION,
            ROWS,
            3.0,
            5.0,
        ));
        lines.push(a_second(
            "image pixel to one row a hit: orders",
            CONVERSION,
            ROWS,
            3.0,
            5.0,
        ));
    }
    if settings.wants(Part::Nginx) {
        lines.push(a_second(
            "image pixel to nginx empty_gif",
            IMPRESSION,
            NGINX,
            0.65,
            0.90,
        ));
    }
    lines
}
