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
use machine::CpuTimes;
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
    let bare_load = Load::new(bare.address, bare::PATH, connections, seconds, None);
    let tracker_path = tracker.pixel_path();
    let tracker_load = Load::new(
        tracker.address(),
        &tracker_path,
        connections,
        seconds,
        Some("x-pixelkeep: stored"),
    );
    let started = Instant::now();
    let (mut of_bare, mut of_tracker) = (Vec::new(), Vec::new());
    let mut acknowledged = 0;
    for _ in 0..runs * TRIES_A_RUN {
        if of_bare.len() >= runs && of_tracker.len() >= runs || started.elapsed() > TIME_MAX {
            break;
        }
        if of_bare.len() <= of_tracker.len() {
            let (run, kept) = one_run("bare actix-web", &bare_load, bare.id())?;
            of_bare.extend(kept.then_some(run));
        }
        if of_tracker.len() < of_bare.len() {
            let (run, kept) = one_run("pixelkeep", &tracker_load, tracker.id())?;
            acknowledged += run.answered_in_all;
            let waited = tracker.settled()?;
            println!(
                "{:16} settled {:.1} s after the load ended",
                "",
                waited.as_secs_f64()
            );
            of_tracker.extend(kept.then_some(run));
        }
    }
    tracker.check_accepted(acknowledged)?;
    println!("\nevery one of {acknowledged} acknowledged hits is in the account's figures");
    conclude(&of_bare, &of_tracker, runs)
}

/// Loads one server and says how it went; the run counts if the machine was ours.
fn one_run(name: &str, load: &Load, server: u32) -> Outcome<(Measured, bool)> {
    let before = CpuTimes::read(server)?;
    let measured = load.run()?;
    let foreign = CpuTimes::read(server)?.foreign_percent_since(&before);
    let kept = foreign <= FOREIGN_MAX;
    println!(
        "{name:16} {:>9.0} hits/s   p50 {:>6.2} ms   p99 {:>6.2} ms   others {foreign:.1} % of the cores{}",
        measured.a_second,
        measured.p50_ms,
        measured.p99_ms,
        if kept { "" } else { "   DISCARDED: too busy" },
    );
    std::io::stdout().flush()?;
    Ok((measured, kept))
}

fn conclude(of_bare: &[Measured], of_tracker: &[Measured], wanted: usize) -> Outcome<()> {
    if of_bare.is_empty() || of_tracker.is_empty() {
        return Err(
            "No run counted: others kept the machine busy. Try again when it is quiet.".into(),
        );
    }
    let counted = of_bare.len().min(of_tracker.len());
    if counted < wanted {
        println!("only {counted} of {wanted} runs counted: others kept the machine busy");
    }
    let median = |runs: &[Measured], value: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let both = |value: fn(&Measured) -> f64| (median(of_bare, value), median(of_tracker, value));
    let (bare_hits, hits) = both(|run| run.a_second);
    let (bare_p99, p99) = both(|run| run.p99_ms);
    println!(
        "\nmedian of {} and {} runs",
        of_bare.len(),
        of_tracker.len()
    );
    println!("  bare actix-web   {bare_hits:>9.0} hits/s   p99 {bare_p99:.2} ms");
    println!("  pixelkeep        {hits:>9.0} hits/s   p99 {p99:.2} ms");
    println!("  ratio of hits a second {:.2}", hits / bare_hits);
    println!("  ratio of p99           {:.2}", p99 / bare_p99);
    Ok(())
}
