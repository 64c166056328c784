//! An orderly stop under load: what was accepted is answered, what was acknowledged
//! is kept, and it ends in time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::oracle::{Load, Oracle};
use crate::harness::account::Shop;
use crate::harness::eventually;
use crate::harness::http::BROWSER;
use crate::harness::marks::event_id;

const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A request whose head is sent, and whose body is not.
struct Begun {
    stream: TcpStream,
    rest: String,
    txn: String,
}

fn begin(shop: &Shop, n: usize) -> Begun {
    let txn = format!("begun-{n}");
    let hit = serde_json::json!({"id": event_id(), "type": "conversion", "goal": "sale",
        "txn_id": txn, "sale_amount": "1", "age_ms": 0});
    let body = shop.events(&[hit]).to_string();
    let mut stream = TcpStream::connect(shop.server.address).unwrap();
    stream.set_read_timeout(Some(STOP_LIMIT)).unwrap();
    let (first, rest) = body.split_at(body.len() / 2);
    let head = format!(
        "POST /event HTTP/1.1\r\nHost: a\r\nUser-Agent: {BROWSER}\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    Begun {
        stream,
        rest: rest.to_owned(),
        txn,
    }
}

#[test]
fn sigterm_in_mid_load_cuts_no_accepted_request_and_loses_nothing() {
    let mut shop = Shop::strict();
    let mut oracle = Oracle::default();
    let mut begun: Vec<Begun> = (0..8).map(|n| begin(&shop, n)).collect();
    let load = Load::start(&shop, 0, 100_000);
    eventually("some hits to be acknowledged", || {
        (load.acknowledged() >= 60).then_some(())
    });
    shop = shop.served_anew(|mut server, _| {
        let asked = Instant::now();
        server.process.terminate();
        std::thread::sleep(Duration::from_millis(300));
        for request in &mut begun {
            request.stream.write_all(request.rest.as_bytes()).unwrap();
            let mut answer = String::new();
            // To its end or to the end of the connection.
            let _ = request.stream.read_to_string(&mut answer);
            assert!(answer.starts_with("HTTP/1.1 200"), "cut off: {answer:?}");
            assert!(answer.contains("\"stored\""), "{answer}");
            oracle.take_one(request.txn.clone());
        }
        let status = server.process.wait(STOP_LIMIT);
        assert_eq!(status.code(), Some(0), "{}", server.process.stderr());
        println!("ended {:?} after SIGTERM", asked.elapsed());
        server.assert_calm();
    });
    oracle.take(load.finish());
    oracle.check(&shop);
}
