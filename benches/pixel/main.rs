//! How many image-pixel hits a second `pixelkeep serve` makes durable and answers,
//! beside a bare actix-web server that only answers the GIF: same machine, same
//! load, runs in turn. See `benches/README.md`. Never in here: a pass or fail by time.

mod bare;
mod load;
mod machine;
mod tracker;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use load::{Load, Measured};
use machine::Others;
use tracker::Tracker;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Runs of each server that are tried for one that counts, at most.
const TRIES_A_RUN: usize = 3;
/// Share of the machine that others may use during a run, in percent.
const FOREIGN_MAX: f64 = 6.0;
/// Whatever happens, no new run starts after this.
const TIME_MAX: Duration = Duration::from_secs(20 * 60);

fn main() -> ExitCode {
    let outcome = if std::env::var_os(bare::ENVIRONMENT).is_some() {
        bare::serve()
    } else if std::env::args().any(|argument| argument == "--bench") {
        measure()
    } else {
        println!("This measures; start it with: cargo bench --bench pixel");
        Ok(())
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A number from the environment, within bounds.
fn setting(name: &str, default: u64, bounds: std::ops::RangeInclusive<u64>) -> Outcome<u64> {
    let Ok(text) = std::env::var(name) else {
        return Ok(default);
    };
    match text.parse() {
        Ok(value) if bounds.contains(&value) => Ok(value),
        _ => Err(format!("{name} must be a whole number within {bounds:?}").into()),
    }
}

fn measure() -> Outcome<()> {
    let runs = setting("PIXEL_RUNS", 5, 1..=50)? as usize;
    let seconds = setting("PIXEL_SECONDS", 5, 1..=60)?;
    let connections = setting("PIXEL_CONNECTIONS", 256, 1..=4_096)? as usize;
    let tracker = Tracker::start()?;
    let bare = bare::start()?;
    machine::print(tracker.folder())?;
    println!(
        "load: {connections} connections, keep-alive, no pipelining, {} threads on the same cores,\n      \
         {seconds} s a run after 1 s to warm up\n",
        load::threads()
    );
    let stored = Some("x-pixelkeep: stored");
    let load = |address, path: &str, wanted| Load::new(address, path, connections, seconds, wanted);
    let mut contenders = [
        Contender::new(
            "bare actix-web",
            bare.id(),
            load(bare.address, bare::PATH, None),
        ),
        Contender::new(
            "conversions",
            tracker.id(),
            load(tracker.address(), &tracker.conversion_path(), stored),
        ),
        Contender::new(
            "impressions",
            tracker.id(),
            load(tracker.address(), &tracker.impression_path(), stored),
        ),
    ];
    let started = Instant::now();
    let mut acknowledged = 0;
    for _ in 0..runs * TRIES_A_RUN {
        for contender in &mut contenders {
            if contender.runs.len() >= runs || started.elapsed() > TIME_MAX {
                continue;
            }
            let answered = contender.run()?;
            if contender.server == tracker.id() {
                acknowledged += answered;
                let waited = tracker.settled()?.as_secs_f64();
                println!("{:16} settled {waited:.1} s after the load ended", "");
            }
        }
    }
    tracker.check_accepted(acknowledged)?;
    println!("\nevery one of {acknowledged} acknowledged hits is in the account's figures");
    conclude(&contenders, runs)
}

/// What is asked of one server, and how its runs went.
struct Contender {
    name: &'static str,
    server: u32,
    load: Load,
    /// Those that count.
    runs: Vec<Measured>,
}

impl Contender {
    fn new(name: &'static str, server: u32, load: Load) -> Contender {
        Contender {
            name,
            server,
            load,
            runs: Vec::new(),
        }
    }

    /// Loads the server and says how it went; the run counts if the machine was
    /// ours. Returns how many requests were answered.
    fn run(&mut self) -> Outcome<u64> {
        let before = Others::read(&[self.server])?;
        let measured = self.load.run()?;
        let foreign = Others::read(&[self.server])?.percent_since(&before);
        let kept = foreign <= FOREIGN_MAX;
        println!(
            "{:16} {:>9.0} hits/s   p50 {:>6.2} ms   p99 {:>6.2} ms   others {foreign:.1} % of the cores{}",
            self.name,
            measured.a_second,
            measured.p50_ms,
            measured.p99_ms,
            if kept { "" } else { "   DISCARDED: too busy" },
        );
        std::io::stdout().flush()?;
        let answered = measured.answered_in_all;
        self.runs.extend(kept.then_some(measured));
        Ok(answered)
    }

    fn median(&self, value: fn(&Measured) -> f64) -> f64 {
        let mut values: Vec<f64> = self.runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            count if count % 2 == 0 => (values[middle - 1] + values[middle]) / 2.0,
            _ => values[middle],
        }
    }
}

fn conclude(contenders: &[Contender], wanted: usize) -> Outcome<()> {
    let counted = contenders.iter().map(|one| one.runs.len()).min();
    let counted = counted.unwrap_or(0);
    let ([bare, ours @ ..], 1..) = (contenders, counted) else {
        return Err(
            "Not enough runs count: others kept the machine busy. Try again when it is quiet."
                .into(),
        );
    };
    println!("\nmedians of the runs that count");
    for contender in contenders {
        println!(
            "  {:16} {:>9.0} hits/s   p99 {:>6.2} ms   of {} runs",
            contender.name,
            contender.median(|run| run.a_second),
            contender.median(|run| run.p99_ms),
            contender.runs.len(),
        );
    }
    for contender in ours {
        let ratio = |value| contender.median(value) / bare.median(value);
        println!(
            "{} to bare: hits a second {:.2}, p99 {:.2}",
            contender.name,
            ratio(|run: &Measured| run.a_second),
            ratio(|run: &Measured| run.p99_ms),
        );
    }
    if counted < wanted {
        println!("only {counted} of {wanted} runs counted: others kept the machine busy");
    }
    Ok(())
}
