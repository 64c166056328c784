//! Before consent two visitors get the same bytes: no cookie, no validator of their
//! own, no id in an address.

use std::net::SocketAddr;

use crate::harness::account::{HOST, Shop, campaign, goal};
use crate::harness::http::Answer;
use crate::harness::raw;

/// Pairs of visitors.
const PAIRS: usize = 1_000;

/// One of many visitors: no two send the same headers.
fn visitor(number: usize) -> Vec<(&'static str, Vec<u8>)> {
    let languages = ["de", "en-GB", "fr-CH", "nb", "pl"];
    let mut headers = vec![
        (
            "Accept-Language",
            languages[number % languages.len()].as_bytes().to_vec(),
        ),
        (
            "Referer",
            format!("https://page{number}.example/read").into_bytes(),
        ),
        (
            "Cookie",
            format!("session=v{number}; pk_zzzzzzzz=forged{number}").into_bytes(),
        ),
        ("If-None-Match", format!("\"{number:032x}\"").into_bytes()),
    ];
    if number.is_multiple_of(3) {
        headers.push(("DNT", b"1".to_vec()));
    }
    headers
}

/// Everything that was answered but the date, headers in order of their names: the
/// HTTP library writes them in an order that it draws anew each time. A click that left before a busy disk
/// had it says so; that is the disk's doing and no visitor's.
fn bytes(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date");
    let headers = headers.map(|(name, value)| match value.as_str() {
        "unconfirmed" => (name.clone(), "stored".to_owned()),
        _ => (name.clone(), value.clone()),
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (answer.status, headers, answer.body.clone())
}

fn ask(address: SocketAddr, target: &str, number: usize) -> Answer {
    let headers = visitor(number);
    let headers: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_slice()))
        .collect();
    raw::send(address, b"GET", target.as_bytes(), &headers, b"")
}

#[test]
fn a_thousand_pairs_of_visitors_get_the_same_bytes_before_they_agree() {
    let shop = Shop::strict();
    let address = shop.server.address;
    let targets = [
        shop.click_path(""),
        shop.pixel_path("&txn_id=1&sale_amount=5"),
        shop.pixel_path("&fmt=iframe"),
        format!("/imp?campaign_id={}", shop.campaign),
        "/sdk.js".to_owned(),
        format!("/config/{}.json", shop.site_key),
    ];
    let first: Vec<_> = targets
        .iter()
        .map(|target| bytes(&ask(address, target, 0)))
        .collect();
    for pair in 0..PAIRS {
        let at = pair % targets.len();
        let (left, right) = (
            bytes(&ask(address, &targets[at], 2 * pair + 1)),
            bytes(&ask(address, &targets[at], 2 * pair + 2)),
        );
        assert_eq!(left, right, "pair {pair} at {}", targets[at]);
        assert_eq!(left, first[at], "pair {pair} at {}", targets[at]);
    }
    for (target, (status, headers, _)) in targets.iter().zip(&first) {
        assert!([200, 302].contains(status), "{target}: {status}");
        for (name, value) in headers {
            assert_ne!(name, "set-cookie", "{target}: {value}");
            assert_ne!(name, "last-modified", "{target}: {value}");
            let cacheable = target.starts_with("/sdk") || target.starts_with("/config");
            assert!(name != "etag" || cacheable, "{target}: {name}: {value}");
        }
    }
    // What could not be counted twice by one of them is no id either.
    let events = |number: usize| {
        let body = format!(
            "{{\"site\":\"{}\",\"hits\":[{{\"id\":\"{number:032x}\",\"type\":\"view\"}}]}}",
            shop.site_key
        );
        let headers = [("Content-Type", b"text/plain".as_slice())];
        let answer = raw::send(address, b"POST", b"/event", &headers, body.as_bytes());
        let (status, headers, body) = bytes(&answer);
        let echoed = format!("{number:032x}");
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(&echoed), "{body}");
        (status, headers, body.replace(&echoed, ""))
    };
    assert_eq!(events(1), events(2));
}

#[test]
fn the_landing_page_of_another_campaign_gets_another_token_and_every_visitor_the_same() {
    let shop = Shop::strict();
    let (site, _) = shop.create_site("Another", &[HOST], "strict");
    let (other, _) = shop.create_campaign(campaign("Summer", &site, &[goal("sale")]));
    let token = |path: &str| {
        let answer = shop.server.client.get(path);
        answer.landing_parameter("click_id").unwrap()
    };
    let path = format!("/click?campaign_id={other}");
    assert_eq!(token(&path), token(&path));
    assert_eq!(
        token(&shop.click_path("")),
        token(&shop.click_path("&p1=x&source=y"))
    );
    assert_ne!(token(&path), token(&shop.click_path("")));
}
