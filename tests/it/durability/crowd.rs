//! Crowds and slow clients: file handles run out, headers drip byte by byte,
//! connections idle by the thousand, bodies come too large. Memory stays bounded, what
//! is acknowledged is kept, and afterwards the server is as before.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::oracle::Oracle;
use crate::harness::account::Shop;
use crate::harness::eventually;
use crate::harness::http::Client;

/// Connections that a crowd holds open.
const IDLE: usize = 20_000;
/// Handles that this process and the server need beside them.
const SPARE: usize = 500;
/// Memory that one idle connection may cost, and a server beside them.
const CONNECTION_BYTES: u64 = 24 << 10;
const SERVER_BYTES: u64 = 200 << 20;

fn fire(shop: &Shop, oracle: &mut Oracle, txn: &str) {
    // A connection of its own, as a visitor's.
    let path = shop.pixel_path(&format!("&consent=1&sale_amount=1&txn_id={txn}"));
    let answer = Client::new(shop.server.address).get(path);
    answer.is(200, "stored");
    oracle.take_one(txn.to_owned());
}

fn set_handles(process: u32, limit: usize) -> bool {
    Command::new("prlimit")
        .args(["--pid", &process.to_string()])
        .arg(format!("--nofile={limit}:{limit}"))
        .stderr(std::process::Stdio::null())
        .status()
        .expect("prlimit is missing")
        .success()
}

/// Bytes that a process has in memory.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .and_then(|number| number.parse().ok())
        .expect("no VmRSS");
    kib * 1_024
}

#[test]
fn without_a_file_handle_left_it_waits_and_recovers() {
    let shop = Shop::strict();
    let mut oracle = Oracle::default();
    fire(&shop, &mut oracle, "before");
    let process = shop.server.process.id();
    let open = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .count();
    assert!(set_handles(process, open + 8));
    let crowd: Vec<TcpStream> = (0..64)
        .map(|_| TcpStream::connect(shop.server.address).unwrap())
        .collect();
    // The connection that was there before still serves, and settling goes on.
    let path = shop.pixel_path("&consent=1&sale_amount=1&txn_id=within");
    if shop
        .server
        .client
        .request("GET", path)
        .try_send()
        .is_ok_and(|answer| answer.is_stored())
    {
        oracle.take_one("within".to_owned());
    }
    drop(crowd);
    eventually("the server to answer again", || {
        let ask = Client::new(shop.server.address);
        let answer = ask.request("GET", "/sdk.js").try_send().ok()?;
        (answer.status == 200).then_some(())
    });
    fire(&shop, &mut oracle, "after");
    oracle.check_at_least(&shop, &["within"]);
    shop.server.assert_calm();
    assert_eq!(shop.server.stop(), 0);
}

#[test]
fn headers_that_drip_keep_nobody_else_waiting_and_are_hung_up_on() {
    let shop = Shop::strict();
    let mut oracle = Oracle::default();
    let mut slow: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(shop.server.address).unwrap())
        .collect();
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        shop.pixel_path("&consent=1")
    );
    let mut drip = head.bytes().chain(std::iter::repeat(b'x'));
    for stream in &slow {
        stream.set_nonblocking(true).unwrap();
    }
    let mut fired = 0;
    eventually("every slow client to be hung up on", || {
        let byte = [drip.next().unwrap_or(b'x')];
        slow.retain_mut(|stream| {
            let _ = stream.write(&byte);
            // Nothing to read yet: still open.
            matches!(stream.read(&mut [0; 512]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
        });
        if fired < 20 {
            fire(&shop, &mut oracle, &format!("meanwhile-{fired}"));
            fired += 1;
        }
        std::thread::sleep(Duration::from_millis(50));
        slow.is_empty().then_some(())
    });
    oracle.check(&shop);
    shop.server.assert_calm();
}

#[test]
fn twenty_thousand_idle_connections_cost_bounded_memory() {
    let shop = Shop::strict();
    let mut oracle = Oracle::default();
    let wanted = IDLE + SPARE;
    if !set_handles(std::process::id(), wanted) || !set_handles(shop.server.process.id(), wanted) {
        println!("skipped: this machine does not allow {wanted} open files a process");
        return;
    }
    let process = shop.server.process.id();
    let before = memory(process);
    let mut crowd = Vec::with_capacity(IDLE);
    while crowd.len() < IDLE {
        match TcpStream::connect(shop.server.address) {
            Ok(stream) => crowd.push(stream),
            Err(error) if error.raw_os_error() == Some(99) => {
                println!("skipped: this machine has no {IDLE} ports: {error}");
                return;
            }
            Err(error) => panic!("connection {}: {error}", crowd.len()),
        }
    }
    for n in 0..20 {
        fire(&shop, &mut oracle, &format!("among-{n}"));
    }
    let grown = memory(process).saturating_sub(before);
    println!(
        "{IDLE} idle connections took {} bytes each",
        grown / IDLE as u64
    );
    assert!(grown < IDLE as u64 * CONNECTION_BYTES, "{grown} bytes");
    drop(crowd);
    fire(&shop, &mut oracle, "after");
    oracle.check(&shop);
    shop.server.assert_calm();
    assert_eq!(shop.server.stop(), 0);
}

#[test]
fn bursts_of_bodies_that_are_too_large_cost_bounded_memory() {
    let shop = Shop::strict();
    let mut oracle = Oracle::default();
    let address = shop.server.address;
    let senders: Vec<_> = (0..32)
        .map(|_| {
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream
                    .set_write_timeout(Some(Duration::from_secs(5)))
                    .unwrap();
                let head = "POST /event HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n";
                let _ = stream.write_all(head.as_bytes());
                // The server may hang up at any point of it.
                for _ in 0..512 {
                    if stream.write_all(&[b'x'; 65_536]).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    for n in 0..20 {
        fire(&shop, &mut oracle, &format!("among-{n}"));
    }
    for sender in senders {
        sender.join().unwrap();
    }
    let taken = memory(shop.server.process.id());
    assert!(taken < SERVER_BYTES, "{taken} bytes");
    oracle.check(&shop);
    shop.server.assert_calm();
}
