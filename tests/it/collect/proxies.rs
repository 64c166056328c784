//! Who a request comes from, behind web servers of ours and not: limits and countries
//! go by the client's own address, and nobody takes another's place by a header.

use super::says_when_to_retry;
use crate::harness::account::{Account, Shop};
use crate::harness::http::Answer;
use crate::harness::mmdb::{Database, Tree, Value, map};
use crate::harness::server::{Folder, text};

fn shop(options: &[&str]) -> Shop {
    let folder = Folder::new();
    let args = [&["--listen", "127.0.0.1:0", "--rate-limit", "2"], options].concat();
    let server = folder.serve_with(&args);
    let account = Account::create(&folder, &server);
    Shop::furnish(folder, server, account, "strict")
}

impl Shop {
    /// A pixel from a server in front that names this client.
    fn pixel_for(&self, client: &str) -> Answer {
        let request = self.server.client.request("GET", self.pixel_path(""));
        request.header("x-forwarded-for", client).send()
    }

    /// How many of these are not refused.
    fn taken(&self, clients: impl Iterator<Item = String>) -> usize {
        clients
            .filter(|client| self.pixel_for(client).status == 200)
            .count()
    }
}

#[test]
fn a_forged_x_forwarded_for_from_an_untrusted_peer_is_ignored() {
    let shop = shop(&[]);
    let taken = shop.taken((0..60).map(|n| format!("198.51.100.{n}")));
    assert!(
        taken < 50,
        "{taken} were taken, each under a name of its own"
    );
}

#[test]
fn behind_a_trusted_proxy_every_client_has_a_limit_of_its_own() {
    let shop = shop(&[
        "--trusted-proxies",
        "127.0.0.0/8",
        "--site-rate-limit",
        "off",
    ]);
    let many = shop.taken((0..60).map(|n| format!("198.51.100.{n}")));
    assert_eq!(many, 60);
    // What a client itself puts in front counts for nothing.
    let forged = shop.taken((0..60).map(|n| format!("203.0.113.{n}, 198.51.100.200")));
    assert!(forged < 50, "{forged}");
    // Of IPv6 a whole /64 is one client.
    let network = shop.taken((1..=60).map(|n| format!("2001:db8:0:7::{n:x}")));
    assert!(network < 50, "{network}");
    let networks = shop.taken((1..=60).map(|n| format!("2001:db8:0:{n:x}::1")));
    assert!(networks >= 58, "{networks}");
}

#[test]
fn a_site_takes_no_more_than_its_limit_from_all_clients_together() {
    let shop = shop(&["--trusted-proxies", "127.0.0.0/8", "--site-rate-limit", "2"]);
    let answers: Vec<Answer> = (0..60)
        .map(|n| shop.pixel_for(&format!("198.51.100.{n}")))
        .collect();
    let refused: Vec<_> = answers.iter().filter(|it| it.status == 429).collect();
    assert!(refused.len() >= 10, "{}", refused.len());
    says_when_to_retry(refused[0]);
    refused[0].is(429, "rejected; rate_limited");
}

#[test]
fn the_country_is_the_clients_and_not_the_proxys() {
    let folder = Folder::new();
    let japan = map("country", map("iso_code", Value::Text("JP")));
    let bytes = Database::new(Tree::V4)
        .network([192, 0, 2, 0], 24, &japan)
        .bytes();
    let path = folder.own().join("countries.mmdb");
    std::fs::write(&path, bytes).unwrap();
    let server = folder.serve_with(&[
        "--listen",
        "127.0.0.1:0",
        "--trusted-proxies",
        "127.0.0.1",
        "--geoip",
        text(&path),
    ]);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    let click = shop.server.client.request("GET", shop.click_path(""));
    click
        .header("x-forwarded-for", "192.0.2.9")
        .send()
        .is_redirect();
    shop.wait_clicks(1);
    let report = shop.report("&group_by=country");
    assert_eq!(report.row("country", Some("JP"))["clicks"], 1);
}
