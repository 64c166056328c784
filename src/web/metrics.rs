//! `GET /metrics`: how this instance is doing, in the text format of Prometheus, all
//! accounts together. Only for who asks from this machine itself, or brings the token
//! of the operator's file. Never in here: anything that tells one account from another.
//! The format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::App;
use super::console;
use super::route::Routes;
use crate::crypto::token;
use crate::ingest::Health;
use crate::model::action::Action;

/// Headers by which a proxy shows that it passes on somebody else's request.
const OF_PROXIES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

pub fn routes(routes: &mut Routes) {
    routes.get(Action::ReadMetrics, "/metrics", read);
}

async fn read(request: HttpRequest, app: Data<App>) -> HttpResponse {
    let wanted = app.options.metrics_token;
    let brought = wanted.is_some_and(|hash| brings(&request, &hash));
    if !brought && !is_of_this_machine(&request) {
        return match wanted {
            Some(_) => refused(),
            None => console::not_found().await,
        };
    }
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text(&app.journal.health()))
}

fn refused() -> HttpResponse {
    HttpResponse::build(StatusCode::FORBIDDEN)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("text/plain; charset=utf-8")
        .body("Send the token of the file that --metrics-token-file names, as a bearer token.\n")
}

fn brings(request: &HttpRequest, hash: &[u8; 32]) -> bool {
    let header = request.headers().get(AUTHORIZATION);
    let secret = header
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "));
    secret.is_some_and(|secret| token::same(&token::hash(secret.trim()), hash))
}

/// A proxy on this machine asks for others, and says so.
fn is_of_this_machine(request: &HttpRequest) -> bool {
    let passed_on = OF_PROXIES
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    !passed_on && peer.is_some_and(|peer| peer.is_loopback())
}

fn text(health: &Health) -> String {
    let mut page = Page(String::with_capacity(4_096));
    let counters = [
        (
            "hits_accepted_total",
            "Hits taken to be stored",
            health.accepted,
        ),
        (
            "hits_stored_total",
            "Hits synced to the disk before their answer",
            health.stored,
        ),
        (
            "hits_settled_total",
            "Hits whose effect is in the figures",
            health.settled,
        ),
        (
            "redirects_unconfirmed_total",
            "Visitors sent on before their click was known to be stored",
            health.unconfirmed,
        ),
    ];
    for (name, meaning, value) in counters {
        page.head(name, "counter", meaning);
        page.line(name, "", value as f64);
    }
    let name = "not_counted_total";
    page.head(
        name,
        "counter",
        "Requests and hits that were not counted, by reason",
    );
    for (reason, &count) in &health.not_counted {
        page.line(name, &format!("{{reason=\"{reason}\"}}"), count as f64);
    }
    let name = "commit_seconds";
    page.head(
        name,
        "gauge",
        "Time of the latest 1024 commits of the journal",
    );
    for (quantile, time) in [("0.5", health.commit.p50), ("0.99", health.commit.p99)] {
        page.line(
            name,
            &format!("{{quantile=\"{quantile}\"}}"),
            time.as_secs_f64(),
        );
    }
    let gauges = [
        (
            "journal_hits",
            "Stored hits that are not settled",
            health.waiting as f64,
        ),
        (
            "journal_bytes",
            "Their size in the journal",
            health.waiting_bytes as f64,
        ),
        (
            "settle_lag_seconds",
            "Age of the oldest stored hit that is not settled",
            health.settle_lag.as_secs_f64(),
        ),
        (
            "disk_full",
            "1 while hits are refused for want of room on the disk",
            f64::from(u8::from(health.disk_full)),
        ),
    ];
    for (name, meaning, value) in gauges {
        page.head(name, "gauge", meaning);
        page.line(name, "", value);
    }
    page.0
}

/// A page of metrics under construction.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, meaning: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "# HELP pixelkeep_{name} {meaning}.");
        let _ = writeln!(self.0, "# TYPE pixelkeep_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        // As above.
        let _ = writeln!(self.0, "pixelkeep_{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use actix_web::test::TestRequest;

    use super::*;

    fn from(peer: &str) -> TestRequest {
        TestRequest::get().peer_addr(peer.parse().unwrap())
    }

    #[test]
    fn only_this_machine_itself_needs_no_token() {
        for peer in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
            assert!(is_of_this_machine(&from(peer).to_http_request()), "{peer}");
            for name in OF_PROXIES {
                let passed = from(peer).insert_header((name, "203.0.113.9"));
                assert!(!is_of_this_machine(&passed.to_http_request()), "{name}");
            }
        }
        assert!(!is_of_this_machine(
            &from("203.0.113.9:9").to_http_request()
        ));
        assert!(!is_of_this_machine(&TestRequest::get().to_http_request()));
    }

    #[test]
    fn the_token_is_the_files_and_no_other() {
        let hash = token::hash("secret");
        for (header, right) in [
            ("Bearer secret", true),
            ("Bearer other", false),
            ("secret", false),
        ] {
            let request = TestRequest::get().insert_header((AUTHORIZATION, header));
            assert_eq!(brings(&request.to_http_request(), &hash), right, "{header}");
        }
        assert!(!brings(&TestRequest::get().to_http_request(), &hash));
    }

    #[test]
    fn every_line_is_a_comment_or_a_name_and_a_number() {
        let health = Health {
            accepted: 7,
            not_counted: BTreeMap::from([("bot", 3)]),
            ..Health::default()
        };
        let page = text(&health);
        assert!(page.contains("\npixelkeep_hits_accepted_total 7\n"));
        assert!(page.contains("pixelkeep_not_counted_total{reason=\"bot\"} 3\n"));
        for line in page.lines().filter(|line| !line.starts_with("# ")) {
            let (name, value) = line.split_once(' ').unwrap();
            assert!(name.starts_with("pixelkeep_"), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
