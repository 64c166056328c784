//! A ZIP that goes out while it is made, with the hash of each file in its manifest.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::error::{Error, Result};
use crate::report::spreadsheet_safe;

/// What the manifest says of a file.
struct Entry {
    name: String,
    bytes: u64,
    sha256: String,
    /// Of a table.
    rows: Option<u64>,
}

pub struct Archive<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    entries: Vec<Entry>,
}

/// Passes bytes on and knows their hash.
struct Hashing<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Archive<W> {
    pub fn new(out: W) -> Self {
        Archive {
            zip: ZipWriter::new_stream(out),
            entries: Vec::new(),
        }
    }

    /// One file.
    pub fn put(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        self.put_counted(name, |out| write(out).map(|()| None))
    }

    fn put_counted(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<Option<u64>>,
    ) -> Result<()> {
        // A file's length is not known when it begins, and a trail may be long.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true)
            .last_modified_time(zip::DateTime::default());
        self.zip.start_file(name, options).map_err(failed)?;
        let mut out = Hashing {
            out: &mut self.zip,
            hash: Sha256::new(),
            bytes: 0,
        };
        let rows = write(&mut out)?;
        let (hash, bytes): ([u8; 32], u64) = (out.hash.finalize().into(), out.bytes);
        self.entries.push(Entry {
            name: name.to_owned(),
            bytes,
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            rows,
        });
        Ok(())
    }

    pub fn json(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        self.put(name, |out| {
            serde_json::to_writer_pretty(&mut *out, value)
                .map_err(|error| Error::internal("A file could not be written").because(error))?;
            Ok(out.write_all(b"\n")?)
        })
    }

    /// A table: a line of names, then what `fill` adds.
    pub fn table<S: AsRef<str>>(
        &mut self,
        name: &str,
        columns: &[S],
        fill: impl FnOnce(&mut Rows<'_>) -> Result<()>,
    ) -> Result<()> {
        self.put_counted(name, |out| {
            let mut writer = csv::Writer::from_writer(out);
            let names = columns.iter().map(AsRef::as_ref);
            writer.write_record(names).map_err(broken)?;
            let mut rows = Rows { writer, count: 0 };
            fill(&mut rows)?;
            rows.writer.flush()?;
            Ok(Some(rows.count))
        })
    }

    /// Writes the manifest, and the list of files that makes it a ZIP.
    pub fn finish(mut self, about: &Value) -> Result<()> {
        let files: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name, "bytes": entry.bytes, "sha256": entry.sha256,
                    "rows": entry.rows,
                })
            })
            .collect();
        let mut manifest = about.clone();
        manifest["files"] = json!(files);
        self.json("manifest.json", &manifest)?;
        let mut out = self.zip.finish().map_err(failed)?.into_inner();
        Ok(out.flush()?)
    }
}

fn failed(error: zip::result::ZipError) -> Error {
    Error::internal("A ZIP could not be written").because(error)
}

fn broken(error: csv::Error) -> Error {
    Error::internal("A table could not be written").because(error)
}

/// One cell.
pub enum Cell {
    /// What somebody may have typed: never a formula.
    Text(String),
    /// Digits, or a word of the program's own.
    Plain(String),
}

impl Cell {
    /// Empty where there is nothing.
    pub fn text(text: Option<impl Into<String>>) -> Cell {
        Cell::Text(text.map(Into::into).unwrap_or_default())
    }

    pub fn plain(value: Option<impl ToString>) -> Cell {
        Cell::Plain(value.map(|value| value.to_string()).unwrap_or_default())
    }
}

/// The rows of a table.
pub struct Rows<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
    count: u64,
}

impl Rows<'_> {
    pub fn add(&mut self, cells: Vec<Cell>) -> Result<()> {
        let cells = cells.into_iter().map(|cell| match cell {
            Cell::Text(text) => spreadsheet_safe(&text),
            Cell::Plain(text) => text,
        });
        self.writer.write_record(cells).map_err(broken)?;
        self.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// What is written so reads back, and its manifest holds.
    #[test]
    fn a_streamed_zip_reads_back_and_no_cell_is_a_formula() {
        let mut bytes = Vec::new();
        let mut archive = Archive::new(&mut bytes);
        let fill = |rows: &mut Rows<'_>| {
            let text = |text: &str| Cell::Text(text.to_owned());
            rows.add(vec![text("=1+1"), Cell::plain(Some(-5))])?;
            rows.add(vec![text("a,\"b\""), Cell::plain(None::<i64>)])
        };
        archive.table("t.csv", &["name", "sum"], fill).unwrap();
        archive.finish(&json!({"format": "x"})).unwrap();
        let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            let mut file = zip.by_name(name).unwrap();
            file.read_to_string(&mut text).unwrap();
            text
        };
        let table = read("t.csv");
        assert_eq!(table, "name,sum\n'=1+1,-5\n\"a,\"\"b\"\"\",\n");
        let manifest: Value = serde_json::from_str(&read("manifest.json")).unwrap();
        let hash: [u8; 32] = Sha256::digest(table.as_bytes()).into();
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let entry = &manifest["files"][0];
        assert_eq!(
            (&entry["sha256"], &entry["rows"]),
            (&json!(hash), &json!(2))
        );
        assert_eq!(entry["bytes"], table.len());
    }
}
