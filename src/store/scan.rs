//! The byte scan: reads every file of the data folder and looks for marks that must
//! not be there any more, in the forms in which a careless program leaves them.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Result;

const CHUNK: usize = 1 << 20;
/// Shorter marks would be found by chance.
const MARK_MIN: usize = 6;

/// What a scan has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    pub files: u64,
    pub bytes: u64,
    pub marks: u64,
    /// Marks that were there, by the name of the file.
    pub found_in: BTreeMap<String, u64>,
}

impl Scanned {
    /// Marks that were there, in all files.
    pub fn found(&self) -> u64 {
        self.found_in.values().sum()
    }
}

/// A word as plain text, in hexadecimal digits and in UTF-16.
pub fn forms(word: &str) -> Vec<Vec<u8>> {
    if word.len() < MARK_MIN {
        return Vec::new();
    }
    let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![
        word.as_bytes().to_vec(),
        hex.into_bytes(),
        word.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ]
}

/// Marks by their first bytes.
struct Index<'a> {
    /// Whether any mark begins with these two bytes: most places are passed by here.
    pairs: Vec<bool>,
    by_start: HashMap<[u8; 4], Vec<&'a [u8]>>,
    longest: usize,
}

impl<'a> Index<'a> {
    fn new(marks: &'a [Vec<u8>]) -> Self {
        let mut index = Index {
            pairs: vec![false; 1 << 16],
            by_start: HashMap::new(),
            longest: 4,
        };
        for mark in marks {
            if let Some(start @ [first, second, ..]) = mark.first_chunk::<4>() {
                index.by_start.entry(*start).or_default().push(mark);
                index.longest = index.longest.max(mark.len());
                if let Some(pair) = index.pairs.get_mut(pair(*first, *second)) {
                    *pair = true;
                }
            }
        }
        index
    }

    /// Marks that end behind the first `known` bytes.
    fn count(&self, window: &[u8], known: usize) -> u64 {
        let mut found = 0;
        let mut last = 0;
        for (end, &byte) in window.iter().enumerate() {
            let is_start = end > 0 && self.pairs.get(pair(last, byte)) == Some(&true);
            last = byte;
            if is_start {
                found += self.count_at(window, end - 1, known);
            }
        }
        found
    }

    fn count_at(&self, window: &[u8], at: usize, known: usize) -> u64 {
        let here = window.get(at..).unwrap_or_default();
        let Some(candidates) = here.first_chunk::<4>().and_then(|it| self.by_start.get(it)) else {
            return 0;
        };
        let found = candidates
            .iter()
            .filter(|mark| at + mark.len() > known && here.starts_with(mark));
        found.count() as u64
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// Looks for marks in all files of a folder, but not below it.
pub fn scan(folder: &Path, marks: &[Vec<u8>]) -> Result<Scanned> {
    let index = Index::new(marks);
    let mut seen = Scanned {
        marks: marks.len() as u64,
        ..Scanned::default()
    };
    for path in files(folder)? {
        seen.files += 1;
        scan_file(&path, &index, &mut seen)?;
    }
    Ok(seen)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn scan_file(path: &Path, marks: &Index<'_>, seen: &mut Scanned) -> Result<()> {
    let overlap = marks.longest - 1;
    let mut file = File::open(path)?;
    let mut window: Vec<u8> = Vec::with_capacity(CHUNK + overlap);
    loop {
        // Where a mark lies across two chunks it is found in the second look.
        let kept = window.len().saturating_sub(overlap);
        window.drain(..kept);
        let before = window.len();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut window)?;
        let read = window.len() - before;
        if read == 0 {
            return Ok(());
        }
        seen.bytes += read as u64;
        let found = marks.count(&window, before);
        if found > 0 {
            let name = path.file_name().unwrap_or_default();
            *seen
                .found_in
                .entry(name.to_string_lossy().into())
                .or_default() += found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_every_form_and_across_chunks() {
        let folder = tempfile::tempdir().unwrap();
        let marks = forms("harbour-lights");
        let clean = scan(folder.path(), &marks).unwrap();
        assert_eq!((clean.found(), clean.marks), (0, 3));
        let mut bytes = vec![b'.'; CHUNK - 5];
        for mark in &marks {
            bytes.extend_from_slice(mark);
        }
        std::fs::write(folder.path().join("database"), &bytes).unwrap();
        let seen = scan(folder.path(), &marks).unwrap();
        assert_eq!(seen.found_in, [("database".to_owned(), 3)].into());
        assert_eq!((seen.files, seen.bytes), (1, bytes.len() as u64));
    }

    #[test]
    fn a_short_word_is_no_mark() {
        assert!(forms("Shop").is_empty());
    }
}
