//! The sealed cookie in its two headers: found in what a browser sends, written
//! for it, taken back. Never in here: what the cookie holds.

use std::fmt::Write;

use crate::model::browser_state::COOKIE_DAYS;
use crate::model::id::AccountId;

/// What the name of each account's cookie begins with.
const NAME_PREFIX: &str = "pk_";
/// Bytes of a header besides the value.
const HEADER_ROOM: usize = 80;

/// The value of an account's cookie in a `Cookie` header.
pub fn find(header: &str, account: AccountId) -> Option<&str> {
    // Most browsers carry none; the name is only written out where one may be.
    if !header.contains(NAME_PREFIX) {
        return None;
    }
    let name = name(account);
    header.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

/// The `Set-Cookie` that gives an account's cookie this value.
pub fn set(account: AccountId, value: &str) -> String {
    let max_age = COOKIE_DAYS * 24 * 60 * 60;
    header(account, value, max_age)
}

/// The `Set-Cookie` that takes an account's cookie away.
pub fn remove(account: AccountId) -> String {
    header(account, "", 0)
}

/// The cookie of a browser that objected on the page for visitors: the same for
/// everybody, for as long as a transaction counts once.
const OBJECTION: &str = "pk_objection=1";
const OBJECTION_SECONDS: i64 = 396 * 24 * 60 * 60;

/// Whether a browser has objected on the page for visitors.
pub fn has_objected(header: &str) -> bool {
    header.contains(OBJECTION) && header.split(';').any(|pair| pair.trim() == OBJECTION)
}

/// The `Set-Cookie` by which a browser remembers that it has objected.
pub fn objection() -> String {
    objection_for(OBJECTION_SECONDS)
}

/// The `Set-Cookie` that takes it back.
pub fn no_objection() -> String {
    objection_for(0)
}

fn objection_for(seconds: i64) -> String {
    format!("{OBJECTION}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=None")
}

fn name(account: AccountId) -> String {
    format!("{NAME_PREFIX}{account}")
}

/// The cookie serves pixels on other sites, hence `SameSite=None`, which browsers
/// take with `Secure` only; they count a loopback address as secure.
fn header(account: AccountId, value: &str, max_age: i64) -> String {
    let mut header = String::with_capacity(HEADER_ROOM + value.len());
    // A text takes whatever is written into it.
    let _ = write!(
        header,
        "{NAME_PREFIX}{account}={value}; Path=/; Max-Age={max_age}; Secure; HttpOnly; SameSite=None"
    );
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_finds_its_own_cookie_only() {
        let account = AccountId::from_random(7);
        let name = name(account);
        let header = format!("a=b; pk_00000001=other; {name}=\"sealed\"; c");
        assert_eq!(find(&header, account), Some("sealed"));
        assert_eq!(find(&header, AccountId::from_random(8)), None);
        assert_eq!(find("a=b", account), None);
    }

    #[test]
    fn a_cookie_is_set_and_taken_back_under_the_same_attributes() {
        let account = AccountId::from_random(7);
        assert_eq!(
            set(account, "x"),
            "pk_00000007=x; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=None"
        );
        assert_eq!(
            remove(account),
            "pk_00000007=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None"
        );
    }
}
