//! How much is taken of whom: one table. What a limit is set to stands here and nowhere
//! else; whoever holds it reads it from here, and `config show` prints all of it.

/// Hits a second and client address, unless told otherwise.
pub const ADDRESS_RATE: u32 = 100;
/// A site takes so many times what one client may send, unless told otherwise.
pub const SITE_RATE_FACTOR: u32 = 20;
/// A burst is so many seconds' worth of a rate.
pub const BURST_SECONDS: u32 = 4;
/// What either rate may be set to.
pub const RATE_MAX: u32 = 1_000_000;

/// Bytes of a query of a tracking address.
pub const QUERY_BYTES: usize = 8 * 1_024;
/// Hits of one request of the SDK, and its bytes.
pub const EVENTS: usize = 256;
pub const EVENTS_BYTES: usize = 64 * 1_024;
/// Hits that wait for the journal, and that the journal holds until they are settled.
pub const QUEUED_HITS: usize = 65_536;
pub const WAITING_HITS: i64 = 5_000_000;
pub const WAITING_BYTES: i64 = 1 << 30;

/// Seconds in which the head of a request must arrive, and until an idle connection ends.
pub const HEAD_SECONDS: u64 = 10;
pub const IDLE_SECONDS: u64 = 75;
/// Connections of each worker; there is a worker a processor.
pub const CONNECTIONS: usize = 12_500;
/// Bytes of a form of the console, and of a body of the API.
pub const FORM_BYTES: usize = 64 * 1_024;
pub const API_BYTES: usize = 64 * 1_024;
/// Rows of one answer of the API.
pub const API_ROWS: usize = 500;
/// Rows of a table of the console, and of a file of conversions.
pub const TABLE_ROWS: usize = 1_000;
pub const FILE_ROWS: usize = 50_000;

/// Tries at a password without waiting, and the longest wait in seconds after more: of one
/// member from one network or from a known browser, of one network, and of one member.
pub const PAIR_TRIES: u32 = 5;
pub const PAIR_WAIT: i64 = 60;
pub const NETWORK_TRIES: u32 = 20;
pub const NETWORK_WAIT: i64 = 60;
pub const MEMBER_TRIES: u32 = 40;
pub const MEMBER_WAIT: i64 = 10;
/// The same for codes, and for a password that is asked for again.
pub const CODE_TRIES: u32 = 5;
pub const CODE_WAIT: i64 = 15 * 60;
/// Passwords looked at or waiting for it, as a whole: from browsers nobody knows, and all.
pub const STRANGERS_AT_ONCE: usize = 16;
pub const SIGN_INS_AT_ONCE: usize = 48;
/// Passwords hashed at the same time, each of which takes 64 MiB.
pub const HASHES_AT_ONCE: usize = 2;

/// Seconds for which a session lives, lives unused, and is proof of who acts.
pub const SESSION_SECONDS: i64 = 12 * 60 * 60;
pub const SESSION_IDLE_SECONDS: i64 = 2 * 60 * 60;
pub const PROOF_SECONDS: i64 = 5 * 60;
/// Sessions of one member.
pub const SESSIONS: i64 = 10;

/// On the page for visitors: searches and other requests of one network in an hour.
pub const VISITOR_SEARCHES: u32 = 20;
pub const VISITOR_REQUESTS: u32 = 240;
/// Requests of people that one account has open.
pub const OPEN_REQUESTS: u64 = 10_000;
/// Mails of one account that wait to be sent.
pub const WAITING_MAIL: u64 = 500;

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// As it is called here and in documents.
    pub name: &'static str,
    /// What holds unless an option says otherwise.
    pub value: i64,
    pub unit: &'static str,
    /// The option that sets it, and what it takes.
    pub option: Option<(&'static str, &'static str)>,
    /// What becomes of what goes beyond.
    pub beyond: &'static str,
}

const fn fixed(name: &'static str, value: i64, unit: &'static str, beyond: &'static str) -> Limit {
    Limit {
        name,
        value,
        unit,
        option: None,
        beyond,
    }
}

const RANGE: &str = "1 to 1000000, or off";
const TOO_MANY: &str = "429 with Retry-After; a click is redirected all the same";
const SLOWED: &str = "429 with Retry-After; each further try doubles the wait";

