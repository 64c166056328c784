//! `GET /click`: a redirect whatever happens, to nowhere but the campaign's site.

use serde_json::json;
use url::Url;

use super::is_not_kept;
use crate::harness::account::{HOST, Shop, campaign, goal};

#[test]
fn a_click_without_consent_gets_the_token_that_everyone_gets() {
    let shop = Shop::strict();
    let answer = shop.server.client.get(shop.click_path(""));
    answer.is_redirect();
    is_not_kept(&answer);
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.landing_parameter("lang").as_deref(), Some("en"));
    let token = answer.landing_parameter("click_id").unwrap();
    assert!(token.len() <= 64 && token.starts_with('s'), "{token}");
    assert_eq!(token, shop.click(""), "two visitors, two tokens");
    assert_eq!(token, shop.click("&consent=0&p1=x&sub1=y&source=z"));
}

#[test]
fn a_click_with_consent_gets_an_id_of_its_own_and_one_sealed_cookie() {
    let shop = Shop::strict();
    let answer = shop.server.client.get(shop.click_path("&consent=1"));
    answer.is_redirect();
    let id = answer.landing_parameter("click_id").unwrap();
    assert_eq!(id.len(), 63);
    assert_ne!(id, shop.click("&consent=1"));
    let cookies: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .collect();
    let [(_, cookie)] = cookies[..] else {
        panic!("{answer:?}");
    };
    let attributes: Vec<String> = cookie.split(';').map(|a| a.trim().to_lowercase()).collect();
    assert!(attributes[0].starts_with(&format!("pk_{}=", shop.account.id)));
    for wanted in ["secure", "samesite=none", "httponly", "max-age=2592000"] {
        assert!(attributes.iter().any(|a| a == wanted), "{wanted}: {cookie}");
    }
}

#[test]
fn an_optout_site_takes_silence_for_consent_and_a_refusal_for_a_refusal() {
    let shop = Shop::optout();
    let silent = shop.server.client.get(shop.click_path(""));
    assert_eq!(silent.landing_parameter("click_id").unwrap().len(), 63);
    assert!(silent.cookie().is_some());
    let refused = shop.server.client.get(shop.click_path("&consent=0"));
    assert!(
        refused
            .landing_parameter("click_id")
            .unwrap()
            .starts_with('s')
    );
    assert_eq!(refused.cookie(), None);
}

#[test]
fn global_privacy_control_outranks_consent() {
    for shop in [Shop::strict(), Shop::optout()] {
        let request = shop
            .server
            .client
            .request("GET", shop.click_path("&consent=1"));
        let answer = request.header("sec-gpc", "1").send();
        answer.is_redirect();
        assert_eq!(answer.cookie(), None, "{answer:?}");
        assert!(
            answer
                .landing_parameter("click_id")
                .unwrap()
                .starts_with('s')
        );
    }
}

#[test]
fn the_macros_of_a_landing_page_are_filled_and_encoded() {
    let shop = Shop::strict();
    let mut body = campaign("Macros", &shop.site, &[goal("sale")]);
    body["landing_url"] = json!(
        "https://shop.example/in?c={campaign_id}&pub={publisher_id}&s={source}&a={p1}&b={p2}&k={click_id}"
    );
    let (id, _) = shop.create_campaign(body);
    let path = format!(
        "/click?campaign_id={id}&pub_id={}&source=news&p1=a%20b%26c%3Dd%23%22",
        shop.publisher
    );
    let answer = shop.server.client.get(path);
    answer.is_redirect();
    let filled = |name| answer.landing_parameter(name);
    assert_eq!(filled("c").unwrap(), id);
    assert_eq!(filled("pub").unwrap(), shop.publisher);
    assert_eq!(filled("s").as_deref(), Some("news"));
    assert_eq!(filled("a").as_deref(), Some("a b&c=d#\""));
    assert_eq!(filled("b").unwrap_or_default(), "");
    assert!(filled("k").is_some_and(|k| k.starts_with('s')));
    assert_eq!(filled("click_id"), None, "named once, appended never");
}

