//! What one room alone may do: SQL, HTTP, key bytes, the time.

use super::source::Source;

/// A word that may stand only under these paths.
struct Monopoly {
    what: &'static str,
    words: &'static [&'static str],
    home: &'static [&'static str],
}

const MONOPOLIES: [Monopoly; 5] = [
    Monopoly {
        what: "HTTP outside web",
        words: &[
            "actix_web",
            "actix_http",
            "actix_rt",
            "actix_server",
            "askama",
            "rust_embed",
        ],
        home: &["web"],
    },
    Monopoly {
        what: "SQL outside store",
        words: &["rusqlite"],
        home: &["store"],
    },
    Monopoly {
        what: "a call to elsewhere outside outbound",
        words: &[
            "TcpStream",
            "UdpSocket",
            "TcpSocket",
            "to_socket_addrs",
            "ToSocketAddrs",
            "lookup_host",
            "lettre",
        ],
        home: &["outbound"],
    },
    Monopoly {
        what: "key bytes outside crypto",
        words: &[
            "aes_gcm",
            "Aes256Gcm",
            "blowfish",
            "hkdf",
            "Hkdf",
            "hmac",
            "Hmac",
            "sha1",
            "argon2",
            "Argon2",
            "MasterKey(",
            "StoredKey",
        ],
        home: &["crypto"],
    },
    Monopoly {
        what: "a clock read outside clock",
        words: &[
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
        ],
        home: &["clock"],
    },
];

/// Connections of our own are made in this one file; the mail server's are `lettre`'s.
const GUARD: &str = "outbound/guard.rs";
const SOCKETS: [&str; 5] = [
    "TcpStream",
    "UdpSocket",
    "TcpSocket",
    "to_socket_addrs",
    "lookup_host",
];

/// Names the type of the connections that the server has accepted, and makes none.
const ACCEPTED: &str = "web/lane/mod.rs";
const LANE: &str = "web/lane/";

/// Statements as they begin; whoever writes one in capitals means it.
const STATEMENTS: [&str; 12] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM ",
    "REPLACE INTO ",
    "CREATE ",
    "DROP ",
    "ALTER ",
    "PRAGMA ",
    "BEGIN ",
    "WITH ",
    "VACUUM",
];

/// What stands in this file and belongs elsewhere.
pub fn broken(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if source.is_test {
        return found;
    }
    for monopoly in &MONOPOLIES {
        if !monopoly.home.contains(&source.room.as_str()) {
            let words = monopoly.words.iter();
            let words = words.filter(|word| source.name != ACCEPTED || **word != "TcpStream");
            let places = words.flat_map(|word| source.find(word));
            found.extend(places.map(|place| format!("{place} ({})", monopoly.what)));
        }
    }
    if source.name.starts_with(LANE) {
        let calls = source.find("connect").into_iter();
        found.extend(calls.map(|place| format!("{place} (a call from where calls are taken)")));
    }
    if source.room == "outbound" && source.name != GUARD {
        let sockets = SOCKETS.iter().flat_map(|word| source.find(word));
        found.extend(sockets.map(|place| format!("{place} (a connection past the guard)")));
    }
    if source.room != "store" {
        let statements = source.texts.iter().filter(|(_, text)| is_statement(text));
        found.extend(statements.map(|(line, text)| {
            let start: String = text.chars().take(40).collect();
            format!("src/{}:{line}: {start} (SQL outside store)", source.name)
        }));
    }
    found
}

fn is_statement(literal: &str) -> bool {
    let text = literal.trim_start_matches(['r', 'b', 'c', '#', '"', '\\', '\n', ' ']);
    STATEMENTS
        .iter()
        .any(|statement| text.starts_with(statement))
}

/// Where this file panics on purpose.
pub fn panics(source: &Source) -> Vec<String> {
    if source.is_test {
        return Vec::new();
    }
    [
        ".unwrap()",
        ".expect(",
        "unwrap_unchecked",
        "panic!(",
        "todo!(",
        "unimplemented!(",
        "dbg!(",
    ]
    .iter()
    .flat_map(|word| source.find(word))
    .collect()
}

#[cfg(test)]
fn found(name: &str, text: &str) -> Vec<String> {
    broken(&Source::read(name, text))
}

#[test]
fn each_monopoly_is_noticed_when_it_is_broken() {
    assert_eq!(found("cli/serve.rs", "use actix_web::App;").len(), 1);
    assert_eq!(found("web/x.rs", "use rusqlite::Connection;").len(), 1);
    assert_eq!(
        found("web/x.rs", "let q = \"SELECT id FROM account\";").len(),
        1
    );
    assert_eq!(
        found("ingest/x.rs", "let q = r#\"\n  DELETE FROM journal\"#;").len(),
        1
    );
    assert_eq!(found("store/x.rs", "let c = Aes256Gcm::new(k);").len(), 1);
    assert_eq!(found("store/x.rs", "let k = MasterKey([0; 32]);").len(), 1);
    assert_eq!(
        found("report/x.rs", "let now = jiff::Timestamp::now();").len(),
        1
    );
    assert_eq!(
        found("web/x.rs", "let t = std::time::Instant::now();").len(),
        1
    );
}

#[test]
fn nobody_but_outbound_reaches_out_and_there_a_connection_is_the_guards_alone() {
    for text in [
        "std::net::TcpStream::connect(address)",
        "(host, 80).to_socket_addrs()",
        "tokio::net::lookup_host(host)",
        "use lettre::Transport;",
    ] {
        assert_eq!(found("web/x.rs", text).len(), 1, "{text}");
        assert_eq!(found("cli/x.rs", text).len(), 1, "{text}");
    }
    assert!(found("web/lane/mod.rs", "type Accepted = TcpStream;").is_empty());
    assert_eq!(found("web/lane/mod.rs", "TcpStream::connect(a)").len(), 1);
    assert_eq!(found("web/lane/x.rs", "Accepted::connect(a)").len(), 1);
    assert_eq!(
        found("web/lane/x.rs", "use tokio::net::TcpStream;").len(),
        1
    );
    assert!(found("outbound/guard.rs", "TcpStream::connect_timeout(a, t)").is_empty());
    assert_eq!(found("outbound/mail.rs", "TcpStream::connect(a)").len(), 1);
    assert!(found("outbound/mail.rs", "use lettre::Transport;").is_empty());
}

#[test]
fn at_home_everything_is_in_its_place() {
    assert!(found("web/x.rs", "use actix_web::App;").is_empty());
    assert!(found("store/x.rs", "let q = \"SELECT 1\"; use rusqlite::Row;").is_empty());
    assert!(found("crypto/x.rs", "let c = Aes256Gcm::new(k);").is_empty());
    assert!(found("clock.rs", "SystemTime::now()").is_empty());
    assert!(
        found(
            "web/x.rs",
            "let s = \"Select a period\"; let t = Timestamp::nowhere();"
        )
        .is_empty()
    );
}

#[test]
fn a_panic_is_noticed_outside_tests_alone() {
    let source = |text: &str| Source::read("web/x.rs", text);
    assert_eq!(
        panics(&source("let a = b.unwrap();\nlet c = d.expect(\"x\");")).len(),
        2
    );
    assert!(
        panics(&source(
            "let a = b.unwrap_or(1); let c = d.unwrap_or_default();"
        ))
        .is_empty()
    );
    assert!(
        panics(&source(
            "#[cfg(test)]\nmod tests { fn f() { a.unwrap(); } }"
        ))
        .is_empty()
    );
}
