//! Which passwords are taken: long ones that are not among the first that anybody
//! would guess. No rule about kinds of characters. What leaked elsewhere is known by a
//! filter; names, short words and keyboard rows, and what is put together of them, by
//! zxcvbn. Both are in the program itself; nothing is asked elsewhere.

use super::leaked;
use crate::error::{Error, Result};

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_MAX: usize = 1_024;
/// Guesses that an attacker needs at least, who knows how people choose. With a thousand
/// networks the throttle of sign-ins lets through less than this many in half a year.
const GUESSES_MIN: u64 = 30_000_000;
/// As much of a password is looked at; what is longer is not found by guessing.
const LOOKED_AT_CHARS: usize = 100;
/// Words of the address and the product that are too short to matter.
const WORD_MIN: usize = 4;

/// Checks a password that somebody chooses, whose own words (e-mail address, names)
/// are easily guessed.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] with the reason.
pub fn check(password: &str, own: &[&str]) -> Result<()> {
    check_length(password)?;
    let lower = password.to_lowercase();
    let own = own_words(own);
    if own.iter().any(|word| is_nothing_but(&lower, word)) {
        return Err(Error::invalid(
            "The password is your own name or address. Choose one that has nothing to do with it.",
        ));
    }
    let looked_at: String = lower.chars().take(LOOKED_AT_CHARS).collect();
    let words: Vec<&str> = own.iter().map(String::as_str).collect();
    if zxcvbn::zxcvbn(&looked_at, &words).guesses() < GUESSES_MIN {
        return Err(Error::invalid(
            "This password is among the first that are guessed. Choose another: four or five \
             words that do not belong together are good.",
        ));
    }
    if leaked::is_known(password) {
        return Err(Error::invalid(
            "This password has leaked elsewhere and is among those that are tried. Choose another: \
             four or five words that do not belong together are good.",
        ));
    }
    Ok(())
}

/// Checks the length: 12 characters at least, 1,024 bytes at most.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] with the bound.
pub fn check_length(password: &str) -> Result<()> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(Error::invalid("A password needs at least 12 characters."));
    }
    if password.len() > PASSWORD_MAX {
        return Err(Error::invalid("A password has at most 1024 bytes."));
    }
    Ok(())
}

/// The words somebody goes by, and their parts.
fn own_words(own: &[&str]) -> Vec<String> {
    let mut words = vec!["pixelkeep".to_owned()];
    for text in own {
        let text = text.trim().to_lowercase();
        let parts = text.split(|c: char| !c.is_alphanumeric());
        words.extend(
            parts
                .filter(|part| part.chars().count() >= WORD_MIN)
                .map(str::to_owned),
        );
        if let Some((local, _)) = text.split_once('@') {
            words.push(local.to_owned());
        }
        words.push(text);
    }
    words.retain(|word| word.chars().count() >= WORD_MIN);
    words.dedup();
    words
}

/// Whether a password is a word, with digits and marks around or between at most.
fn is_nothing_but(lower: &str, word: &str) -> bool {
    let letters = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphabetic())
            .collect::<String>()
    };
    let bare = letters(word);
    !bare.is_empty()
        && letters(&lower.replace(word, &bare))
            .replace(&bare, "")
            .is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_pass_without_rules_about_characters() {
        for good in [
            "correct horse battery staple",
            "a rather long password 4711",
            "vbmqzkwgtrpl",
            "wiese tasse regen motor",
            "Zug fährt über die Brücke",
        ] {
            assert!(check(good, &["ann@example.org"]).is_ok(), "{good}");
        }
        assert!(check(&"ab".repeat(64), &[]).is_err());
        let random = super::super::token::new().0.repeat(3);
        assert!(random.len() >= 128 && check(&random, &[]).is_ok());
    }

    #[test]
    fn what_everybody_chooses_is_refused() {
        for bad in [
            "123456789012",
            "password1234",
            "Password123!",
            "passwordpassword",
            "qwertyuiop12",
            "P@ssw0rd1234",
            "aaaaaaaaaaaa",
            "abcdefghijkl",
            "iloveyou1234",
            "letmein12345",
            "zaq12wsxcde3",
            "supersecret123",
            "lehjxrflehjxrf",
            "LizardRafael060400",
        ] {
            assert!(check(bad, &[]).is_err(), "{bad}");
        }
        assert!(check("short", &[]).is_err());
        assert!(check(&"x".repeat(1_025), &[]).is_err());
    }

    #[test]
    fn ones_own_name_and_address_are_refused() {
        let own = ["margarethe.k@harbour-shop.example", "Harbour Shop"];
        for bad in [
            "margarethe.k@harbour-shop.example",
            "Margarethe2026!",
            "margarethe.k@",
            "harbour-shop",
            "Harbour Shop 1",
            "pixelkeep-2026",
        ] {
            assert!(check(bad, &own).is_err(), "{bad}");
        }
    }
}
