//! Files to hand out as one: a ZIP with a manifest that names the hash of each. Pure
//! bytes; who writes them to a disk or a socket is not known here.

use std::io::{Cursor, Read, Write};

use serde_json::json;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::{Error, Result};

/// The file that names the hashes of all others.
const MANIFEST: &str = "manifest.json";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its place within the bundle, with `/` between folders.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl File {
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        File {
            name: name.into(),
            bytes: bytes.into(),
        }
    }
}

/// Files and their manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle(Vec<File>);

impl Bundle {
    /// Adds the manifest: SHA-256 and length of each file.
    pub fn new(mut files: Vec<File>) -> Result<Self> {
        let entries: Vec<_> = files
            .iter()
            .map(|file| {
                let hash: [u8; 32] = Sha256::digest(&file.bytes).into();
                let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({ "name": file.name, "bytes": file.bytes.len(), "sha256": hash })
            })
            .collect();
        let mut manifest = serde_json::to_vec_pretty(&json!({ "files": entries }))
            .map_err(|error| Error::internal("A manifest could not be written").because(error))?;
        manifest.push(b'\n');
        files.push(File::new(MANIFEST, manifest));
        Ok(Bundle(files))
    }

    pub fn files(&self) -> &[File] {
        &self.0
    }

    /// One of the files by its name.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.0.iter().find(|file| file.name == name)
    }

    /// All of it as a ZIP file.
    pub fn zip(&self) -> Result<Vec<u8>> {
        let failed = |error: zip::result::ZipError| {
            Error::internal("A ZIP could not be written").because(error)
        };
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        // The same content gives the same bytes: no instant of writing stands in it.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default());
        for file in &self.0 {
            zip.start_file(file.name.as_str(), options)
                .map_err(failed)?;
            zip.write_all(&file.bytes)?;
        }
        Ok(zip.finish().map_err(failed)?.into_inner())
    }
}

/// The files of a ZIP that [`Bundle::zip`] made.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where it is none.
pub fn unzip(bytes: &[u8]) -> Result<Vec<File>> {
    let damaged =
        |error: zip::result::ZipError| Error::damaged("A ZIP cannot be read").because(error);
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    (0..zip.len())
        .map(|place| {
            let mut file = zip.by_index(place).map_err(damaged)?;
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            let name = file.name().unwrap_or_default().into_owned();
            Ok(File::new(name, content))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_holds_every_file_and_the_manifest_their_hashes() {
        let bundle = Bundle::new(vec![
            File::new("data.json", "{}"),
            File::new("csv/hits.csv", "id\n"),
        ])
        .unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bundle.zip().unwrap())).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            text
        };
        assert_eq!(read("csv/hits.csv"), "id\n");
        let manifest: serde_json::Value = serde_json::from_str(&read(MANIFEST)).unwrap();
        // SHA-256 of "{}".
        let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(manifest["files"][0]["sha256"], hash);
    }
}
