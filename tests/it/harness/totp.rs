//! The app on a phone that shows codes for a secret (RFC 6238).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Seconds for which one code is shown.
const STEP_SECONDS: i64 = 30;

/// The code that is shown at an instant, for the secret that a page shows as text.
#[track_caller]
pub fn code_at(page: &str, at: jiff::Timestamp) -> String {
    code_of(page, at.as_second() / STEP_SECONDS)
}

/// The code of a step, for the secret that a page shows as text.
#[track_caller]
pub fn code_of(page: &str, step: i64) -> String {
    let (_, rest) = page
        .split_once("aria-label=\"Secret\">")
        .unwrap_or_else(|| panic!("no secret on {page}"));
    let key = key(rest.split('<').next().unwrap_or_default());
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let four: [u8; 4] = digest[at..at + 4].try_into().unwrap();
    format!(
        "{:06}",
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    )
}

/// Twenty bytes from their base32.
fn key(secret: &str) -> Vec<u8> {
    let mut bits = 0u64;
    let mut held = 0;
    let mut key = Vec::new();
    for letter in secret.bytes().filter(|letter| *letter != b' ') {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|known| *known == letter)
            .expect("no base32");
        bits = (bits << 5 | digit as u64) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            key.push((bits >> held) as u8);
        }
    }
    assert_eq!(key.len(), 20);
    key
}