#[test]
fn an_unknown_campaign_is_a_small_page_with_404() {
    let shop = Shop::strict();
    for id in ["zzzzzzzz", "nothing", "", "1", "00000000"] {
        let answer = shop.server.client.get(format!("/click?campaign_id={id}"));
        assert_eq!(answer.status, 404, "{id}: {answer:?}");
        let media = answer.header("content-type").unwrap_or_default();
        assert!(media.starts_with("text/html"), "{answer:?}");
        assert!(!answer.body.is_empty() && answer.body.len() < 4_096);
        assert!(answer.said().starts_with("rejected; "), "{answer:?}");
    }
}

#[test]
fn an_unknown_publisher_is_redirected_and_counted_under_none() {
    let shop = Shop::strict();
    let path = format!("/click?campaign_id={}&pub_id=zzzzzzzz", shop.campaign);
    shop.server.client.get(path).is_redirect();
    shop.wait_clicks(1);
    let report = shop.report("&group_by=publisher");
    assert_eq!(report.row("publisher", None)["clicks"], 1);
    assert_eq!(report.total("clicks"), 1);
}

#[test]
fn adid_is_another_name_of_the_campaign() {
    let shop = Shop::strict();
    let path = format!("/click?adid={}&pub_id={}", shop.campaign, shop.publisher);
    shop.server.client.get(path).is_redirect();
}

#[test]
fn a_deep_link_leads_to_the_site_and_nowhere_else() {
    let shop = Shop::strict();
    let deep = "&url=https%3A%2F%2Fshop.example%2Fshoes%3Fsize%3D43";
    let answer = shop.server.client.get(shop.click_path(deep));
    answer.is_redirect();
    let location = answer.header("location").unwrap();
    assert!(
        location.starts_with("https://shop.example/shoes?"),
        "{location}"
    );
    assert_eq!(answer.landing_parameter("size").as_deref(), Some("43"));
    assert!(answer.landing_parameter("click_id").is_some());
    for foreign in [
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example%2F",
        "https%3A%2F%2Fshop.example%40evil.example%2F",
        "https%3A%2F%2Fshop.example.evil.example%2F",
        "https%3A%2F%2Fevil.example%2Fshop.example",
        "https%3A%5C%5Cevil.example",
        "https%3A%2F%2Fevil.example%5C%40shop.example%2F",
        "https%3A%2F%2Fshop.example%00.evil.example%2F",
        "https%3A%2F%2Fevil.example%23%40shop.example%2F",
        "javascript%3Aalert(1)%2F%2Fshop.example",
        "data%3Atext%2Fhtml%2Cshop.example",
        "https%3A%2F%2Fshop.example%2F%0D%0ALocation%3A%20https%3A%2F%2Fevil.example%2F",
        "%20https%3A%2F%2Fevil.example",
    ] {
        let answer = shop
            .server
            .client
            .get(shop.click_path(&format!("&url={foreign}")));
        assert!(answer.status < 500, "{foreign}: {answer:?}");
        let Some(location) = answer.header("location") else {
            continue;
        };
        let url = Url::parse(location).unwrap();
        assert_eq!(url.host_str(), Some(HOST), "{foreign}: {answer:?}");
        assert!(
            url.scheme() == "https" || url.scheme() == "http",
            "{location}"
        );
    }
    shop.server.assert_calm();
}

#[test]
fn a_paused_campaign_redirects_and_does_not_count() {
    let shop = Shop::strict();
    shop.patch(
        &format!("campaigns/{}", shop.campaign),
        json!({"status": "paused"}),
    );
    let answer = shop.server.client.get(shop.click_path(""));
    assert_eq!(answer.status, 302, "{answer:?}");
    assert!(!answer.is_stored(), "{answer:?}");
    shop.wait_refused("paused", 1);
    assert_eq!(shop.report("").total("clicks"), 0);
}
