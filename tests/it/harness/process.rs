//! Child processes: started with their output in files, waited for with a bound,
//! ended by their own id, and never left behind.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running program, killed when it goes out of scope.
pub struct Process {
    child: Child,
    pub out: PathBuf,
    pub err: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `folder/<name>.out` and `.err`.
    pub fn start(mut command: Command, folder: &Path, name: &str) -> Process {
        let out = folder.join(format!("{name}.out"));
        let err = folder.join(format!("{name}.err"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Process { child, out, err }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn stdout(&self) -> String {
        read(&self.out)
    }

    pub fn stderr(&self) -> String {
        read(&self.err)
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end, at most `limit`.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(
                begun.elapsed() < limit,
                "a process did not end within {limit:?}; stderr:\n{}",
                self.stderr()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to end, as an init system does.
    pub fn terminate(&self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status();
        assert!(asked.unwrap().success(), "SIGTERM could not be sent");
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}
