//! Signals of consent as banners, browsers and links send them.

use serde_json::json;

use crate::harness::account::Shop;
use crate::harness::raw;

/// A TCF string of policy 5, of this site alone, purposes 1 and 7 consented to.
const TCF_GRANTED: &str = "CP1R2oAP1R2oAAKABBESDIFgAIIAAAAAAAYgAAAAAAAA";

fn cookie(shop: &Shop, more: &str) -> Option<String> {
    let answer = shop.server.client.get(shop.click_path(more));
    answer.is_redirect().cookie()
}

/// Whether a click with these `Sec-GPC` headers, on a site that takes silence for
/// consent, gives out an identity.
fn is_recognised(shop: &Shop, headers: &[&[u8]]) -> bool {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|value| ("Sec-GPC", *value)).collect();
    let target = shop.click_path("");
    let answer = raw::send(
        shop.server.address,
        b"GET",
        target.as_bytes(),
        &headers,
        b"",
    );
    assert_eq!(answer.status, 302);
    answer.headers.iter().any(|(name, _)| name == "set-cookie")
}

#[test]
fn privacy_control_is_exactly_one_and_several_headers_are_as_one() {
    let shop = Shop::optout();
    let cases: [(&[&[u8]], bool); 12] = [
        (&[b"1"], true),
        (&[], false),
        (&[b"0"], false),
        (&[b"true"], false),
        (&[b"1 "], true),
        (&[b" 1"], true),
        (&[b"1;x"], false),
        (&[b"01"], false),
        (&[b"0", b"1"], true),
        (&[b"1", b"1"], true),
        (&[b"0", b"0"], false),
        (&[b"0, 1"], false),
    ];
    for (headers, objects) in cases {
        let texts: Vec<_> = headers
            .iter()
            .map(|value| String::from_utf8_lossy(value))
            .collect();
        assert_eq!(is_recognised(&shop, headers), !objects, "{texts:?}");
    }
}

#[test]
fn privacy_control_in_a_trailer_is_no_header() {
    let shop = Shop::optout();
    let body = format!(
        "{{\"site\":\"{}\",\"visitor\":\"{}\",\"hits\":[{{\"id\":\"{}\",\"type\":\"click\",\"campaign_id\":\"{}\"}}]}}",
        shop.site_key,
        "a".repeat(32),
        "b".repeat(32),
        shop.campaign,
    );
    let request = format!(
        "POST /event HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: {}\r\n\
         Trailer: Sec-GPC\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nSec-GPC: 1\r\n\r\n",
        crate::harness::http::BROWSER,
        body.len(),
    );
    let answer = raw::exchange(shop.server.address, request.as_bytes());
    // Refused or taken, it is never taken for an objection.
    if answer.status == 200 {
        shop.wait_settled();
        assert_eq!(shop.report("").total("unique_clicks"), 1);
    } else {
        assert_eq!(answer.status, 400);
    }
}

#[test]
fn the_most_restrictive_signal_holds_whichever_way_it_comes() {
    let shop = Shop::strict();
    for (more, recognised) in [
        ("&consent=1", true),
        ("&consent=measurement,attribution", true),
        ("&consent=measurement", false),
        ("", false),
        ("&gdpr=0", false),
        (&format!("&gdpr=1&gdpr_consent={TCF_GRANTED}"), true),
        (&format!("&gdpr_consent={TCF_GRANTED}"), true),
        (&format!("&gdpr=0&gdpr_consent={TCF_GRANTED}"), false),
        (&format!("&gdpr_consent={TCF_GRANTED}&consent=0"), false),
        ("&gdpr=1&gdpr_consent=${GDPR_CONSENT_755}", false),
        ("&gdpr=1&gdpr_consent=nonsense", false),
        (&format!("&gpp=DBABM~{TCF_GRANTED}&gpp_sid=2"), true),
        (&format!("&gpp=DBABM~{TCF_GRANTED}&gpp_sid=7"), false),
        (
            &format!("&gpp=DBACNYA~{TCF_GRANTED}~1YYN&gpp_sid=2,6"),
            true,
        ),
    ] {
        assert_eq!(cookie(&shop, more).is_some(), recognised, "{more}");
    }
}

#[test]
fn a_signal_that_cannot_be_read_counts_as_absent_and_is_noted() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=a&sale_amount=5&consent=perhaps");
    shop.pixel("&txn_id=b&sale_amount=5&gdpr=1&gdpr_consent=xx");
    shop.pixel("&txn_id=c&sale_amount=5&gpp=zz~zz");
    shop.pixel("&txn_id=d&sale_amount=7");
    for sale in shop.settled_conversions(4) {
        let noted = sale.notes().contains(&"bad_signal".to_owned());
        // Without a consent that could be read no order number is kept: the one
        // without a signal is known by its missing note alone.
        assert_eq!(noted, sale.money("sale_amount_minor") == 500, "{sale:#?}");
    }
}

#[test]
fn consent_strings_are_not_kept_nor_sent_on() {
    let shop = Shop::strict();
    let path = shop.click_path(&format!("&gdpr=1&gdpr_consent={TCF_GRANTED}"));
    let answer = shop.server.client.get(path);
    let location = answer.is_redirect().header("location").unwrap();
    assert!(!location.contains(TCF_GRANTED), "{location}");
}

#[test]
fn an_event_hears_the_strings_too() {
    let shop = Shop::strict();
    let hit = |id: char, more: serde_json::Value| {
        let mut hit = json!({"id": id.to_string().repeat(32), "type": "click",
            "campaign_id": shop.campaign});
        hit.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"site": shop.site_key, "visitor": "c".repeat(32), "hits": [hit]})
    };
    let send = |body| {
        let answer = shop.server.client.event(&body);
        assert_eq!(
            answer.json()["verdicts"][0]["verdict"],
            "stored",
            "{answer:?}"
        );
    };
    send(hit('1', json!({"gdpr": 1, "gdpr_consent": TCF_GRANTED})));
    send(hit('2', json!({"gdpr": 1})));
    shop.wait_settled();
    let report = shop.report("");
    assert_eq!(report.total("unique_clicks"), 1);
    assert_eq!(report.total("unidentified_clicks"), 1);
}
