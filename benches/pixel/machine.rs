//! What it was measured on, and how much of it others used meanwhile. Linux only.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Instant;

use crate::Outcome;

/// Bytes of one of the writes that are timed: about a batch of a hundred hits.
const WRITE_BYTES: usize = 16 * 1_024;
const WRITES: usize = 200;

pub fn print(folder: &Path) -> Outcome<()> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .unwrap_or("unknown");
    let cores = std::thread::available_parallelism()?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    println!("machine: {cores} cores, {model}, Linux {}", kernel.trim());
    println!(
        "versions: pixelkeep {}, actix-web {}",
        env!("CARGO_PKG_VERSION"),
        locked_version("actix-web").unwrap_or("unknown")
    );
    println!(
        "disk: {:.3} ms for a write of 16 KiB with fdatasync, median of {WRITES}",
        disk(folder)?
    );
    Ok(())
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

/// Ticks used so far.
pub struct CpuTimes {
    /// By everybody, what the host took included; without interrupts.
    all: u64,
    /// By this process and the server.
    ours: u64,
    at: Instant,
}

/// Ticks of a second, as `/proc` counts on every Linux there is.
const TICKS: f64 = 100.0;

impl CpuTimes {
    pub fn read(server: u32) -> Outcome<CpuTimes> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let first = stat.lines().next().ok_or("/proc/stat is empty")?;
        let ticks: Vec<u64> = first
            .split_whitespace()
            .skip(1)
            .flat_map(str::parse)
            .collect();
        // user, nice, system and steal: see proc(5).
        let all = [0, 1, 2, 7]
            .iter()
            .filter_map(|&index| ticks.get(index))
            .sum();
        Ok(CpuTimes {
            all,
            ours: of_process("self")? + of_process(&server.to_string())?,
            at: Instant::now(),
        })
    }

    /// Share of all cores that others used since then, in percent.
    pub fn foreign_percent_since(&self, before: &CpuTimes) -> f64 {
        let all = self.all.saturating_sub(before.all);
        let ours = self.ours.saturating_sub(before.ours);
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        100.0 * all.saturating_sub(ours) as f64 / (TICKS * seconds * cores as f64)
    }
}

/// User and system ticks of a process with all its threads.
fn of_process(id: &str) -> Outcome<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in parentheses may contain blanks.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/PID/stat is odd")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| -> u64 {
        fields
            .get(index)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    Ok(ticks(11) + ticks(12))
}
