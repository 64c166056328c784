//! A disk that fails a write or a sync: nothing more is acknowledged, the process ends
//! with 74 and says why, and what failed is not tried again by this process.

use std::time::Duration;

use super::oracle::{Load, Oracle};
use crate::harness::account::{Account, Shop};
use crate::harness::disk::{Disk, EIO, EROFS};
use crate::harness::eventually;
use crate::harness::server::Folder;

const END_LIMIT: Duration = Duration::from_secs(30);

/// A shop under load whose disk then fails in this way.
fn broken_by(fail: impl FnOnce(&Disk)) -> Disk {
    let folder = Folder::new();
    let disk = Disk::new(&folder);
    let server = disk.serve(&folder);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    let load = Load::start(&shop, 0, 100_000);
    eventually("some hits to be acknowledged", || {
        (load.acknowledged() >= 30).then_some(())
    });
    fail(&disk);
    let mut oracle = Oracle::default();
    let mut load = Some(load);
    let shop = shop.served_by(
        |mut server, _| {
            let status = server.process.wait(END_LIMIT);
            assert_eq!(status.code(), Some(74), "{}", server.process.stderr());
            let said = server.process.stderr();
            assert!(
                said.contains("pixelkeep: The disk failed to write"),
                "{said}"
            );
            assert!(!said.contains("panicked"), "{said}");
            disk.writes_fail(0);
            disk.next_sync_fails(0);
            oracle.take(load.take().unwrap().finish());
        },
        Folder::serve,
    );
    // A batch whose sync failed was not acknowledged; it may be there or not.
    oracle.check(&shop);
    disk
}

#[test]
fn a_write_that_fails_ends_the_process() {
    broken_by(|disk| disk.writes_fail(EIO));
}

#[test]
fn a_folder_that_becomes_read_only_ends_the_process() {
    broken_by(|disk| disk.writes_fail(EROFS));
}

#[test]
fn a_sync_that_fails_ends_the_process_and_no_sync_follows() {
    let disk = broken_by(|disk| disk.next_sync_fails(EIO));
    assert_eq!(disk.failed_syncs(), 1);
    assert_eq!(disk.syncs_after_a_failure(), 0);
}

#[test]
fn a_panic_in_either_thread_ends_the_process() {
    for place in ["journal", "settle"] {
        let shop = Shop::strict();
        let shop = shop.served_by(
            |server, _| assert_eq!(server.stop(), 0),
            |folder| {
                let listen = ["--listen", "127.0.0.1:0", "--rate-limit", "off"];
                folder.serve_in(&listen, &[("PIXELKEEP_PANIC", place)])
            },
        );
        let load = Load::start(&shop, 0, 100_000);
        let mut oracle = Oracle::default();
        let mut load = Some(load);
        let shop = shop.served_by(
            |mut server, _| {
                let status = server.process.wait(END_LIMIT);
                assert_eq!(status.code(), Some(74), "{place}");
                let said = server.process.stderr();
                assert!(said.contains(&format!("The {place} thread")), "{said}");
                oracle.take(load.take().unwrap().finish());
            },
            Folder::serve,
        );
        oracle.check(&shop);
    }
}
