//! Contenders that take turns: each is loaded for some seconds, and a run counts if
//! nobody else used the machine meanwhile.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::load::{Load, Measured};
use crate::machine::Others;
use crate::settings::Settings;
use crate::table::median;

/// Runs of each that are tried for one that counts, at most.
const TRIES_A_RUN: usize = 3;
/// Share of the machine that others may use during a run, in percent.
pub const FOREIGN_MAX: f64 = 6.0;
/// Whatever happens, no new run starts after this.
const TIME_MAX: Duration = Duration::from_secs(20 * 60);

/// What is asked of one server, and how its runs went.
pub struct Contender {
    pub name: &'static str,
    servers: Vec<u32>,
    load: Load,
    /// Those that count.
    runs: Vec<Measured>,
}

impl Contender {
    pub fn new(name: &'static str, servers: Vec<u32>, load: Load) -> Contender {
        Contender {
            name,
            servers,
            load,
            runs: Vec::new(),
        }
    }

    pub fn a_second(&self) -> Option<f64> {
        median(self.runs.iter().map(|run| run.a_second))
    }

    pub fn p99_ms(&self) -> Option<f64> {
        median(self.runs.iter().map(|run| run.p99_ms))
    }

    /// Loads the server and says how it went. Returns how many hits were answered, and
    /// how many more left before they were on the disk.
    fn run(&mut self) -> Outcome<(u64, u64)> {
        let before = Others::read(&self.servers)?;
        let measured = self.load.run()?;
        let foreign = Others::read(&self.servers)?.percent_since(&before);
        let kept = foreign <= FOREIGN_MAX;
        println!(
            "{:20} {:>9.0} hits/s   p50 {:>6.2} ms   p99 {:>6.2} ms   others {foreign:.1} % of the cores{}",
            self.name,
            measured.a_second,
            measured.p50_ms,
            measured.p99_ms,
            if kept { "" } else { "   DISCARDED: too busy" },
        );
        std::io::stdout().flush()?;
        let hits = (measured.hits_in_all, measured.left_early);
        self.runs.extend(kept.then_some(measured));
        Ok(hits)
    }
}

/// Lets them take turns until each has its runs. `after` is called with a contender's
/// name and its hits: acknowledged, and not waited for.
pub fn hold(
    settings: &Settings,
    contenders: &mut [Contender],
    mut after: impl FnMut(&'static str, (u64, u64)) -> Outcome<()>,
) -> Outcome<()> {
    let started = Instant::now();
    for _ in 0..settings.runs * TRIES_A_RUN {
        for contender in contenders.iter_mut() {
            if contender.runs.len() >= settings.runs || started.elapsed() > TIME_MAX {
                continue;
            }
            let hits = contender.run()?;
            after(contender.name, hits)?;
        }
    }
    for contender in contenders {
        let counted = contender.runs.len();
        if counted < settings.runs {
            println!(
                "{}: only {counted} of {} runs count, others kept the machine busy",
                contender.name, settings.runs
            );
        }
    }
    Ok(())
}
