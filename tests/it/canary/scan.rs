//! Looks for marks in files, in every form in which a careless program would
//! leave them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::fields::Marks;

/// A mark that was found.
#[derive(Debug, Clone)]
pub struct Finding {
    pub field: String,
    #[allow(dead_code, reason = "read by the failing test's reader")]
    pub form: &'static str,
    #[allow(dead_code, reason = "read by the failing test's reader")]
    pub file: PathBuf,
}

/// The field a mark was entered in, the form looked for, and its bytes.
type Needle<'a> = (&'a str, &'static str, Vec<u8>);

/// All marks of a file.
pub fn scan(file: &Path, marks: &Marks) -> Vec<Finding> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let mut needles: HashMap<[u8; 4], Vec<Needle>> = HashMap::new();
    for (field, mark) in marks.all() {
        for (form, needle) in forms(mark) {
            let start = needle[..4].try_into().unwrap();
            needles
                .entry(start)
                .or_default()
                .push((field, form, needle));
        }
    }
    let pair = |at: &[u8]| usize::from(at[0]) << 8 | usize::from(at[1]);
    let mut first = vec![false; 1 << 16];
    needles.keys().for_each(|start| first[pair(start)] = true);
    let mut found = Vec::new();
    for at in 0..bytes.len().saturating_sub(3) {
        if !first[pair(&bytes[at..])] {
            continue;
        }
        let start: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        for (field, form, needle) in needles.get(&start).into_iter().flatten() {
            if bytes[at..].starts_with(needle) {
                found.push(Finding {
                    field: (*field).to_owned(),
                    form,
                    file: file.to_owned(),
                });
            }
        }
    }
    found
}

/// Every form of a mark, as it is and in capitals.
fn forms(mark: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = Vec::new();
    for text in [mark.to_owned(), mark.to_uppercase()] {
        forms.push(("plain", text.as_bytes().to_vec()));
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.push(("hex", hex.as_bytes().to_vec()));
        forms.push(("hex in capitals", hex.to_uppercase().into_bytes()));
        forms.push((
            "UTF-16LE",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ));
        forms.push((
            "UTF-16BE",
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ));
        forms.push(("reversed", text.bytes().rev().collect()));
        for shift in 0..3 {
            forms.push(("base64", base64_inside(&text, shift)));
        }
    }
    forms
}

/// The letters that base64 of any text makes of `text` where it starts `shift`
/// bytes into a group of three; those that its neighbours change are left out.
/// Marks are letters and digits, so both alphabets give the same.
fn base64_inside(text: &str, shift: usize) -> Vec<u8> {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(text.as_bytes());
    bytes.truncate(bytes.len() / 3 * 3);
    let letters = STANDARD.encode(&bytes).into_bytes();
    let changed = [0, 2, 3][shift];
    letters[changed..].to_vec()
}

/// The forms in which the control plants a mark.
pub fn planted(mark: &str) -> Vec<(&'static str, Vec<u8>)> {
    let with = |before: &str| format!("{before}{mark}!");
    let upper_hex: String = mark.bytes().map(|byte| format!("{byte:02X}")).collect();
    let lower_hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("plain", mark.as_bytes().to_vec()),
        ("capitals", mark.to_uppercase().into_bytes()),
        ("lower hex", lower_hex.into_bytes()),
        ("upper hex", upper_hex.into_bytes()),
        (
            "base64, first alignment",
            STANDARD.encode(with("")).into_bytes(),
        ),
        (
            "base64, second alignment",
            STANDARD.encode(with("x")).into_bytes(),
        ),
        (
            "base64, third alignment",
            URL_SAFE_NO_PAD.encode(with("xy")).into_bytes(),
        ),
        (
            "UTF-16LE",
            mark.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "UTF-16BE",
            mark.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ),
    ]
}
