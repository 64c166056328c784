//! Secrets: signed tokens, keys that say what they are, and the values of parameters
//! that go by the name of one.

use super::{Kind, Passage};

/// A shorter run of letters and digits is no token that stands by itself.
pub const LENGTH_MIN: usize = 16;
/// Names of parameters whose value is a secret.
const NAMES: &[&str] = &[
    "token",
    "access_token",
    "id_token",
    "refresh_token",
    "auth_token",
    "csrf_token",
    "security_token",
    "password",
    "passwd",
    "pwd",
    "pass",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "sessionid",
    "session_id",
    "phpsessid",
    "jsessionid",
    "otp",
    "reset_token",
];
/// What keys of well-known makers begin with.
const BEGINNINGS: &[&str] = &[
    "sk_live_",
    "rk_live_",
    "sk-",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
];

/// Adds every secret in a text.
pub fn find(text: &str, passages: &mut Vec<Passage>) {
    named(text, passages);
    let mut from = 0;
    for word in text.split(|c: char| !is_word(c)) {
        if is_signed(word) || is_key(word) {
            passages.push(Passage {
                from,
                to: from + word.len(),
                kind: Kind::Secret,
            });
        }
        from += word.len();
        from += text[from..].chars().next().map_or(0, char::len_utf8);
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// A JSON Web Token: three parts, the first of which is a JSON object.
fn is_signed(word: &str) -> bool {
    let mut parts = word.split('.');
    let long = |part: Option<&str>| part.is_some_and(|part| part.len() >= 8);
    word.starts_with("eyJ") && long(parts.next()) && long(parts.next()) && parts.next().is_some()
}

fn is_key(word: &str) -> bool {
    word.len() >= LENGTH_MIN + 4
        && BEGINNINGS
            .iter()
            .any(|beginning| word.starts_with(beginning))
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// `name=value`, where the name is that of a secret.
fn named(text: &str, passages: &mut Vec<Passage>) {
    let mut from = 0;
    for pair in text.split(['?', '&', ';', '#']) {
        if let Some((name, value)) = pair.split_once('=')
            && !value.is_empty()
            && !value.starts_with('[')
            && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
        {
            passages.push(Passage {
                from: from + name.len() + 1,
                to: from + pair.len(),
                kind: Kind::Secret,
            });
        }
        from += pair.len() + 1;
    }
}
