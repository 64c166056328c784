//! What is asked of the benchmark: which parts, how many hits, runs and seconds.

use std::path::PathBuf;

use crate::Outcome;

/// A part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Pixel, click and event beside a bare server; p99; memory at full load.
    Intake,
    /// Beside one row a hit.
    Usual,
    Nginx,
    Settle,
    Report,
    Disk,
    /// Start, restart, idle memory.
    Start,
    /// Instructions and allocations a hit; only where it is asked for by name.
    Profile,
}

const PARTS: [(&str, Part); 8] = [
    ("intake", Part::Intake),
    ("usual", Part::Usual),
    ("nginx", Part::Nginx),
    ("settle", Part::Settle),
    ("report", Part::Report),
    ("disk", Part::Disk),
    ("start", Part::Start),
    ("profile", Part::Profile),
];

pub struct Settings {
    parts: Vec<Part>,
    /// Hits that the store holds already.
    pub hits: u64,
    /// Runs that count, of each contender.
    pub runs: usize,
    pub seconds: u64,
    pub connections: usize,
}

impl Settings {
    /// Parts from the command line, numbers from the environment.
    pub fn read(arguments: impl Iterator<Item = String>) -> Outcome<Settings> {
        let mut parts = Vec::new();
        for name in arguments.filter(|argument| !argument.starts_with("--")) {
            let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == name) else {
                let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
                return Err(format!("{name} is no part; there are {}", known.join(", ")).into());
            };
            parts.push(*part);
        }
        Ok(Settings {
            parts,
            hits: number("SPEED_HITS", 10_000_000, 10_000..=100_000_000)?,
            runs: number("SPEED_RUNS", 5, 1..=50)? as usize,
            seconds: number("SPEED_SECONDS", 4, 1..=60)?,
            connections: number("SPEED_CONNECTIONS", 256, 1..=4_096)? as usize,
        })
    }

    /// Few of everything: for correctness alone.
    pub fn small() -> Settings {
        Settings {
            parts: Vec::new(),
            hits: 20_000,
            runs: 1,
            seconds: 1,
            connections: 8,
        }
    }

    pub fn wants(&self, part: Part) -> bool {
        self.parts.contains(&part) || self.parts.is_empty() && part != Part::Profile
    }

    /// Where stores are kept from one run to the next: beside the build, because /tmp
    /// is often memory and knows no durable write.
    pub fn folder(&self) -> Outcome<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("speed");
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

fn number(name: &str, default: u64, bounds: std::ops::RangeInclusive<u64>) -> Outcome<u64> {
    let Ok(text) = std::env::var(name) else {
        return Ok(default);
    };
    match text.parse() {
        Ok(value) if bounds.contains(&value) => Ok(value),
        _ => Err(format!("{name} must be a whole number within {bounds:?}").into()),
    }
}
