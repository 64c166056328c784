//! Addresses that a customer or a visitor names never make the server call: a listener
//! on loopback, named wherever an address can be written, sees nobody.

use std::net::TcpListener;

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::harness::account::{Shop, campaign, goal};
use crate::harness::api::member;
use crate::harness::http::Client;

/// Whoever connects to it was sent there by an address.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Trap(listener)
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/latest/meta-data?x=1", self.port())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Nobody has come; the kernel would have let them in by now.
    #[track_caller]
    fn is_untouched(&self) {
        let came = self.0.accept();
        assert!(came.is_err(), "the server called {came:?}");
    }
}

#[test]
fn ssrf_through_a_test_url_an_internal_address_is_never_called() {
    let shop = Shop::optout();
    let trap = Trap::set();
    let hosts = ["127.0.0.1", "localhost", "169.254.169.254", "[::1]"];
    let (site, key) = shop.create_site("Inside", &hosts, "optout");
    let mut settings = campaign("Inside", &site, &[goal("sale")]);
    settings["landing_url"] = trap.url("127.0.0.1").into();
    let (inside, _) = shop.create_campaign(settings);
    shop.patch(
        &format!("campaigns/{inside}"),
        json!({"landing_url": trap.url("localhost")}),
    );
    let publisher = shop.publisher.clone();
    shop.get(&format!(
        "campaigns/{inside}/snippets?publisher_id={publisher}"
    ));

    let client: &Client = &shop.server.client;
    let named: String = byte_serialize(trap.url("127.0.0.1").as_bytes()).collect();
    let led = client.get(format!(
        "/click?campaign_id={inside}&pub_id={publisher}&url={named}"
    ));
    assert_eq!(led.status, 302, "{led:?}");
    client.get(format!("/imp?campaign_id={inside}&url={named}"));
    client.get(format!(
        "/pixel?campaign_id={inside}&txn_id=1&sale_amount=1&url={named}"
    ));
    let opened = shop.patch("account", json!({"acquisition": true}));
    let token = member(&opened, "security_token");
    client.get(format!(
        "/acquisition?campaign_id={inside}&security_token={token}&txn_id=2&sale_amount=1&url={named}"
    ));
    let view = json!({"id": "e".repeat(32), "type": "view", "url": trap.url("localhost"),
        "referrer": trap.url("127.0.0.1")});
    let body = json!({"site": key, "consent": "granted",
        "visitor": "0123456789abcdef0123456789abcdef", "hits": [view]});
    assert_eq!(client.event(&body).status, 200);
    shop.wait_settled();
    shop.report("&group_by=landing_page,referrer_host");
    trap.is_untouched();
    shop.server.assert_calm();
}
