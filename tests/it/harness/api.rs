//! The API as a client of it sees it: a bearer token, JSON in, JSON out.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::http::{Answer, Client};
use super::rows::{Conversion, Report};
use super::{eventually, eventually_is};

/// Longest list asked for at once.
const PAGE: usize = 200;

#[derive(Clone)]
pub struct Api {
    pub client: Client,
    pub token: String,
}

/// The figures of `GET /api/v1/intake`.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    pub accepted: u64,
    pub settled: u64,
    pub waiting: u64,
    not_counted: Value,
}

impl Intake {
    /// How many were not counted for this reason.
    pub fn refused(&self, reason: &str) -> u64 {
        self.not_counted[reason].as_u64().unwrap_or(0)
    }
}

impl Api {
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = self
            .client
            .request(method, format!("/api/v1/{path}"))
            .header("authorization", format!("Bearer {}", self.token));
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {answer:?}");
        answer.json()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.call("POST", path, Some(&body));
        assert_eq!(answer.status, 201, "POST {path} {body}: {answer:?}");
        answer.json()
    }

    #[track_caller]
    pub fn patch(&self, path: &str, body: Value) -> Value {
        let answer = self.call("PATCH", path, Some(&body));
        assert_eq!(answer.status, 200, "PATCH {path} {body}: {answer:?}");
        answer.json()
    }

    #[track_caller]
    pub fn intake(&self) -> Intake {
        let figures = self.get("intake");
        let number = |name: &str| {
            figures[name]
                .as_u64()
                .unwrap_or_else(|| panic!("intake has no {name}: {figures}"))
        };
        Intake {
            accepted: number("accepted"),
            settled: number("settled"),
            waiting: number("waiting"),
            not_counted: figures["not_counted"].clone(),
        }
    }

    /// Waits until everything accepted is settled; accepted = settled + waiting
    /// holds at every look.
    #[track_caller]
    pub fn wait_settled(&self) -> Intake {
        eventually("everything accepted to be settled", || {
            let intake = self.intake();
            assert_eq!(intake.accepted, intake.settled + intake.waiting);
            (intake.waiting == 0).then_some(intake)
        })
    }

    /// Waits until so many hits are counted as refused for this reason.
    #[track_caller]
    pub fn wait_refused(&self, reason: &str, wanted: u64) {
        let what = format!("hits not counted for {reason}");
        eventually_is(&what, wanted, || self.intake().refused(reason));
    }

    /// All conversions, newest first, page by page.
    #[track_caller]
    pub fn conversions(&self) -> Vec<Conversion> {
        self.list(&format!("conversions?limit={PAGE}"))
            .into_iter()
            .map(Conversion)
            .collect()
    }

    /// All items of a list; `path` has a query already.
    #[track_caller]
    pub fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Value::Null;
        loop {
            let cursor = match &next {
                Value::Null => String::new(),
                Value::String(cursor) => format!("&cursor={cursor}"),
                cursor => format!("&cursor={cursor}"),
            };
            let mut page = self.get(&format!("{path}{cursor}"));
            let Value::Array(some) = page["items"].take() else {
                panic!("no items in {path}: {page}");
            };
            assert!(!some.is_empty() || next.is_null(), "an empty further page");
            items.extend(some);
            next = page["next"].take();
            if next.is_null() {
                return items;
            }
        }
    }

    /// Settles, then the conversions, of which there must be so many.
    #[track_caller]
    pub fn settled_conversions(&self, wanted: usize) -> Vec<Conversion> {
        self.wait_settled();
        let conversions = self.conversions();
        assert_eq!(conversions.len(), wanted, "{conversions:#?}");
        conversions
    }

    /// Settles, then the only conversion.
    #[track_caller]
    pub fn only_conversion(&self) -> Conversion {
        self.settled_conversions(1).remove(0)
    }

    /// Waits until so many clicks are in the report: a click may be answered before
    /// it is stored.
    #[track_caller]
    pub fn wait_clicks(&self, wanted: i64) {
        eventually_is("clicks", wanted, || self.report("").total("clicks"));
    }

    /// A report; `query` continues `from`, `to` of a period that holds all.
    #[track_caller]
    pub fn report(&self, query: &str) -> Report {
        let (from, to) = all_time();
        self.report_between(&from, &to, query)
    }

    #[track_caller]
    pub fn report_between(&self, from: &str, to: &str, query: &str) -> Report {
        Report(self.get(&format!("report?from={from}&to={to}{query}")))
    }

    #[track_caller]
    pub fn change_conversion(&self, id: &str, body: Value) -> Conversion {
        Conversion(self.patch(&format!("conversions/{id}"), body))
    }

    #[track_caller]
    pub fn create_site(&self, name: &str, hosts: &[&str], posture: &str) -> (String, String) {
        let site = self.post(
            "sites",
            json!({"name": name, "hosts": hosts, "posture": posture}),
        );
        (member(&site, "id"), member(&site, "key"))
    }

    #[track_caller]
    pub fn create_publisher(&self, name: &str, coupons: &[&str]) -> String {
        let made = self.post("publishers", json!({"name": name, "coupon_codes": coupons}));
        member(&made, "id")
    }

    /// A campaign from its JSON: its id, and its goals' in order.
    #[track_caller]
    pub fn create_campaign(&self, body: Value) -> (String, Vec<String>) {
        let made = self.post("campaigns", body);
        let goals = made["goals"]
            .as_array()
            .unwrap_or_else(|| panic!("no goals in {made}"))
            .iter()
            .map(|goal| member(goal, "id"))
            .collect();
        (member(&made, "id"), goals)
    }
}

/// First and last day of a period that holds all hits of a test, in every zone.
pub fn all_time() -> (String, String) {
    let today = jiff::Zoned::now().date();
    let from = today.saturating_sub(30.days());
    let to = today.saturating_add(2.days());
    (from.to_string(), to.to_string())
}

/// A member of an object that must be a text.
#[track_caller]
pub fn member(object: &Value, name: &str) -> String {
    object[name]
        .as_str()
        .unwrap_or_else(|| panic!("no text {name} in {object}"))
        .to_owned()
}
