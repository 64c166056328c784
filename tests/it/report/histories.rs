//! Random histories of sales that people approve, reject and correct days later:
//! rows add up to totals, and totals to the list of conversions, always.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::harness::account::{Shop, campaign};
use crate::harness::marks::Random;
use crate::harness::rows::{Conversion, sum};
use crate::harness::server::Folder;

const DAY_MS: u64 = 86_400_000;
const GROUPS: [&str; 9] = [
    "day",
    "hour",
    "publisher",
    "campaign,goal",
    "day,publisher",
    "goal,day,publisher",
    "device,os",
    "source,campaign",
    "landing_page,referrer_host",
];

/// A shop with two campaigns of two goals each, all with different rules.
fn shop_of_many_rules(zone: &str) -> Shop {
    let shop = Shop::open(Folder::new(), "strict", zone);
    let goal = |name: &str, percent: &str, fixed: i64, approval: &str| {
        json!({"name": name, "approval": approval,
            "revenue": {"kind": "percent", "percent": percent},
            "payout": {"kind": "fixed", "amount_minor": fixed}})
    };
    let goals = [
        goal("order", "12.3456", 150, "auto"),
        goal("lead", "0", 75, "pending"),
    ];
    shop.create_campaign(campaign("Autumn", &shop.site, &goals));
    let goals = [
        goal("booking", "33.3333", 99, "pending"),
        goal("signup", "5", 0, "auto"),
    ];
    shop.create_campaign(campaign("Winter", &shop.site, &goals));
    shop.create_publisher("Second", &["SECOND"]);
    shop.patch(
        "account",
        json!({"rates": {"USD": "0.92", "JPY": "0.00613"}}),
    );
    shop
}

fn sale(random: &mut Random) -> Value {
    let mut hit = json!({
        "id": random.event_id(),
        "type": "conversion",
        "goal": random.pick(&["order", "lead", "booking", "signup"]),
        // Some transactions come twice, and count once.
        "txn_id": format!("T{}", random.below(150)),
        "sale_amount": format!("{}.{:02}", random.below(400), random.below(100)),
        "currency": random.pick(&["EUR", "EUR", "EUR", "USD", "JPY", "CHF"]),
        "age_ms": random.below(6 * DAY_MS),
    });
    match random.below(3) {
        0 => hit["coupon_code"] = json!("SPRING-24"),
        1 => hit["coupon_code"] = json!("second"),
        _ => {}
    }
    if random.below(5) == 0 {
        hit["status"] = json!(random.pick(&["pending", "rejected", "cancelled", "approved"]));
    }
    hit
}

/// One thing that a person does to a conversion, days after its day was closed.
fn change(random: &mut Random) -> Value {
    let mut change =
        json!({"status": random.pick(&["approved", "pending", "rejected", "cancelled"])});
    if random.below(3) == 0 {
        change["sale_amount_minor"] = json!(random.below(90_000));
    }
    change
}

#[track_caller]
fn adds_up(shop: &Shop, conversions: &[Conversion], zone: &TimeZone) {
    let wanted = sum(conversions);
    for group in GROUPS {
        let report = shop.report(&format!("&group_by={group}"));
        assert_eq!(report.adds_up().of_conversions(), wanted, "by {group}");
    }
    by_dimension(shop, conversions);
    by_day(shop, conversions, zone);
}

/// Each publisher's and goal's row is its own conversions.
#[track_caller]
fn by_dimension(shop: &Shop, conversions: &[Conversion]) {
    for dimension in ["publisher", "goal", "campaign"] {
        let report = shop.report(&format!("&group_by={dimension}"));
        for row in report.rows() {
            let id = row[dimension]["id"].as_str().map(str::to_owned);
            let own = sum(conversions.iter().filter(|one| one.id_of(dimension) == id));
            for (measure, amount) in own {
                assert_eq!(row[&measure], amount, "{measure} of {dimension} {id:?}");
            }
        }
    }
}

/// Each local day asked for alone is the conversions of that day.
#[track_caller]
fn by_day(shop: &Shop, conversions: &[Conversion], zone: &TimeZone) {
    let day_of = |one: &Conversion| one.at().to_zoned(zone.clone()).date().to_string();
    let mut days: Vec<String> = conversions.iter().map(day_of).collect();
    days.sort();
    days.dedup();
    assert!(days.len() >= 5, "{days:?}");
    for day in &days {
        let own = sum(conversions.iter().filter(|one| day_of(one) == *day));
        let report = shop.report_between(day, day, "&group_by=hour");
        assert_eq!(report.adds_up().of_conversions(), own, "{day}");
    }
}

fn a_random_history(zone_name: &str) {
    let mut random = Random::seeded();
    let zone = TimeZone::get(zone_name).unwrap();
    let shop = shop_of_many_rules(zone_name);
    for round in 0..3 {
        let hits: Vec<Value> = (0..70).map(|_| sale(&mut random)).collect();
        shop.send_events(&hits);
        for n in 0..5 {
            shop.click(if n % 2 == 0 { "&consent=1" } else { "" });
        }
        shop.wait_settled();
        let conversions = shop.conversions();
        for _ in 0..25 {
            let id = random.pick(&conversions).id();
            let wanted = change(&mut random);
            let answer = shop.call("PATCH", &format!("conversions/{id}"), Some(&wanted));
            // What waits for a rate cannot be approved; everything else can.
            answer.is_one_of(&[200, 400, 409, 422]);
        }
        if round == 1 {
            shop.patch(
                "account",
                json!({"rates": {"USD": "0.92", "JPY": "0.00613", "CHF": "1.05"}}),
            );
        }
        adds_up(&shop, &shop.conversions(), &zone);
    }
    let before = shop.report("&group_by=day,goal");
    let shop = shop.restarted();
    assert_eq!(
        shop.report("&group_by=day,goal"),
        before,
        "a restart changes no figure"
    );
    adds_up(&shop, &shop.conversions(), &zone);
}

#[test]
fn a_history_in_kathmandu_adds_up() {
    a_random_history("Asia/Kathmandu");
}

#[test]
fn a_history_in_st_johns_adds_up() {
    a_random_history("America/St_Johns");
}

#[test]
fn a_history_in_lord_howe_adds_up() {
    a_random_history("Australia/Lord_Howe");
}
