//! What was sent and what was acknowledged, kept apart from the product, and the
//! comparison of both with what the product says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::json;

use crate::harness::account::Shop;
use crate::harness::http::{Answer, Client};
use crate::harness::marks::event_id;

const THREADS: usize = 4;

/// Everything sent, by transaction id or as a count, and what of it the server
/// acknowledged with `X-Pixelkeep: stored` or the verdict `stored`.
#[derive(Default)]
pub struct Oracle {
    sent: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    others_sent: BTreeMap<&'static str, usize>,
    others_acknowledged: BTreeMap<&'static str, usize>,
}

impl Oracle {
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// How many sales were sent and never acknowledged: the kill came between.
    pub fn cut_off(&self) -> usize {
        self.sent.len() - self.acknowledged.len()
    }

    pub fn take(&mut self, other: Oracle) {
        self.sent.extend(other.sent);
        self.acknowledged.extend(other.acknowledged);
        for (measure, count) in other.others_sent {
            *self.others_sent.entry(measure).or_default() += count;
        }
        for (measure, count) in other.others_acknowledged {
            *self.others_acknowledged.entry(measure).or_default() += count;
        }
    }

    /// A transaction that was sent and acknowledged elsewhere.
    pub fn take_one(&mut self, txn: String) {
        self.sent.insert(txn.clone());
        self.acknowledged.insert(txn);
    }

    /// Every acknowledged hit is there exactly once, and nothing that was not sent.
    #[track_caller]
    pub fn check(&self, shop: &Shop) {
        self.check_with_clicks(shop, 0);
    }

    /// The same where these may be there although their answer was not read.
    #[track_caller]
    pub fn check_at_least(mut self, shop: &Shop, perhaps: &[&str]) {
        let perhaps = perhaps.iter().map(|txn| (*txn).to_owned());
        self.sent.extend(perhaps);
        self.check(shop);
    }

    /// The same where up to so many more clicks may have been counted: their visitors were
    /// sent on unconfirmed.
    #[track_caller]
    pub fn check_with_clicks(&self, shop: &Shop, more: i64) {
        let intake = shop.wait_settled();
        let conversions = shop.conversions();
        let mut seen = BTreeSet::new();
        for conversion in &conversions {
            let txn = conversion
                .txn()
                .expect("a transaction id was kept")
                .to_owned();
            assert!(self.sent.contains(&txn), "{txn} was never sent");
            assert!(seen.insert(txn.clone()), "{txn} is there twice");
        }
        let lost: Vec<_> = self.acknowledged.difference(&seen).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let report = shop.report("");
        assert_eq!(report.total("conversions"), conversions.len() as i64);
        let mut all = conversions.len() as i64;
        for measure in ["clicks", "impressions"] {
            let counted = report.total(measure);
            let of =
                |counts: &BTreeMap<&str, usize>| counts.get(measure).copied().unwrap_or(0) as i64;
            let unknown = if measure == "clicks" { more } else { 0 };
            let possible = of(&self.others_acknowledged)..=of(&self.others_sent) + unknown;
            assert!(
                possible.contains(&counted),
                "{counted} {measure}, not {possible:?}"
            );
            all += counted;
        }
        assert_eq!(intake.accepted as i64, all, "{intake:?}");
        assert_eq!(intake.refused("duplicate"), 0, "{intake:?}");
    }
}

/// Hits of all kinds sent by several threads until there were enough of them or
/// the server is gone.
pub struct Load {
    threads: Vec<JoinHandle<()>>,
    oracle: Arc<Mutex<Oracle>>,
    acknowledged: Arc<AtomicUsize>,
    gone: Arc<AtomicBool>,
}

impl Load {
    pub fn start(shop: &Shop, round: usize, most: usize) -> Load {
        let load = Load {
            threads: Vec::new(),
            oracle: Arc::default(),
            acknowledged: Arc::default(),
            gone: Arc::default(),
        };
        let threads = (0..THREADS).map(|thread| {
            let sender = Sender {
                client: Client::new(shop.server.address),
                pixel: shop.pixel_path("&consent=1"),
                impression: format!("/imp?campaign_id={}", shop.campaign),
                click: shop.click_path("&consent=1"),
                site: shop.site_key.clone(),
                oracle: load.oracle.clone(),
                acknowledged: load.acknowledged.clone(),
                gone: load.gone.clone(),
            };
            std::thread::spawn(move || {
                for n in 0..most / THREADS {
                    if !sender.send(&format!("r{round}-t{thread}-n{n}"), n) {
                        return;
                    }
                }
            })
        });
        let threads = threads.collect();
        Load { threads, ..load }
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Whether all threads have ended.
    pub fn is_over(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Ends the load and gives what it sent.
    pub fn finish(self) -> Oracle {
        self.gone.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        std::mem::take(&mut *self.oracle.lock().unwrap())
    }
}

struct Sender {
    client: Client,
    pixel: String,
    impression: String,
    click: String,
    site: String,
    oracle: Arc<Mutex<Oracle>>,
    acknowledged: Arc<AtomicUsize>,
    gone: Arc<AtomicBool>,
}

impl Sender {
    /// Sends one hit; false once the server is gone.
    fn send(&self, txn: &str, n: usize) -> bool {
        if self.gone.load(Ordering::SeqCst) {
            return false;
        }
        let answer = match n % 5 {
            0 => self.count("clicks", &self.click),
            1 => self.count("impressions", &self.impression),
            2 => self.sale_by_sdk(txn),
            _ => self.sale_by_pixel(txn),
        };
        if answer.is_none() {
            self.gone.store(true, Ordering::SeqCst);
        }
        answer.is_some()
    }

    fn acknowledge(&self, note: impl FnOnce(&mut Oracle)) {
        note(&mut self.oracle.lock().unwrap());
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self, measure: &'static str, path: &str) -> Option<Answer> {
        let add = |counts: &mut BTreeMap<_, _>| *counts.entry(measure).or_default() += 1;
        add(&mut self.oracle.lock().unwrap().others_sent);
        let answer = self.client.request("GET", path).try_send().ok()?;
        if answer.is_stored() {
            self.acknowledge(|oracle| add(&mut oracle.others_acknowledged));
        }
        Some(answer)
    }

    fn sale_by_pixel(&self, txn: &str) -> Option<Answer> {
        self.oracle.lock().unwrap().sent.insert(txn.to_owned());
        let path = format!("{}&txn_id={txn}&sale_amount=1", self.pixel);
        let answer = self.client.request("GET", path).try_send().ok()?;
        if answer.is_stored() {
            self.acknowledge(|oracle| _ = oracle.acknowledged.insert(txn.to_owned()));
        }
        Some(answer)
    }

    fn sale_by_sdk(&self, txn: &str) -> Option<Answer> {
        self.oracle.lock().unwrap().sent.insert(txn.to_owned());
        let hit = json!({"id": event_id(), "type": "conversion", "goal": "sale",
            "txn_id": txn, "sale_amount": "1", "age_ms": 0});
        let body = json!({"site": self.site, "consent": "granted",
            "visitor": "0123456789abcdef0123456789abcdef", "hits": [hit]});
        let request = self.client.request("POST", "/event").body(body.to_string());
        let answer = request.try_send().ok()?;
        if answer.status == 200 && answer.json()["verdicts"][0]["verdict"] == "stored" {
            self.acknowledge(|oracle| _ = oracle.acknowledged.insert(txn.to_owned()));
        }
        Some(answer)
    }
}