/// All of it, in the order in which a request meets it.
pub const TABLE: [Limit; 31] = [
    fixed(
        "connections",
        CONNECTIONS as i64,
        "a processor",
        "the next waits to be accepted",
    ),
    fixed("head", HEAD_SECONDS as i64, "seconds", "408, hung up on"),
    fixed("idle", IDLE_SECONDS as i64, "seconds", "hung up on"),
    Limit {
        name: "rate_limit",
        value: ADDRESS_RATE as i64,
        unit: "hits a second and client address (of IPv6 its /64), bursts of four times that",
        option: Some(("rate_limit", RANGE)),
        beyond: TOO_MANY,
    },
    Limit {
        name: "site_rate_limit",
        value: (ADDRESS_RATE * SITE_RATE_FACTOR) as i64,
        unit: "hits a second and site, bursts of four times that; twenty times rate_limit",
        option: Some(("site_rate_limit", RANGE)),
        beyond: TOO_MANY,
    },
    fixed(
        "query",
        QUERY_BYTES as i64,
        "bytes",
        "refused: too_long, counted",
    ),
    fixed(
        "events",
        EVENTS as i64,
        "hits a request",
        "the whole request is refused: too_many",
    ),
    fixed(
        "events_body",
        EVENTS_BYTES as i64,
        "bytes",
        "refused: too_large",
    ),
    fixed(
        "queued_hits",
        QUEUED_HITS as i64,
        "hits",
        "503 with Retry-After",
    ),
    fixed(
        "waiting_hits",
        WAITING_HITS,
        "hits not settled",
        "503 with Retry-After",
    ),
    fixed(
        "waiting_bytes",
        WAITING_BYTES,
        "bytes not settled",
        "503 with Retry-After",
    ),
    fixed("form", FORM_BYTES as i64, "bytes", "400 and a sentence"),
    fixed("api_body", API_BYTES as i64, "bytes", "413 and a problem"),
    fixed(
        "api_rows",
        API_ROWS as i64,
        "rows an answer",
        "the next page has them",
    ),
    fixed(
        "table_rows",
        TABLE_ROWS as i64,
        "rows a table",
        "the page says so; a file has them",
    ),
    fixed(
        "file_rows",
        FILE_ROWS as i64,
        "rows a file",
        "refused; the API has them page by page",
    ),
    fixed(
        "sign_in_pair",
        PAIR_TRIES as i64,
        "tries a member and network, or known browser",
        SLOWED,
    ),
    fixed(
        "sign_in_network",
        NETWORK_TRIES as i64,
        "tries a network (/24, /48)",
        SLOWED,
    ),
    fixed(
        "sign_in_member",
        MEMBER_TRIES as i64,
        "tries a member, from everywhere",
        SLOWED,
    ),
    fixed(
        "sign_in_code",
        CODE_TRIES as i64,
        "codes, or passwords asked for again, a day",
        SLOWED,
    ),
    fixed(
        "sign_in_strangers",
        STRANGERS_AT_ONCE as i64,
        "sign-ins at a time, browsers unknown",
        "wait 3 seconds",
    ),
    fixed(
        "sign_in_all",
        SIGN_INS_AT_ONCE as i64,
        "sign-ins at a time",
        "wait 3 seconds",
    ),
    fixed(
        "hashes",
        HASHES_AT_ONCE as i64,
        "passwords hashed at a time",
        "the next waits its turn",
    ),
    fixed("session", SESSION_SECONDS, "seconds", "sign in again"),
    fixed(
        "session_idle",
        SESSION_IDLE_SECONDS,
        "seconds unused",
        "sign in again",
    ),
    fixed(
        "session_proof",
        PROOF_SECONDS,
        "seconds since the password",
        "asked again before what is sensitive",
    ),
    fixed("sessions", SESSIONS, "a member", "the oldest ends"),
    fixed(
        "visitor_searches",
        VISITOR_SEARCHES as i64,
        "an hour and network",
        "come back in an hour",
    ),
    fixed(
        "visitor_requests",
        VISITOR_REQUESTS as i64,
        "an hour and network",
        "come back in an hour",
    ),
    fixed(
        "open_requests",
        OPEN_REQUESTS as i64,
        "an account",
        "refused until some are closed",
    ),
    fixed(
        "waiting_mail",
        WAITING_MAIL as i64,
        "mails an account",
        "not written; the log says so",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_name_of_its_own_and_says_what_comes_beyond() {
        let mut names: Vec<&str> = TABLE.iter().map(|limit| limit.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        for limit in TABLE {
            assert!(limit.value > 0 && !limit.unit.is_empty(), "{limit:?}");
            assert!(!limit.beyond.is_empty(), "{limit:?}");
        }
    }
}
