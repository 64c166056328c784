//! What no browser sends: never a 500, never a panic, nothing stored.

use std::net::SocketAddr;

use crate::harness::account::Shop;
use crate::harness::http::Answer;
use crate::harness::raw;

const ENDPOINTS: [&str; 7] = [
    "/click",
    "/imp",
    "/pixel",
    "/event",
    "/sdk.js",
    "/config/zzzzzzzzzzzz.json",
    "/acquisition",
];

/// Refused by a client's fault.
#[track_caller]
fn refused(what: &str, answer: &Answer) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    assert!(!answer.is_stored(), "{what}: {answer:?}");
}

/// The server still works and has taken nothing.
#[track_caller]
fn nothing_happened(shop: &Shop) {
    shop.server.assert_calm();
    assert_eq!(shop.intake().accepted, 0);
    shop.pixel("&txn_id=after&sale_amount=1");
    shop.only_conversion();
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let shop = Shop::strict();
    for path in ENDPOINTS {
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = shop.server.client.request(method, path).send();
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
            let allowed = answer.header("allow").unwrap_or_default();
            assert!(
                allowed.contains("GET") || allowed.contains("POST"),
                "{answer:?}"
            );
        }
    }
    assert_eq!(shop.server.client.get("/event").status, 405);
    assert_eq!(
        shop.server.client.request("POST", "/click").send().status,
        405
    );
    nothing_happened(&shop);
}

#[test]
fn a_wrong_method_is_counted_where_the_campaign_is_named() {
    let shop = Shop::strict();
    for method in ["POST", "DELETE"] {
        let path = shop.pixel_path("&txn_id=1");
        let answer = shop.server.client.request(method, &path).send();
        answer.is(405, "rejected; bad_method");
    }
    shop.wait_refused("bad_method", 2);
    nothing_happened(&shop);
}

#[test]
fn an_oversized_query_is_refused() {
    let shop = Shop::strict();
    for size in [5_000, 20_000, 60_000] {
        let target = shop.pixel_path(&format!("&sale_amount=1&sub1={}", "x".repeat(size)));
        refused("query", &raw::get(shop.server.address, target.as_bytes()));
        let many = shop.pixel_path(&"&sub1=x".repeat(size / 7));
        let answer = raw::get(shop.server.address, many.as_bytes());
        assert!(answer.status < 500, "{answer:?}");
    }
    shop.server.assert_calm();
}

#[test]
fn an_oversized_header_is_refused_or_passed_over() {
    let shop = Shop::strict();
    let huge = vec![b'x'; 300_000];
    for name in ["Cookie", "Referer", "X-Whatever"] {
        let headers: [(&str, &[u8]); 1] = [(name, &huge)];
        let target = b"/imp?campaign_id=zzzzzzzz";
        refused(
            name,
            &raw::send(shop.server.address, b"GET", target, &headers, b""),
        );
    }
    let many: Vec<(&str, &[u8])> = vec![("X-Many", b"y"); 2_000];
    let answer = raw::send(shop.server.address, b"GET", b"/sdk.js", &many, b"");
    assert!(answer.status < 500, "{answer:?}");
    nothing_happened(&shop);
}

#[test]
fn an_oversized_body_is_refused() {
    let shop = Shop::strict();
    let body = vec![b' '; 3_000_000];
    for path in ["/event", "/acquisition", "/api/v1/sites"] {
        let answer = raw::send(shop.server.address, b"POST", path.as_bytes(), &[], &body);
        refused(path, &answer);
    }
    nothing_happened(&shop);
}

#[test]
fn text_that_is_no_utf8_is_refused_and_counted() {
    let shop = Shop::strict();
    let percent = shop.pixel_path("&sale_amount=1&txn_id=%ff%fe");
    let answer = raw::get(shop.server.address, percent.as_bytes());
    answer.is(400, "rejected; bad_encoding");
    let mut bytes = shop.pixel_path("&sale_amount=1&txn_id=").into_bytes();
    bytes.extend([0xc3, 0x28]);
    refused("bytes", &raw::get(shop.server.address, &bytes));
    shop.wait_refused("bad_encoding", 1);
    nothing_happened(&shop);
}

#[test]
fn headers_of_any_bytes_do_no_harm() {
    let shop = Shop::strict();
    let target = shop.click_path("&consent=1");
    let headers: Vec<(&str, &[u8])> = vec![
        ("Referer", b"https://ex\xffample/\x80"),
        ("Cookie", b"pk_x=\xff\xfe; pk_=; =; ;;; pk"),
        ("X-Forwarded-For", b"not-an-address, ::1, 999.1.1.1"),
        ("Sec-GPC", b"\xff"),
        ("Accept-Language", b"\xf0\x28\x8c\x28"),
        ("Sec-Fetch-Dest", b"ifr\xffame"),
    ];
    let answer = raw::send(
        shop.server.address,
        b"GET",
        target.as_bytes(),
        &headers,
        b"",
    );
    assert_eq!(answer.status, 302, "{answer:?}");
    shop.server.assert_calm();
}

#[test]
fn a_cookie_that_nobody_gave_out_is_passed_over() {
    let shop = Shop::strict();
    let name = format!("pk_{}", shop.account.id);
    for value in [
        "x",
        "",
        &"A".repeat(63),
        &"A".repeat(3_000),
        "%00",
        "====",
        "ü",
    ] {
        let headers = [("Cookie", format!("{name}={value}"))];
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
        let target = shop.click_path("&consent=1");
        let answer = raw::send(
            shop.server.address,
            b"GET",
            target.as_bytes(),
            &headers,
            b"",
        );
        answer.is_redirect();
    }
    shop.server.assert_calm();
}

#[test]
fn requests_that_are_none_end_without_a_trace() {
    let shop = Shop::strict();
    let address: SocketAddr = shop.server.address;
    for request in [
        b"GET\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /pixel HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        let answer = raw::exchange(address, request);
        refused(&String::from_utf8_lossy(request), &answer);
    }
    nothing_happened(&shop);
}

#[test]
fn an_address_that_does_not_exist_is_not_found() {
    let shop = Shop::strict();
    for path in [
        "/nothing",
        "/api/v1/nothing",
        "/assets/x/y.css",
        "/.git/config",
        "/master.key",
    ] {
        assert_eq!(shop.server.client.get(path).status, 404, "{path}");
    }
}
