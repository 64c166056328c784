//! Bits of consent strings: base64url text read bit by bit, bounded, never past the
//! end. Nothing here knows what a bit means.

/// Letters of one segment that are read at most; longer ones are no consent.
const LETTERS_MAX: usize = 4_096;

/// The bits of one segment.
pub struct Bits {
    /// Six bits a letter.
    sextets: Vec<u8>,
}

impl Bits {
    /// None where the text is empty, too long, or not base64url without padding.
    pub fn read(text: &str) -> Option<Bits> {
        let text = text.trim_end_matches('=');
        if text.is_empty() || text.len() > LETTERS_MAX {
            return None;
        }
        let sextets: Option<Vec<u8>> = text.bytes().map(sextet).collect();
        sextets.map(|sextets| Bits { sextets })
    }

    /// The bit at this place; none past the end.
    pub fn bit(&self, at: usize) -> Option<bool> {
        let sextet = self.sextets.get(at / 6)?;
        Some(sextet >> (5 - at % 6) & 1 == 1)
    }

    /// A number of `width` bits, 1 to 32.
    pub fn number(&self, at: usize, width: usize) -> Option<u32> {
        (at..at + width).try_fold(0, |number, place| {
            Some(number << 1 | u32::from(self.bit(place)?))
        })
    }
}

fn sextet(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
pub mod writing {
    //! The other way round, for tests.

    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// Numbers as `(value, width)`, one after the other, padded to a whole letter.
    pub fn write(fields: &[(u64, usize)]) -> String {
        let mut bits = Vec::new();
        for &(value, width) in fields {
            bits.extend((0..width).rev().map(|place| (value >> place & 1) as u8));
        }
        let sextet = |chunk: &[u8]| (0..6).fold(0, |n, i| n << 1 | chunk.get(i).unwrap_or(&0));
        bits.chunks(6)
            .map(|chunk| LETTERS[usize::from(sextet(chunk))] as char)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_in_order_and_never_past_the_end() {
        let bits = Bits::read(&writing::write(&[(2, 6), (1, 1), (5, 12)])).unwrap();
        assert_eq!(bits.number(0, 6), Some(2));
        assert_eq!((bits.bit(6), bits.number(7, 12)), (Some(true), Some(5)));
        assert_eq!((bits.bit(24), bits.number(20, 6)), (None, None));
    }

    #[test]
    fn what_is_no_base64url_is_nothing() {
        for text in ["", "====", "a b", "a+b", "a/b", "ü"] {
            assert!(Bits::read(text).is_none(), "{text}");
        }
        assert!(Bits::read(&"A".repeat(LETTERS_MAX + 1)).is_none());
    }
}
