//! What the tests share: the real executable in its own folder, an HTTP client,
//! the API, a browser, and origins of their own. No expectation about the product
//! lives here but what is needed to start it and to talk to it.

pub mod account;
pub mod api;
pub mod browser;
pub mod clock;
pub mod disk;
pub mod http;
pub mod marks;
pub mod mmdb;
pub mod origin;
pub mod process;
pub mod raw;
pub mod rows;
pub mod server;
pub mod smtp;
pub mod totp;
pub mod webdriver;

use std::time::{Duration, Instant};

/// Longest wait for anything that the product promises soon.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until there is an answer, at most [`PATIENCE`] long.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "waited {PATIENCE:?} in vain for: {what}"
        );
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// Asks until a value is the wanted one, and says which one it was if it never is.
#[track_caller]
pub fn eventually_is<T: PartialEq + std::fmt::Debug>(what: &str, wanted: T, ask: impl Fn() -> T) {
    let begun = Instant::now();
    loop {
        let seen = ask();
        if seen == wanted {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{what}: wanted {wanted:?}, still {seen:?} after {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// A port of 127.0.0.1 that was free a moment ago, for programs that cannot
/// choose one themselves.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port()
}
