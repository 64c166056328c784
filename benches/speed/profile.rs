//! Instructions and allocations a hit, counted by callgrind (valgrind): the whole
//! program under a small load, twice, so that what a start costs falls out. Counts
//! depend on no clock and on nobody else's work. What `callgrind_annotate` shows of the
//! longer load stays in a file.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::load::Load;
use crate::requests::{Ask, Make};
use crate::settings::Settings;
use crate::tracker::{Tracker, program};

/// Requests of the short load and of the long one.
const SHORT: u64 = 1_000;
const LONG: u64 = 6_000;
/// Connections: enough that hits share batches as they do under load.
const CONNECTIONS: usize = 64;
/// What the allocator is called by.
const ALLOCATIONS: [&str; 3] = [
    "mi_malloc_aligned",
    "mi_zalloc_aligned",
    "mi_realloc_aligned",
];

/// What one run counted, all threads together.
struct Counted {
    instructions: u64,
    allocations: u64,
}

pub fn measure(settings: &Settings) -> Outcome<()> {
    let folder = tempfile::tempdir_in(settings.folder()?)?;
    let kinds: [(&str, Make); 4] = [
        ("impression", Ask::impression),
        ("conversion", Ask::conversion),
        ("click", Ask::click),
        ("event", Ask::event),
    ];
    println!(
        "{:20} {:>12} {:>12}   a hit, settled, all threads",
        "", "instructions", "allocations"
    );
    for (name, ask) in kinds {
        let counts = settings.folder()?.join(format!("callgrind.{name}"));
        let short = run(folder.path(), &counts, ask, SHORT)?;
        let long = run(folder.path(), &counts, ask, LONG)?;
        let hits = (LONG - SHORT) * long.1;
        let a_hit = |long: u64, short: u64| (long as f64 - short as f64) / hits as f64;
        println!(
            "{name:20} {:>12.0} {:>12.1}   {}",
            a_hit(long.0.instructions, short.0.instructions),
            a_hit(long.0.allocations, short.0.allocations),
            counts.display()
        );
    }
    Ok(())
}

/// Sends so many requests to a program of its own; what it counted, and hits a request.
fn run(beside: &Path, counts: &Path, ask: Make, requests: u64) -> Outcome<(Counted, u64)> {
    let folder = tempfile::tempdir_in(beside)?;
    let data = folder.path().join("data");
    let setting = Tracker::set_up(&data)?;
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--log-file=/dev/null"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(program())
        .args(["serve", "--data-dir"])
        .arg(&data);
    let server = Tracker::start_by(command, &setting.token)
        .map_err(|error| format!("valgrind is needed for this: {error}"))?;
    let ask = ask(server.address(), &setting.names());
    let hits = ask.hits as u64;
    Load::new(server.address(), ask, CONNECTIONS, 0).count(requests)?;
    server.settled()?;
    server.stop()?;
    Ok((read(counts)?, hits))
}

/// Reads callgrind's file: <https://valgrind.org/docs/manual/cl-format.html>.
fn read(counts: &Path) -> Outcome<Counted> {
    let text = std::fs::read_to_string(counts)?;
    let mut counted = Counted {
        instructions: 0,
        allocations: 0,
    };
    let mut names = std::collections::HashMap::new();
    let mut called = String::new();
    for line in text.lines() {
        if let Some(total) = line
            .strip_prefix("totals: ")
            .or(line.strip_prefix("summary: "))
        {
            counted.instructions = total.trim().parse()?;
        } else if let Some(name) = line.strip_prefix("cfn=").or(line.strip_prefix("fn=")) {
            // `(7) name` the first time, `(7)` after that.
            let (id, name) = name.split_once(' ').unwrap_or((name, ""));
            if !name.is_empty() {
                names.insert(id.to_owned(), name.to_owned());
            }
            called = names.get(id).cloned().unwrap_or_default();
        } else if let Some(calls) = line.strip_prefix("calls=")
            && ALLOCATIONS.contains(&called.as_str())
        {
            let calls = calls.split_whitespace().next().unwrap_or("0");
            counted.allocations += calls.parse::<u64>()?;
        }
    }
    Ok(counted)
}
