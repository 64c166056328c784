//! One-time codes by time (RFC 6238): SHA-1, six digits, steps of 30 seconds, as every
//! authenticator app takes them. Which code was used already is the caller's to keep.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::token;
use crate::model::second_factor::TotpSecret;

/// How long a code stands, in seconds.
pub const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
/// Clocks may differ by one step, before and after.
const DRIFT_STEPS: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl TotpSecret {
    pub fn random() -> Self {
        TotpSecret(token::random_bytes())
    }

    /// As apps take it typed: 32 letters and digits (RFC 4648).
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// What a QR code tells an app: whose code it is and how it is made.
    pub fn address(&self, email: &str) -> String {
        let name: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
        let name = name.replace('+', "%20");
        let secret = self.base32();
        format!("otpauth://totp/Pixelkeep:{name}?secret={secret}&issuer=Pixelkeep")
    }

    /// The step that a typed code stands for at this time, in seconds since 1970: the
    /// present one or its neighbours, and later than `after`, so that none serves twice.
    pub fn matching_step(&self, typed: &str, seconds: i64, after: i64) -> Option<i64> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let now = seconds.div_euclid(STEP_SECONDS);
        // All are compared, so that the time tells nothing.
        let mut found = None;
        for step in now - DRIFT_STEPS..=now + DRIFT_STEPS {
            let same = token::same(self.code(step).as_bytes(), typed.as_bytes());
            if same && step > after {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step.
    pub fn code(&self, step: i64) -> String {
        let value = self.truncated(step.unsigned_abs());
        format!("{:0DIGITS$}", value % 10u32.pow(DIGITS as u32))
    }

    /// Dynamic truncation (RFC 4226, section 5.3).
    fn truncated(&self, counter: u64) -> u32 {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else {
            // HMAC takes keys of every length.
            return 0;
        };
        mac.update(&counter.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(digest[19] & 15);
        let four = [digest[at], digest[at + 1], digest[at + 2], digest[at + 3]];
        u32::from_be_bytes(four) & 0x7fff_ffff
    }
}

/// RFC 4648 without padding.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut kept, mut bits) = (0u32, 0);
    for byte in bytes {
        kept = kept << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(kept >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[(kept << (5 - bits) & 31) as usize]));
    }
    text
}

/// A recovery code of 120 bits: four groups of six letters and digits.
pub fn recovery_code() -> String {
    let letters = base32(&token::random_bytes::<15>()).to_lowercase();
    let groups: Vec<&str> = (0..4)
        .map(|group| &letters[group * 6..group * 6 + 6])
        .collect();
    groups.join("-")
}

/// What is kept of a recovery code, however it was typed. At 120 random bits a plain
/// hash is enough (OWASP ASVS 5.0, 6.5.2).
pub fn recovery_hash(typed: &str) -> [u8; 32] {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    token::hash(&format!("recovery code {plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_standard() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1: the last six of eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_standard().code(seconds / STEP_SECONDS), code);
        }
        // RFC 4226, appendix D.
        for (counter, code) in [(0, "755224"), (1, "287082"), (9, "520489")] {
            assert_eq!(of_the_standard().code(counter), code);
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        // RFC 4648, section 10, without its padding.
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn a_code_serves_once_and_clocks_may_differ_by_one_step() {
        let secret = of_the_standard();
        let (step, seconds) = (100, 100 * STEP_SECONDS + 7);
        for drift in [-1, 0, 1] {
            let code = secret.code(step + drift);
            assert_eq!(secret.matching_step(&code, seconds, 0), Some(step + drift));
            assert_eq!(secret.matching_step(&code, seconds, step + drift), None);
        }
        for drift in [-2, 2] {
            let code = secret.code(step + drift);
            assert_eq!(secret.matching_step(&code, seconds, 0), None);
        }
        let spaced = format!(" {} {} ", &secret.code(step)[..3], &secret.code(step)[3..]);
        assert_eq!(secret.matching_step(&spaced, seconds, 0), Some(step));
        assert_eq!(secret.matching_step("", seconds, 0), None);
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let code = recovery_code();
        assert_eq!(code.len(), 27);
        let typed = format!(" {} ", code.to_uppercase().replace('-', " "));
        assert_eq!(recovery_hash(&typed), recovery_hash(&code));
        assert_ne!(recovery_hash(&recovery_code()), recovery_hash(&code));
    }

    #[test]
    fn an_app_is_told_whose_code_it_is() {
        let address = of_the_standard().address("ann+shop@example.org");
        assert_eq!(
            address,
            "otpauth://totp/Pixelkeep:ann%2Bshop%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Pixelkeep"
        );
    }
}
