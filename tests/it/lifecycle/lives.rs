//! 200 accounts through the executable: ends at random instants, deletions, imports from
//! before 2018, accounts without an end, ends that are put off; a server that is off for
//! weeks, and clocks that jump ahead by weeks and years and back again, while it runs and
//! while it is off. Nothing goes early, and nothing late without saying so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::account::PASSWORD;
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::marks::Random;
use crate::harness::server::{Folder, Server, text};

const ACCOUNTS: u64 = 200;
const DAY: i64 = 86_400;
/// 2026-10-01T00:00:00Z.
const START: i64 = 1_790_812_800;
/// Accounts end within so many days.
const ENDS_WITHIN: u64 = 120;

fn instant(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

fn second(text: &Value) -> i64 {
    let text = text
        .as_str()
        .unwrap_or_else(|| panic!("no instant: {text}"));
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

/// When each account's data may go, by the rules and not by the product.
type Due = BTreeMap<String, i64>;

/// Makes one account; gives its id and when its data may go.
fn born(folder: &Folder, number: u64, end: i64, kind: u64) -> (String, Option<i64>) {
    let email = format!("owner{number}@harbour.example");
    let password = folder.own().join("password");
    let mut create = vec![
        "account",
        "create",
        "--name",
        "Harbour lights",
        "--owner",
        &email,
        "--password-file",
        text(&password),
        "--currency",
        "EUR",
    ];
    let expires = match kind {
        0 => None,
        1 => Some(instant(1_500_000_000 + end)),
        _ => Some(instant(START + end)),
    };
    if let Some(expires) = &expires {
        create.extend(["--expires", expires]);
    }
    if kind == 1 {
        create.push("--imported");
    }
    let made = folder.json(&create);
    let id = made["id"].as_str().unwrap().to_owned();
    let due = match kind {
        0 => None,
        1 => Some(START + DAY),
        2 => {
            folder.json(&["account", "delete", &id, "--after", "72"]);
            Some(START + 3 * DAY)
        }
        _ => Some(START + end + 45 * DAY),
    };
    (id, due)
}

/// All of them; half by another thread, because passwords take their time.
fn all_born(folder: &Folder, random: &mut Random) -> Due {
    let drawn: Vec<(u64, i64, u64)> = (0..ACCOUNTS)
        .map(|number| {
            let end = 2 * DAY + random.below(ENDS_WITHIN * DAY as u64) as i64;
            let kind = random.below(20);
            (number, end, kind)
        })
        .collect();
    let make = |half: &[(u64, i64, u64)]| -> Vec<(String, Option<i64>)> {
        let made = half.iter();
        made.map(|&(number, end, kind)| born(folder, number, end, kind))
            .collect()
    };
    let (left, right) = drawn.split_at(drawn.len() / 2);
    let all = std::thread::scope(|scope| {
        let other = scope.spawn(|| make(right));
        let mut all = make(left);
        all.extend(other.join().unwrap());
        all
    });
    all.into_iter()
        .filter_map(|(id, due)| Some((id, due?)))
        .collect()
}

/// The ids of accounts in a state.
fn in_state(folder: &Folder, state: &str) -> BTreeSet<String> {
    let list = folder.json(&["account", "list"]);
    let items = list["items"].as_array().unwrap();
    let found = items.iter().filter(|item| item["state"] == state);
    found
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn due_until(due: &Due, now: i64) -> BTreeSet<String> {
    let ids = due.iter().filter(|&(_, &at)| at <= now);
    ids.map(|(id, _)| id.clone()).collect()
}

/// The preview of a day to come says exactly what the rules say.
#[track_caller]
fn foretold(folder: &Folder, due: &Due, as_of: i64) {
    let preview = folder.json(&["retention", "preview", "--as-of", &instant(as_of)]);
    let lines = preview["items"].as_array().unwrap();
    let found: Due = lines
        .iter()
        .filter(|line| line["class"] == "account")
        .map(|line| {
            (
                line["account"].as_str().unwrap().to_owned(),
                second(&line["at"]),
            )
        })
        .collect();
    let wanted: Due = due
        .iter()
        .filter(|&(_, &at)| at <= as_of)
        .map(|(id, &at)| (id.clone(), at))
        .collect();
    assert_eq!(found, wanted, "as of {}", instant(as_of));
}

/// A server, what its clock says, and what time it really is.
struct World {
    folder: Folder,
    clock: TestClock,
    server: Option<Server>,
    due: Due,
    truth: i64,
}

impl World {
    fn closed(&self) -> BTreeSet<String> {
        in_state(&self.folder, "closed")
    }

    fn start(&mut self) {
        self.server = Some(self.clock.serve(&self.folder));
        // Eight MiB of noise that a debug build takes long to look through.
        std::fs::write(self.folder.data().join("reserve"), "").unwrap();
    }

    fn kill(&mut self) {
        self.server.take().unwrap().kill();
    }

    /// The server runs on, and its clock is right.
    fn runs_for(&mut self, seconds: i64) {
        self.truth += seconds;
        self.clock.set(&instant(self.truth));
    }

    /// The clock is put so far from the true time.
    fn clock_jumps(&self, off: i64) {
        self.clock
            .set(&format!("{} jumped", instant(self.truth + off)));
    }

    /// Waits until what is due has gone, and nothing else.
    #[track_caller]
    fn gone(&self) {
        let wanted = due_until(&self.due, self.truth);
        // However slow the machine, all of it is done when this is answered.
        self.folder.json(&["retention", "run"]);
        eventually("what is due to be gone", || {
            let closed = self.closed();
            let early: Vec<_> = closed.difference(&wanted).collect();
            assert!(
                early.is_empty(),
                "early at {}: {early:?}",
                instant(self.truth)
            );
            (closed == wanted).then_some(())
        });
    }

    /// Every job has had its turn, and no account has gone.
    #[track_caller]
    fn nobody_goes(&self, before: &BTreeSet<String>, when: &str) {
        self.folder.json(&["retention", "run"]);
        assert_eq!(&self.closed(), before, "{when}");
    }

    /// Whether whoever runs the server is told that the time is in doubt.
    fn is_in_doubt(&self) -> bool {
        let checks = self.folder.command(&["doctor", "--json"]).stdout;
        let checks: Value = serde_json::from_str(&checks).unwrap();
        let checks = checks["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["check"] == "evidence");
        check.unwrap()["ok"] == false
    }

    /// Up to a second before the next account falls due, and then somewhere behind it.
    fn days_go_by(&mut self, random: &mut Random) {
        let next = self.due.values().filter(|&&at| at > self.truth).min();
        if let Some(&next) = next {
            self.runs_for(next - 1 - self.truth);
            self.gone();
        }
        self.runs_for(1 + random.below(8 * DAY as u64) as i64);
        self.gone();
    }

    /// Off for weeks: what fell due meanwhile goes late, and only once a week of running
    /// shows that the clock is right.
    fn is_off(&mut self, random: &mut Random) {
        let before = self.closed();
        self.kill();
        self.truth += (16 + random.below(10) as i64) * DAY;
        self.clock_jumps(0);
        self.start();
        self.nobody_goes(&before, "after weeks off");
        assert!(self.is_in_doubt());
        self.runs_for(6 * DAY);
        self.nobody_goes(&before, "six days later");
        self.runs_for(2 * DAY);
        self.gone();
        assert!(!self.is_in_doubt());
    }

    /// The clock of a running server jumps ahead, stays there for days, and is put right.
    fn jumps_ahead(&mut self, random: &mut Random) {
        let off = ahead(random);
        let before = self.closed();
        self.clock_jumps(off);
        self.nobody_goes(&before, "ahead while it runs");
        assert!(self.is_in_doubt());
        let days = random.below(6) as i64 * DAY;
        self.truth += days;
        self.clock.set(&instant(self.truth + off));
        self.nobody_goes(&before, "days later");
        self.clock_jumps(0);
        self.nobody_goes(&before, "put right");
        self.runs_for(9 * DAY);
        self.gone();
    }

    /// A server is started with a clock that is years ahead, and again with a right one.
    fn starts_ahead(&mut self, random: &mut Random) {
        let before = self.closed();
        self.kill();
        self.clock_jumps(ahead(random));
        self.start();
        self.nobody_goes(&before, "started ahead");
        assert!(self.is_in_doubt());
        self.kill();
        self.clock_jumps(0);
        self.start();
        self.nobody_goes(&before, "started right");
        assert!(!self.is_in_doubt());
        self.runs_for(DAY);
        self.gone();
    }

    /// A clock that goes back brings nothing back and takes nothing more.
    fn jumps_back(&mut self, random: &mut Random) {
        let before = self.closed();
        self.clock_jumps(-((20 + random.below(700) as i64) * DAY));
        self.nobody_goes(&before, "back while it runs");
        self.clock_jumps(0);
        self.nobody_goes(&before, "right again");
        self.runs_for(DAY);
        self.gone();
    }

    /// An account that has expired is taken back, and has another end.
    fn is_put_off(&mut self, random: &mut Random) {
        let expired: Vec<String> = in_state(&self.folder, "expired").into_iter().collect();
        if expired.is_empty() {
            return;
        }
        let id = random.pick(&expired);
        let end = self.truth + DAY + random.below(30 * DAY as u64) as i64;
        self.folder
            .json(&["account", "reinstate", id, "--expires", &instant(end)]);
        self.due.insert(id.clone(), end + 45 * DAY);
    }
}

/// By how much a clock is wrong: weeks, months, years.
fn ahead(random: &mut Random) -> i64 {
    let days = [21, 100, 800, 11_000][random.below(4) as usize];
    (days + random.below(20) as i64) * DAY
}

/// What the certificates say: late exactly where it was.
fn late(folder: &Folder, closed: &BTreeSet<String>) -> usize {
    let mut late = 0;
    for id in closed {
        let proof = folder.json(&["certificate", "show", id]);
        let content = &proof["certificate"];
        let timeline = &content["timeline"];
        let over = second(&timeline["live_data_gone_at"]) - second(&timeline["live_deadline"]);
        match over > 0 {
            true => assert_eq!(
                timeline["late_by_seconds"].as_i64(),
                Some(over),
                "{timeline}"
            ),
            false => assert_eq!(timeline["late_by_seconds"], Value::Null, "{timeline}"),
        }
        assert!(
            second(&timeline["started_at"]) >= second(&timeline["due_at"]),
            "{timeline}"
        );
        assert_eq!(content["scan"]["found"], 0, "{content}");
        late += usize::from(over > 0);
    }
    late
}

#[test]
fn of_200_accounts_none_goes_early_and_none_late_unsaid() {
    let folder = Folder::new();
    let mut random = Random::seeded();
    let clock = TestClock::at(&folder, &instant(START));
    folder.write("password", PASSWORD);
    let mut world = World {
        folder,
        clock,
        server: None,
        due: Due::new(),
        truth: START,
    };
    world.start();
    world.due = all_born(&world.folder, &mut random);
    for _ in 0..4 {
        let as_of = START + random.below((ENDS_WITHIN + 60) * DAY as u64) as i64;
        foretold(&world.folder, &world.due, as_of);
    }
    let walks = [
        World::days_go_by,
        World::is_off,
        World::jumps_ahead,
        World::is_put_off,
        World::starts_ahead,
        World::jumps_back,
    ];
    // Each of them once, and then as it comes; now and then the server is off.
    let mut walk = 0;
    while world.due.values().any(|&at| at > world.truth) {
        let which = match walk {
            0..6 => walk,
            _ if walk % 4 == 3 => 1,
            _ => random.below(walks.len() as u64) as usize,
        };
        walks[which](&mut world, &mut random);
        walk += 1;
    }
    world.gone();
    let closed = world.closed();
    assert_eq!(closed.len(), world.due.len());
    let late = late(&world.folder, &closed);
    println!("{} gone, {late} of them late", closed.len());
    assert!(late > 0, "the test shows nothing");
    let server = world.server.take().unwrap();
    server.assert_calm();
    assert_eq!(server.stop(), 0);
}
