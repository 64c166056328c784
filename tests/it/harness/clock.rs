//! A file that says what time it is, for folders that are made with one.

use std::path::PathBuf;

use super::server::{Folder, Server, text};

pub struct TestClock {
    pub path: PathBuf,
}

impl TestClock {
    /// A clock that stands at this instant.
    pub fn at(folder: &Folder, instant: &str) -> TestClock {
        TestClock {
            path: folder.write("clock", instant),
        }
    }

    /// Moves it; the file is never seen half written.
    pub fn set(&self, instant: &str) {
        let new = self.path.with_extension("new");
        std::fs::write(&new, instant).unwrap();
        std::fs::rename(&new, &self.path).unwrap();
    }

    /// `serve --test-clock` on a free port.
    #[track_caller]
    pub fn serve(&self, folder: &Folder) -> Server {
        let clock = text(&self.path);
        folder.serve_with(&[
            "--listen",
            "127.0.0.1:0",
            "--rate-limit",
            "off",
            "--test-clock",
            clock,
        ])
    }
}
