//! Support: the operator inside an account, by the word of an owner, to read, and only
//! as long as that word holds.

use jiff::Timestamp;

use super::{audit_of, only_account, operator};
use crate::console::Member;
use crate::harness::clock::TestClock;
use crate::harness::server::{Folder, Server};

const NOON: &str = "2026-11-24T12:00:07Z";

struct House {
    clock: TestClock,
    server: Server,
    folder: Folder,
}

impl House {
    fn new() -> House {
        let folder = Folder::new();
        let clock = TestClock::at(&folder, NOON);
        let server = clock.serve(&folder);
        House {
            clock,
            server,
            folder,
        }
    }

    /// The owner of an account with a campaign, the operator, and the operator's way in.
    fn people(&self) -> (Member<'_>, Member<'_>, String) {
        let ann = Member::new(&self.folder, &self.server, "ann@shop.example");
        let site = ann.site();
        ann.campaign(&site);
        let at: Timestamp = NOON.parse().unwrap();
        let olga = operator(&self.folder, &self.server.client, at);
        let account = only_account(&self.folder);
        (ann, olga, format!("/operator/accounts/{account}/enter"))
    }
}

#[track_caller]
fn let_in(owner: &Member<'_>, scope: &str, hours: &str) {
    let fields = [
        ("reason", "The pixel fails"),
        ("scope", scope),
        ("hours", hours),
    ];
    let given = owner.post("/support", &fields);
    assert_eq!(given.status, 303, "{given:?}");
}

#[test]
fn an_owner_lets_support_in_to_read_and_each_look_is_in_the_accounts_own_log() {
    let house = House::new();
    let (ann, olga, enter) = house.people();
    assert_eq!(olga.post(&enter, &[]).status, 403, "nobody let them in");
    for wrong in [
        [("reason", "x"), ("scope", "figures"), ("hours", "73")],
        [("reason", "x"), ("scope", "figures"), ("hours", "0")],
        [("reason", " "), ("scope", "figures"), ("hours", "1")],
        [("reason", "x"), ("scope", "all"), ("hours", "1")],
    ] {
        assert_eq!(ann.post("/support", &wrong).status, 400, "{wrong:?}");
    }
    let_in(&ann, "figures", "1");
    let banner = "Support may look into this account";
    assert!(ann.get("/").text().contains(banner));
    assert!(olga.get("/operator").text().contains("The pixel fails"));
    assert_eq!(olga.post(&enter, &[]).status, 303);
    let inside = olga.get("/campaigns");
    assert_eq!(inside.status, 200, "{inside:?}");
    assert!(inside.text().contains("Spring"));
    assert!(
        inside
            .text()
            .contains("You are inside an account as support")
    );
    assert_eq!(olga.get("/reports").status, 200);
    for beyond in ["/conversions", "/members", "/audit", "/requests", "/tokens"] {
        assert_eq!(olga.get(beyond).status, 403, "{beyond}");
    }
    for write in [
        "/campaigns/new",
        "/sites/new",
        "/publishers/new",
        "/account",
        "/support",
        "/support/revoke",
        "/told",
    ] {
        let answer = olga.post(write, &[("name", "x")]);
        let is_own = write == "/told";
        assert!(answer.status == 403 || is_own, "{write}: {answer:?}");
    }
    let log = audit_of(&ann);
    for said in [
        "Give grant",
        "The pixel fails",
        "Enter account",
        "Support, let in by an owner",
        "Read campaigns",
        "Read report",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert_eq!(house.folder.json(&["audit", "verify"])["sound"], true);
    house.server.assert_calm();
}

#[test]
fn a_grant_that_is_revoked_puts_support_out_at_once() {
    let house = House::new();
    let (ann, olga, enter) = house.people();
    let_in(&ann, "details", "72");
    assert_eq!(olga.post(&enter, &[]).status, 303);
    assert_eq!(olga.get("/conversions").status, 200, "single conversions");
    assert_eq!(ann.post("/support/revoke", &[]).status, 303);
    for path in ["/conversions", "/campaigns", "/reports"] {
        assert_eq!(olga.get(path).status, 403, "{path}");
    }
    assert_eq!(olga.post(&enter, &[]).status, 403);
    assert!(!ann.get("/").text().contains("Support may look"));
    assert_eq!(olga.get("/operator").status, 200);
}

#[test]
fn a_grant_ends_after_its_hours() {
    let house = House::new();
    let (ann, olga, enter) = house.people();
    let_in(&ann, "figures", "1");
    assert_eq!(olga.post(&enter, &[]).status, 303);
    house.clock.set("2026-11-24T13:00:06Z");
    assert_eq!(olga.get("/reports").status, 200, "its last second");
    house.clock.set("2026-11-24T13:00:07Z");
    assert_eq!(olga.get("/reports").status, 403, "it is over");
    assert!(!ann.get("/").text().contains("Support may look"));
}

#[test]
fn support_comes_out_again_and_the_account_knows() {
    let house = House::new();
    let (ann, olga, enter) = house.people();
    let_in(&ann, "figures", "2");
    assert_eq!(olga.post(&enter, &[]).status, 303);
    assert_eq!(olga.get("/reports").status, 200);
    assert_eq!(olga.post("/operator/leave", &[]).status, 303);
    assert_eq!(olga.get("/reports").status, 403);
    assert!(audit_of(&ann).contains("Leave account"));
}
