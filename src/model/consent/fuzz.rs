//! Door for the fuzz target into what reads the consent strings of banners. It exists
//! in tests and in fuzzing builds alone.

use super::{gpp, tcf};

/// A TC or GPP string, and after a space the sections that apply. Neither reader may
/// keep state: the same text says the same twice, with blanks around it as well.
pub fn strings(text: &str) {
    let (string, applicable) = match text.split_once(' ') {
        Some((string, list)) => (string, Some(list)),
        None => (text, None),
    };
    let framed = format!(" {string}\n");
    assert_eq!(tcf::parse(string), tcf::parse(&framed));
    let said = gpp::parse(string, applicable);
    assert_eq!(said, gpp::parse(string, applicable));
    if !string.contains('~') {
        assert_eq!(said, None, "no section, and yet it says something");
    }
}

#[cfg(test)]
mod tests {
    use crate::model::fuzz_seeds::for_each;

    #[test]
    fn the_seeds_pass() {
        for_each("consent", |bytes| {
            if let Ok(text) = std::str::from_utf8(bytes) {
                super::strings(text);
            }
        });
    }
}
