//! What it was measured on, and how much of it others used meanwhile. Linux only.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Instant;

use crate::Outcome;

/// Bytes of one of the writes that are timed: about a batch of a hundred hits.
const WRITE_BYTES: usize = 16 * 1_024;
const WRITES: usize = 200;

/// The machine and the versions, for the head of the table.
pub fn describe(folder: &Path) -> Outcome<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .unwrap_or("unknown");
    let cores = std::thread::available_parallelism()?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let version = |package| locked_version(package).unwrap_or("unknown");
    Ok(format!(
        "machine: {cores} cores, {model}, Linux {}\n\
         versions: pixelkeep {}, actix-web {}, SQLite {}\n\
         disk: {:.3} ms for a write of 16 KiB with fdatasync, median of {WRITES}",
        kernel.trim(),
        env!("CARGO_PKG_VERSION"),
        version("actix-web"),
        rusqlite::version(),
        disk(folder)?
    ))
}

fn locked_version(package: &str) -> Option<&'static str> {
    let lock = include_str!("../../Cargo.lock");
    let at = lock.find(&format!("name = \"{package}\"\n"))?;
    lock[at..].lines().nth(1)?.split('"').nth(1)
}

/// How long a durable write takes in the folder's file system, in milliseconds.
fn disk(folder: &Path) -> Outcome<f64> {
    let path = folder.join("disk-probe");
    let mut file = File::create(&path)?;
    let content = [0x5a; WRITE_BYTES];
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let start = Instant::now();
        file.rewind()?;
        file.write_all(&content)?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    std::fs::remove_file(path)?;
    times.sort_by(f64::total_cmp);
    Ok(times[WRITES / 2])
}

/// Processor time that others used so far, in ticks: what `/proc` tells of every
/// other process, and what the host took.
pub struct Others {
    processes: HashMap<u32, Ticks>,
    stolen: i64,
    at: Instant,
}

/// Of one process with all its threads: its own, and that of children it waited for.
#[derive(Clone, Copy)]
struct Ticks {
    own: i64,
    children: i64,
}

/// Ticks of a second, as `/proc` counts on every Linux there is.
const TICKS: f64 = 100.0;

impl Others {
    /// Everybody but this process and these.
    pub fn read(ours: &[u32]) -> Outcome<Others> {
        let mut processes = HashMap::new();
        for entry in std::fs::read_dir("/proc")? {
            let Ok(id) = entry?.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            if id == std::process::id() || ours.contains(&id) {
                continue;
            }
            // One that ended meanwhile is counted with its parent's children.
            if let Some(ticks) = ticks_of(id) {
                processes.insert(id, ticks);
            }
        }
        let stat = std::fs::read_to_string("/proc/stat")?;
        // The eighth number of the first line, see proc(5).
        let stolen = stat
            .split_whitespace()
            .nth(8)
            .and_then(|text| text.parse().ok());
        Ok(Others {
            processes,
            stolen: stolen.unwrap_or(0),
            at: Instant::now(),
        })
    }

    /// Share of all cores that they used since then, in percent.
    pub fn percent_since(&self, before: &Others) -> f64 {
        let none = Ticks {
            own: 0,
            children: 0,
        };
        let (mut own, mut children) = (0, 0);
        for (id, now) in &self.processes {
            let then = before.processes.get(id).unwrap_or(&none);
            own += now.own - then.own;
            children += now.children - then.children;
        }
        // What ended in between had used some of it before.
        for (id, then) in &before.processes {
            if !self.processes.contains_key(id) {
                children -= then.own + then.children;
            }
        }
        let used = own + children.max(0) + (self.stolen - before.stolen);
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        100.0 * used as f64 / (TICKS * seconds * cores as f64)
    }
}

fn ticks_of(id: u32) -> Option<Ticks> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may contain blanks.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let sum = |from: usize| -> Option<i64> {
        Some(fields.get(from)?.parse::<i64>().ok()? + fields.get(from + 1)?.parse::<i64>().ok()?)
    };
    Some(Ticks {
        own: sum(11)?,
        children: sum(13)?,
    })
}
