//! Certificates in the console of whoever runs the server, and what is said of
//! snapshots of the whole machine.

use serde_json::Value;

use crate::access::operator;
use crate::harness::account::Account;
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::server::{Folder, text};

#[test]
fn whoever_runs_the_server_keeps_reads_and_checks_certificates() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-11-01T10:00:00Z");
    let server = clock.serve(&folder);
    let at = "2026-11-01T10:00:00Z".parse().unwrap();
    let keeper = operator(&folder, &server.client, at);
    let page = keeper.get("/operator/certificates").text();
    assert!(page.contains("No account was deleted here yet"), "{page}");

    let gone = Account::create_with(&folder, &server, &[], "Harbour lights", "o@harbour.example");
    for (snapshots, days, status) in [("kept", "0", 400), ("kept", "14", 303)] {
        let fields = [("snapshots", snapshots), ("days", days)];
        let answer = keeper.post("/operator/snapshots", &fields);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    folder.json(&["account", "delete", &gone.id, "--after", "0"]);
    let proof = eventually("the certificate", || {
        let shown = folder.command(&["certificate", "show", &gone.id, "--json"]);
        (shown.code == 0).then(|| serde_json::from_str::<Value>(&shown.stdout).unwrap())
    });
    let timeline = &proof["certificate"]["timeline"];
    assert_eq!(timeline["last_backup_gone_at"], "2026-12-01T10:00:00Z");
    assert_eq!(timeline["last_snapshot_gone_at"], "2026-11-15T10:00:00Z");

    let page = keeper.get("/operator/certificates").text();
    for part in [
        gone.id.as_str(),
        "2026-12-01",
        "2026-11-15",
        "nothing found",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Harbour"), "{page}");
    let place = format!("/operator/certificates/{}", gone.id);
    let signed = keeper.get(&format!("{place}/certificate.json"));
    let file = folder.own().join("kept.json");
    std::fs::write(&file, &signed.body).unwrap();
    let key = folder.json(&["certificate", "list"])["public_key"].clone();
    let verify = [
        "certificate",
        "verify",
        text(&file),
        "--public-key",
        key.as_str().unwrap(),
    ];
    folder.run(&verify).success();
    let read = keeper.get(&format!("{place}/certificate.html")).text();
    assert!(read.contains("Certificate of deletion") && read.contains(&gone.id));
    let printed = folder.command(&["certificate", "show", &gone.id, "--html"]);
    assert_eq!(printed.success().stdout.trim(), read.trim());
    assert_eq!(keeper.get(&format!("{place}/other")).status, 404);
    assert_eq!(
        keeper
            .get("/operator/certificates/zzzzzzzz/certificate.json")
            .status,
        404
    );
    server.assert_calm();
}
