//! 200 accounts through the executable: ends at random instants, deletions, imports from
//! before 2018, accounts without an end; a server that is off at times, and a clock that
//! goes in leaps and once back. Nothing goes early, and nothing late without saying so.

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
/// How many accounts go before the end of the walk; the rest is held against previews.
const GONE: usize = 24;

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
        _ => Some(START + end + 45 * DAY),
    };
    (id, due)
}

/// All of them; half by another thread, because passwords take their time.
fn all_born(folder: &Folder, random: &mut Random) -> Due {
    let drawn: Vec<(u64, i64, u64)> = (0..ACCOUNTS)
        .map(|number| {
            let end = 2 * DAY + random.below(600 * DAY as u64) as i64;
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

fn closed(folder: &Folder) -> BTreeSet<String> {
    let list = folder.json(&["account", "list"]);
    let items = list["items"].as_array().unwrap();
    let closed = items.iter().filter(|item| item["state"] == "closed");
    closed
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

/// Waits until what is due has gone, and nothing else.
#[track_caller]
fn gone(folder: &Folder, due: &Due, now: i64) -> BTreeSet<String> {
    let wanted = due_until(due, now);
    eventually("what is due to be gone", || {
        let closed = closed(folder);
        let early: Vec<_> = closed.difference(&wanted).collect();
        assert!(early.is_empty(), "early at {}: {early:?}", instant(now));
        (closed == wanted).then_some(closed)
    })
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
    let mut server: Server = clock.serve(&folder);
    folder.write("password", PASSWORD);
    let due = all_born(&folder, &mut random);
    let mut instants: Vec<i64> = due.values().copied().collect();
    instants.sort_unstable();
    for _ in 0..4 {
        foretold(&folder, &due, START + random.below(700 * DAY as u64) as i64);
    }
    let last = instants[GONE];
    let mut now = START;
    while now < last {
        // A second before the next one falls due, and then somewhere behind it.
        let next = *instants.iter().find(|&&at| at > now).unwrap();
        clock.set(&instant(next - 1));
        gone(&folder, &due, next - 1);
        now = next + random.below(8 * DAY as u64) as i64;
        if random.below(3) == 0 {
            // Off for weeks: what fell due meanwhile goes late, and says so.
            server.kill();
            now += (16 + random.below(10) as i64) * DAY;
            clock.set(&instant(now));
            server = clock.serve(&folder);
        } else {
            clock.set(&instant(now));
        }
        gone(&folder, &due, now);
    }
    // A clock that goes back brings nothing back and takes nothing more.
    let before = closed(&folder);
    clock.set(&instant(now - 30 * DAY));
    folder.json(&["retention", "run"]);
    assert_eq!(closed(&folder), before);
    let late = late(&folder, &before);
    println!(
        "{} of {} gone, {late} of them late",
        before.len(),
        due.len()
    );
    server.assert_calm();
    assert_eq!(server.stop(), 0);
}
