//! A server of the contest as a process of its own, on loopback.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, ROLE};

/// How long a server that was asked to end may take before it is killed.
const END_MAX: Duration = Duration::from_secs(5);

/// A server process; it ends when this goes.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    /// From its start until it said that it listens.
    pub started_in: Duration,
}

impl Running {
    /// Starts a command and waits for its line that says where it listens.
    pub fn start(mut command: Command) -> Outcome<Running> {
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut running = Running::of(child, SocketAddr::from(([127, 0, 0, 1], 0)));
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref() {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                running.started_in = begun.elapsed();
                running.address = address.trim_end_matches('/').parse()?;
                // Nobody may stop reading, or the server would block on a full pipe.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(running);
            }
        }
        Err("the server ended before it listened".into())
    }

    /// A process that says nothing of where it listens.
    pub fn of(child: Child, address: SocketAddr) -> Running {
        Running {
            child,
            address,
            started_in: Duration::ZERO,
        }
    }

    /// This very executable in another role.
    pub fn of_role(role: &str, argument: Option<&std::path::Path>) -> Outcome<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(ROLE, role);
        command.args(argument);
        Running::start(command)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process and those it started.
    pub fn family(&self) -> Vec<u32> {
        let id = self.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|text| text.parse().ok());
        std::iter::once(id).chain(children).collect()
    }

    /// A field of `/proc/PID/status` in megabytes: `VmRSS` is what it holds in memory,
    /// `VmHWM` the most it ever held.
    pub fn megabytes(&self, field: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find(|line| line.starts_with(field));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        let kib: f64 = kib.ok_or("the system does not tell the memory")?.parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }

    /// `kill -9`.
    pub fn kill(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) -> Outcome<()> {
        let id = self.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    /// Asks first: a server with workers of its own would leave them behind.
    fn drop(&mut self) {
        let id = self.id().to_string();
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < END_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}
