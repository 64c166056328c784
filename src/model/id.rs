//! Public ids: opaque, not enumerable, short enough to type. An id is 40 random
//! bits and at the same time the row's key, so no look-up stands between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_CHARS: usize = 8;
/// Largest value an id can take: 40 bits.
pub const ID_MAX: u64 = (1 << 40) - 1;

/// Writes `value` as `chars` letters of the id alphabet, most significant first.
pub fn encode_base32(value: u64, chars: usize) -> String {
    let digits = (0..chars).rev();
    digits
        .map(|place| char::from(digit(value, place)))
        .collect()
}

fn digit(value: u64, place: usize) -> u8 {
    ALPHABET[((value >> (5 * place)) & 31) as usize]
}

/// Writes `value` as `N` letters, as [`encode_base32`] does.
fn write_base32<const N: usize>(value: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let letters: [u8; N] = std::array::from_fn(|at| digit(value, N - 1 - at));
    f.write_str(std::str::from_utf8(&letters).map_err(|_| fmt::Error)?)
}

/// Reads letters of the id alphabet; `None` for any other letter or length.
pub fn decode_base32(text: &str, chars: usize) -> Option<u64> {
    if text.len() != chars {
        return None;
    }
    text.bytes().try_fold(0u64, |value, byte| {
        let digit = DIGITS[usize::from(byte)];
        (digit < NO_DIGIT).then_some(value << 5 | u64::from(digit))
    })
}

const NO_DIGIT: u8 = 32;
/// The place of each letter in the alphabet.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Keeps the lower 40 bits; zero is never a valid id.
            pub fn from_random(random: u64) -> Self {
                $name((random & ID_MAX).max(1))
            }

            /// The row this id is the key of.
            pub fn row(self) -> i64 {
                self.0 as i64
            }

            pub fn from_row(row: i64) -> Self {
                $name(row as u64 & ID_MAX)
            }

            /// The id that a text is, if it is one.
            pub fn read(text: &str) -> Option<Self> {
                decode_base32(text, ID_CHARS)
                    .filter(|&value| value != 0)
                    .map($name)
            }

            pub fn to_bytes(self) -> [u8; 5] {
                let [_, _, _, bytes @ ..] = self.0.to_be_bytes();
                bytes
            }

            pub fn from_bytes(bytes: [u8; 5]) -> Self {
                let [a, b, c, d, e] = bytes;
                $name(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]))
            }
        }

        /// As it is written everywhere: 8 letters.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_base32::<ID_CHARS>(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                $name::read(text).ok_or_else(|| Error::not_found($what))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_u64(self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(|_| serde::de::Error::custom(concat!("not a ", $what, " id")))
                } else {
                    Ok($name(u64::deserialize(deserializer)? & ID_MAX))
                }
            }
        }
    };
}

id!(
    /// A customer.
    AccountId, "account"
);
impl AccountId {
    /// Stands for the instance where an account is asked for. No account has this id.
    pub const INSTANCE: AccountId = AccountId(0);
}

id!(
    /// A person in an account.
    MemberId, "member"
);
id!(
    /// A website of an account.
    SiteId, "site"
);
id!(
    /// What is advertised.
    CampaignId, "campaign"
);
id!(
    /// What counts as a conversion of a campaign.
    GoalId, "goal"
);
id!(
    /// Who sends traffic.
    PublisherId, "publisher"
);
id!(
    /// An API token, not its secret.
    TokenId, "token"
);
id!(
    /// A one-time link, not its secret.
    InviteId, "invitation"
);
id!(
    /// A support grant.
    GrantId, "grant"
);

/// The public key of a site, as it stands in its pages: 60 random bits, 12 letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SiteKey(u64);

impl SiteKey {
    const CHARS: usize = 12;

    pub fn from_random(random: u64) -> Self {
        SiteKey(random & ((1 << 60) - 1))
    }
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_base32::<{ SiteKey::CHARS }>(self.0, f)
    }
}

impl fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SiteKey({self})")
    }
}

impl FromStr for SiteKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        decode_base32(text, Self::CHARS)
            .map(SiteKey)
            .ok_or_else(|| Error::not_found("site"))
    }
}

impl Serialize for SiteKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SiteKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| serde::de::Error::custom("not a site key"))
    }
}

/// The id of a conversion: 64 bits that look random, 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ConversionId(pub u64);

impl fmt::Display for ConversionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for ConversionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConversionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| serde::de::Error::custom("not a conversion id"))
    }
}

impl FromStr for ConversionId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::not_found("conversion"));
        }
        u64::from_str_radix(text, 16)
            .map(ConversionId)
            .map_err(|_| Error::not_found("conversion"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_text_bytes_and_row() {
        let id = CampaignId::from_random(0x12_3456_789a);
        assert_eq!(id.to_string().len(), 8);
        assert_eq!(id.to_string().parse::<CampaignId>().unwrap(), id);
        assert_eq!(CampaignId::from_bytes(id.to_bytes()), id);
        assert_eq!(CampaignId::from_row(id.row()), id);
    }

    #[test]
    fn text_that_is_no_id_is_not_found() {
        for text in ["", "0", "00000000", "1234567l", "123456789", "ÄÄÄÄ"] {
            assert!(text.parse::<CampaignId>().is_err(), "{text}");
        }
    }
}
