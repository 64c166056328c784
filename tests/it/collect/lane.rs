//! Plain requests are answered from the connection itself, all others by the router:
//! nobody can tell which.

use serde_json::json;

use crate::harness::account::Shop;
use crate::harness::http::{Answer, BROWSER};
use crate::harness::marks::event_id;
use crate::harness::raw::Connection;

/// A request with more lines in its head.
fn request(line: &str, more: &str, body: &str) -> Vec<u8> {
    let length = match body {
        "" => String::new(),
        body => format!("Content-Length: {}\r\n", body.len()),
    };
    let head = format!("{line} HTTP/1.1\r\nHost: t.example\r\nUser-Agent: {BROWSER}\r\n");
    format!("{head}{more}{length}\r\n{body}").into_bytes()
}

/// What must not depend on the way: everything but the moment and what is random.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, usize) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| name != "date" && name != "connection")
        .map(|(name, value)| match name.as_str() {
            "set-cookie" | "location" => (name.clone(), value.len().to_string()),
            _ => (name.clone(), value.clone()),
        })
        .collect();
    headers.sort();
    (answer.status, headers, answer.body.len())
}

#[test]
fn an_address_answers_alike_with_the_router_and_without() {
    let shop = Shop::strict();
    let Shop {
        campaign,
        publisher,
        ..
    } = &shop;
    let named = format!("campaign_id={campaign}&pub_id={publisher}");
    let targets = [
        format!("/imp?{named}&consent=1&p1=a"),
        format!("/imp?{named}"),
        "/imp?campaign_id=zzzzzzzz".to_owned(),
        "/imp".to_owned(),
        format!("/pixel?{named}&consent=1&sale_amount=10"),
        format!("/pixel?{named}&sale_amount=ten"),
        format!("/pixel?{named}&fmt=iframe"),
        format!("/click?{named}&consent=1"),
        format!("/click?{named}"),
        "/click?campaign_id=zzzzzzzz".to_owned(),
        format!("/click?{named}&url=https%3A%2F%2Fevil.example%2F"),
    ];
    for target in targets {
        let line = format!("GET {target}");
        let [plain, routed] = ["", "Connection: keep-alive, x\r\n"].map(|more| {
            let mut connection = Connection::open(shop.server.address);
            connection.send(&request(&line, more, ""));
            connection.answer(false)
        });
        assert_eq!(told(&plain), told(&routed), "{target}");
        assert!(plain.header("date").is_some_and(|date| date.len() == 29));
    }
    let bodies = ["{", "[]", "{\"site\":\"zzzzzzzzzzzz\",\"hits\":[]}"];
    for body in bodies {
        let [plain, routed] = ["", "Connection: keep-alive, x\r\n"].map(|more| {
            let mut connection = Connection::open(shop.server.address);
            connection.send(&request("POST /event", more, body));
            connection.answer(false)
        });
        assert_eq!(told(&plain), told(&routed), "{body}");
    }
    shop.server.assert_calm();
}

#[test]
fn one_connection_carries_plain_and_other_requests_in_any_order() {
    let shop = Shop::strict();
    let mut connection = Connection::open(shop.server.address);
    let pixel = |txn: usize| {
        let path = shop.pixel_path(&format!("&consent=1&sale_amount=1&txn_id=in-turn-{txn}"));
        request(&format!("GET {path}"), "", "")
    };
    let stored = |connection: &mut Connection| {
        connection.answer(false).is(200, "stored");
    };
    for txn in 0..3 {
        connection.send(&pixel(txn));
        stored(&mut connection);
    }
    // In pieces, and two at a time.
    let whole = pixel(3);
    let (first, rest) = whole.split_at(40);
    connection.send(first);
    connection.send(rest);
    stored(&mut connection);
    connection.send(&[pixel(4), pixel(5)].concat());
    stored(&mut connection);
    stored(&mut connection);
    let head = String::from_utf8(pixel(6)).unwrap().replace("GET", "HEAD");
    connection.send(head.as_bytes());
    connection.answer(true).is(200, "ignored; head");
    connection.send(&request("GET /sdk.js", "", ""));
    assert_eq!(connection.answer(false).status, 200);
    connection.send(&pixel(7));
    stored(&mut connection);
    assert_eq!(shop.intake().accepted, 7);
    shop.server.assert_calm();
}

#[test]
fn a_body_in_chunks_and_a_goodbye_are_understood_on_a_plain_connection() {
    let shop = Shop::strict();
    let mut connection = Connection::open(shop.server.address);
    let hit = json!({"id": event_id(), "type": "conversion", "goal": "sale",
        "txn_id": "whole", "sale_amount": "1", "age_ms": 0});
    let body = shop.events(&[hit]).to_string();
    connection.send(&request("POST /event", "", &body));
    assert!(connection.answer(false).text().contains("\"stored\""));
    let hit = json!({"id": event_id(), "type": "conversion", "goal": "sale",
        "txn_id": "chunked", "sale_amount": "1", "age_ms": 0});
    let body = shop.events(&[hit]).to_string();
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let head = request("POST /event", "Transfer-Encoding: chunked\r\n", "");
    connection.send(&[head, chunks.into_bytes()].concat());
    assert!(connection.answer(false).text().contains("\"stored\""));
    let path = shop.pixel_path("&consent=1&sale_amount=1&txn_id=last");
    connection.send(&request(
        &format!("GET {path}"),
        "Connection: close\r\n",
        "",
    ));
    connection.answer(false).is(200, "stored");
    assert!(connection.ends());
    assert_eq!(shop.intake().accepted, 3);
}
