//! Which clock holds for a folder: the machine's, or in a folder that was made with
//! `--test-clock` the file that it follows. Such a folder is marked for good, and
//! every command on it keeps its time.

use std::path::Path;

use crate::clock::Clock;
use crate::crypto::Keys;
use crate::error::{Error, Kind, Result};
use crate::store::{DataFolder, Store};

/// Opens the store of a folder with the clock that holds there. `file` is what
/// `--test-clock` names; a new folder is marked by it.
///
/// # Errors
/// [`Kind::Usage`] where a file is named for a folder that was made without one,
/// [`Kind::Config`] where the clock of a test folder cannot be read.
pub fn open(folder: DataFolder, keys: Keys, file: Option<&Path>) -> Result<(Store, Clock)> {
    let is_new = !folder.main_database().exists();
    let store = Store::open(folder, keys)?;
    if is_new && let Some(file) = file {
        store.mark_test_clock(&absolute(file)?)?;
    }
    let remembered = store.test_clock()?;
    let clock = match (file, remembered) {
        (None, None) => Clock::System,
        (Some(_), None) => return Err(refused()),
        (Some(file), Some(known)) => {
            let file = absolute(file)?;
            let clock = Clock::of_file(&file)?;
            if file != known {
                store.mark_test_clock(&file)?;
            }
            clock
        }
        (None, Some(known)) => Clock::of_file(&known).map_err(|error| {
            let sentence = "This folder was made with a test clock and keeps its time. Put the \
                 file back, or name another with --test-clock";
            Error::new(Kind::Config, sentence).because(error)
        })?,
    };
    Ok((store, clock))
}

/// Refuses a clock that cannot be read before anything else is touched.
pub fn check(file: Option<&Path>) -> Result<()> {
    file.map_or(Ok(()), |file| Clock::of_file(file).map(|_| ()))
}

/// Time is moved nowhere but in a folder that was made for it.
pub fn refused() -> Error {
    Error::new(
        Kind::Usage,
        "--test-clock works only in a folder that was made with it. Leave it away, or let it \
         make a new folder with --data-dir.",
    )
}

fn absolute(file: &Path) -> Result<std::path::PathBuf> {
    Ok(std::path::absolute(file)?)
}
