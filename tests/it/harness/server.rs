//! The executable under test: a temporary folder, `serve` on a free port, and
//! commands beside it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::http::Client;
use super::process::Process;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// A temporary folder: `data` is the product's, `logs` what servers wrote,
/// `own` whatever the test puts beside them.
pub struct Folder {
    root: TempDir,
    count: AtomicU32,
}

/// What a command said.
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Folder {
        let root = tempfile::Builder::new()
            .prefix("pixelkeep-it-")
            .tempdir()
            .unwrap();
        for name in ["logs", "own"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        Folder {
            root,
            count: AtomicU32::new(0),
        }
    }

    /// The product's data folder; the product makes it.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    pub fn logs(&self) -> PathBuf {
        self.root.path().join("logs")
    }

    pub fn own(&self) -> PathBuf {
        self.root.path().join("own")
    }

    /// Writes a file of the test's own and gives its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.own().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// `pixelkeep <args>`, waited for.
    pub fn run(&self, args: &[&str]) -> Outcome {
        let name = format!("command-{}", self.number());
        let mut process = Process::start(executable(args), &self.own(), &name);
        let status = process.wait(COMMAND_LIMIT);
        Outcome {
            code: status.code().unwrap_or(-1),
            stdout: process.stdout(),
            stderr: process.stderr(),
        }
    }

    /// `pixelkeep <args> --data-dir D`, waited for.
    pub fn command(&self, args: &[&str]) -> Outcome {
        let data = self.data();
        self.run(&[args, &["--data-dir", text(&data)]].concat())
    }

    /// The same with `--json`; it must succeed and print one JSON value.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let outcome = self.command(&[args, &["--json"]].concat());
        outcome.success();
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{args:?} --json printed no JSON: {error}\n{outcome:?}"))
    }

    /// `serve` on a free port without a limit a client, ready to answer.
    #[track_caller]
    pub fn serve(&self) -> Server {
        self.serve_with(&["--listen", "127.0.0.1:0", "--rate-limit", "off"])
    }

    /// `serve` with these options beside the data folder, ready to answer.
    #[track_caller]
    pub fn serve_with(&self, args: &[&str]) -> Server {
        self.serve_in(args, &[])
    }

    /// The same with these variables in its environment.
    #[track_caller]
    pub fn serve_in(&self, args: &[&str], environment: &[(&str, &str)]) -> Server {
        let data = self.data();
        let args = [&["serve", "--data-dir", text(&data)], args].concat();
        let mut command = executable(&args);
        command.envs(environment.iter().copied());
        let name = format!("serve-{}", self.number());
        Server::ready(Process::start(command, &self.logs(), &name))
    }
}

/// `pixelkeep <args>` with nothing of the caller's environment that it would heed.
pub fn executable(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pixelkeep"));
    command.args(args).env_remove("CREDENTIALS_DIRECTORY");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PIXELKEEP_") {
            command.env_remove(name);
        }
    }
    command
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outcome {
            code,
            stdout,
            stderr,
        } = self;
        write!(f, "exit {code}\nstdout: {stdout}\nstderr: {stderr}")
    }
}

impl Outcome {
    #[track_caller]
    pub fn success(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It ended with this code and said something to a reader.
    #[track_caller]
    pub fn failed_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(!self.stderr.trim().is_empty(), "it said nothing: {self:?}");
        self.no_panic()
    }

    /// Its exit code, once it is sure that it did not panic.
    #[track_caller]
    pub fn no_panic_code(&self) -> i32 {
        self.no_panic().code
    }

    #[track_caller]
    pub fn no_panic(&self) -> &Self {
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }
}

/// A `serve` that answers.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    pub client: Client,
}

impl Server {
    #[track_caller]
    pub fn ready(mut process: Process) -> Server {
        let begun = Instant::now();
        let address = loop {
            if let Some(address) = announced(&process.stdout()) {
                break address;
            }
            let ended = process.ended();
            assert!(
                ended.is_none() && begun.elapsed() < START_LIMIT,
                "serve is not ready ({ended:?}); stdout: {}\nstderr: {}",
                process.stdout(),
                process.stderr()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        Server {
            process,
            address,
            client: Client::new(address),
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The one-time address of a first start, as path and query.
    pub fn set_up_path(&self) -> Option<String> {
        let said = self.process.stdout() + &self.process.stderr();
        let start = said.find("/setup?token=")?;
        let path: String = said[start..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "/?=_-".contains(*c))
            .collect();
        Some(path)
    }

    /// SIGTERM; gives the exit code.
    #[track_caller]
    pub fn stop(mut self) -> i32 {
        self.process.terminate();
        self.process.wait(STOP_LIMIT).code().unwrap_or(-1)
    }

    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Nothing that it wrote tells of a panic.
    #[track_caller]
    pub fn assert_calm(&self) {
        let said = self.process.stderr();
        assert!(!said.contains("panicked"), "{said}");
    }
}

fn announced(stdout: &str) -> Option<SocketAddr> {
    let (complete, _) = stdout.rsplit_once('\n')?;
    complete
        .lines()
        .find_map(|line| line.strip_prefix("listening on http://"))
        .and_then(|address| address.trim().parse().ok())
}
