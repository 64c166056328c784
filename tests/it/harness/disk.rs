//! A disk that a test commands: a preloaded shim (`tests/shim/disk.c`) fails the
//! server's writes and syncs as told, keeps a budget of bytes like a small file
//! system, and records what reached the disk and when.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::server::{Folder, Server, text};

/// Errors of Linux, by number.
pub const EIO: i64 = 5;
pub const ENOSPC: i64 = 28;
pub const EROFS: i64 = 30;
pub const EDQUOT: i64 = 122;

pub struct Disk {
    state: File,
    path: PathBuf,
    data: PathBuf,
    record: Option<PathBuf>,
}

impl Disk {
    /// A disk with all the room there is and no fault.
    pub fn new(folder: &Folder) -> Disk {
        let path = folder.write("disk-state", &"\0".repeat(48));
        let state = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let disk = Disk {
            state,
            path,
            data: folder.data(),
            record: None,
        };
        disk.has_room(-1);
        disk
    }

    /// The same, and all that happens on it is recorded.
    pub fn recorded(folder: &Folder) -> Disk {
        Disk {
            record: Some(folder.own().join("disk-record")),
            ..Disk::new(folder)
        }
    }

    pub fn record(&self) -> &Path {
        self.record.as_deref().expect("this disk is not recorded")
    }

    /// `serve` on this disk.
    #[track_caller]
    pub fn serve(&self, folder: &Folder) -> Server {
        let mut environment = vec![
            ("LD_PRELOAD", text(shim())),
            ("DISK_FOLDER", text(&self.data)),
            ("DISK_STATE", text(&self.path)),
        ];
        if let Some(record) = &self.record {
            environment.push(("DISK_RECORD", text(record)));
        }
        folder.serve_in(
            &["--listen", "127.0.0.1:0", "--rate-limit", "off"],
            &environment,
        )
    }

    /// Files may grow by so many bytes from now on; -1: as they like.
    pub fn has_room(&self, bytes: i64) {
        self.set(0, bytes);
    }

    /// Every write fails with this error; 0: none does.
    pub fn writes_fail(&self, errno: i64) {
        self.set(1, errno);
    }

    /// The next sync fails with this error, once.
    pub fn next_sync_fails(&self, errno: i64) {
        self.set(2, errno);
    }

    pub fn failed_syncs(&self) -> i64 {
        self.get(3)
    }

    /// Syncs that were tried after one that failed.
    pub fn syncs_after_a_failure(&self) -> i64 {
        self.get(4)
    }

    fn set(&self, field: u64, value: i64) {
        self.state
            .write_all_at(&value.to_le_bytes(), field * 8)
            .unwrap();
    }

    fn get(&self, field: u64) -> i64 {
        let mut bytes = [0; 8];
        self.state.read_exact_at(&mut bytes, field * 8).unwrap();
        i64::from_le_bytes(bytes)
    }
}

/// The shim, compiled once a run.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shim/disk.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let built = folder.join(format!("disk-{}.so", std::process::id()));
        let compiled = Command::new("cc")
            .args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .args([text(&built), source, "-ldl", "-lpthread"])
            .status();
        assert!(compiled.expect("cc is missing").success());
        // Another run of this folder may load it at any time: it appears whole.
        let ready = folder.join("disk.so");
        std::fs::rename(&built, &ready).unwrap();
        ready
    })
}
