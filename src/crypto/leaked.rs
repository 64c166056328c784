//! Passwords that have leaked and that are long enough to be taken otherwise: some sixty
//! thousand, in a filter inside the program. It answers whether a password is among them,
//! and holds none that could be read out. `packaging/leaked.py` makes it, and says of which
//! lists. Nothing is asked elsewhere.

use sha2::{Digest, Sha256};

/// Number of passwords and of bits, then the bits; see `packaging/leaked.py`.
static FILTER: &[u8] = include_bytes!("leaked.bin");
/// Bits that a password sets.
const HASHES: u64 = 16;

/// Whether a password is among those that leaked, whatever its case. Of others about one
/// in a hundred thousand is taken for one.
pub fn is_known(password: &str) -> bool {
    let Some((head, bits)) = FILTER.split_first_chunk::<8>() else {
        return false;
    };
    let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    let digest: [u8; 32] = Sha256::digest(password.to_lowercase().as_bytes()).into();
    let half = |at: usize| {
        let bytes = digest.iter().skip(at).take(8).rev();
        bytes.fold(0u64, |number, &byte| number << 8 | u64::from(byte))
    };
    let (first, second) = (half(0), half(8) | 1);
    size > 0
        && (0..HASHES).all(|turn| {
            let bit = first.wrapping_add(turn.wrapping_mul(second)) % size;
            let byte = usize::try_from(bit / 8).ok().and_then(|at| bits.get(at));
            byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_leaked_are_known_and_others_are_not() {
        for leaked in [
            "gfhjkmgfhjkm",
            "lehjxrflehjxrf",
            "londonbridge",
            "LondonBridge",
            "0devastator0",
            "nicholepatri",
            "zivrjn27SJbD",
        ] {
            assert!(is_known(leaked), "{leaked}");
        }
        for other in ["correct horse battery staple", "vbmqzkwgtrpl", "", "ä"] {
            assert!(!is_known(other), "{other}");
        }
    }

    #[test]
    fn hardly_any_other_password_is_taken_for_one() {
        let taken = (0..200_000)
            .filter(|n| is_known(&format!("somebody's own number {n}")))
            .count();
        assert!(taken < 20, "{taken} of 200000");
    }

    #[test]
    fn the_filter_is_whole() {
        let (head, bits) = FILTER.split_first_chunk::<8>().unwrap();
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        assert!(number(0) > 50_000);
        assert_eq!(bits.len(), number(4).div_ceil(8) as usize);
    }
}
