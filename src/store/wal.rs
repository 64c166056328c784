//! A look into a write-ahead log before SQLite opens it. SQLite ends its reading at
//! the first frame that does not fit and silently drops what follows. After a power
//! loss that is right: the end was never synced. But each commit is synced before
//! the next one begins, so where a whole commit lies behind such a frame and something
//! follows it, synced content was damaged, and hits that were acknowledged are gone.
//! The format: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;
const PAGE_MAX: u32 = 65_536;

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// Everything in it is whole, or there is none.
    Whole,
    /// An end that was never synced; `keep` bytes before it are whole.
    Torn { keep: u64 },
    /// Something before synced commits does not fit: they would be dropped.
    Damaged { keep: u64, frame: u64 },
}

/// What to say of a damaged log.
pub fn refuse(wal: &Path, frame: u64) -> Error {
    Error::damaged(format!(
        "{} is damaged at frame {frame}, and commits that were synced later lie behind it. \
         Opening it would drop them silently, so nothing was changed. Put a backup back, or \
         start once with `serve --accept-loss`: that keeps the damaged log beside the \
         database and goes on with what lies before the damage.",
        wal.display()
    ))
}

/// Sets a damaged log aside and keeps what lies before the damage. Gives the copy's
/// path; none where the log is not damaged.
pub fn set_aside(wal: &Path) -> Result<Option<PathBuf>> {
    let Log::Damaged { keep, .. } = inspect(wal)? else {
        return Ok(None);
    };
    let copy = (0..u16::MAX)
        .map(|number| wal.with_extension(format!("db-wal.damaged-{number}")))
        .find(|path| !path.exists())
        .ok_or_else(|| Error::internal("Too many damaged logs lie beside the database."))?;
    std::fs::copy(wal, &copy)?;
    File::open(&copy)?.sync_all()?;
    cut(wal, keep)?;
    Ok(Some(copy))
}

/// Frames that an open log holds by its index; 0 where there is none. The place:
/// <https://sqlite.org/walformat.html#the_wal_index_header>.
pub fn frames(wal: &Path) -> u64 {
    let index = wal.with_extension("db-shm");
    let mut frames = [0; 4];
    let read = File::open(index).and_then(|file| file.read_exact_at(&mut frames, 16));
    read.map_or(0, |()| u32::from_ne_bytes(frames).into())
}

/// Cuts a log off behind what is whole.
pub fn cut(wal: &Path, keep: u64) -> Result<()> {
    let file = OpenOptions::new().write(true).open(wal)?;
    file.set_len(keep)?;
    file.sync_all()?;
    Ok(())
}

/// Reads a log as SQLite will, and then what lies behind.
pub fn inspect(wal: &Path) -> Result<Log> {
    let file = match File::open(wal) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Log::Whole),
        Err(error) => return Err(error.into()),
    };
    let length = file.metadata()?.len();
    let mut file = BufReader::with_capacity(1 << 18, file);
    let mut header = [0; HEADER];
    if length <= HEADER as u64 || file.read_exact(&mut header).is_err() {
        return Ok(Log::Whole);
    }
    match Header::read(&header) {
        Some(header) => Scan::new(header).run(&mut file, length),
        None => inspect_headless(&header, &mut file),
    }
}

/// The header is synced before any frame is written: where the first frame continues
/// one of the header's sums, the header was whole once.
fn inspect_headless(header: &[u8; HEADER], file: &mut impl Read) -> Result<Log> {
    let mut rest = Vec::new();
    file.take(u64::from(PAGE_MAX) + FRAME_HEADER as u64)
        .read_to_end(&mut rest)?;
    for big in [false, true] {
        let seeds = [sum(big, (0, 0), &header[..24]), sums_at(header, 24)];
        let mut page = 512;
        while page <= PAGE_MAX {
            let end = FRAME_HEADER + page as usize;
            if let Some(frame) = rest.get(..end)
                && seeds
                    .iter()
                    .any(|&seed| frame_sum(big, seed, frame) == sums_at(frame, 16))
            {
                return Ok(Log::Damaged { keep: 0, frame: 0 });
            }
            page *= 2;
        }
    }
    Ok(Log::Torn { keep: 0 })
}

struct Header {
    page: usize,
    big: bool,
    salts: [u8; 8],
    sums: (u32, u32),
}

impl Header {
    /// None: SQLite ignores the whole file.
    fn read(bytes: &[u8; HEADER]) -> Option<Header> {
        let big = match word(bytes, 0) {
            MAGIC_LITTLE => false,
            MAGIC_BIG => true,
            _ => return None,
        };
        let page = word(bytes, 8);
        let sums = sums_at(bytes, 24);
        let fits = (512..=PAGE_MAX).contains(&page) && page.is_power_of_two();
        if !fits || sum(big, (0, 0), &bytes[..24]) != sums {
            return None;
        }
        let mut salts = [0; 8];
        salts.copy_from_slice(&bytes[16..24]);
        Some(Header {
            page: page as usize,
            big,
            salts,
            sums,
        })
    }
}

/// The state of reading frame after frame.
struct Scan {
    header: Header,
    /// What the next frame must continue.
    sums: (u32, u32),
    frame: u64,
    /// Frames up to the last commit before anything that does not fit.
    committed: u64,
    behind: Option<Behind>,
}

/// Beyond the first frame that does not fit.
struct Behind {
    broken: u64,
    /// Sums that the next frame may continue: those written in the last frame, and
    /// of the broken one also those that it has.
    seeds: Vec<(u32, u32)>,
    /// Whether the last frame ended a commit.
    ended: bool,
}

impl Scan {
    fn new(header: Header) -> Scan {
        Scan {
            sums: header.sums,
            header,
            frame: 0,
            committed: 0,
            behind: None,
        }
    }

    fn run(mut self, file: &mut impl Read, length: u64) -> Result<Log> {
        let mut frame = vec![0; FRAME_HEADER + self.header.page];
        while read_whole(file, &mut frame)? {
            match self.behind.take() {
                None => self.take(&frame),
                Some(behind) if self.continues_commit(&behind, &frame) => {
                    return Ok(Log::Damaged {
                        keep: self.length(),
                        frame: behind.broken,
                    });
                }
                Some(behind) => {
                    self.behind = Some(Behind {
                        seeds: vec![sums_at(&frame, 16)],
                        ended: word(&frame, 4) != 0,
                        ..behind
                    });
                }
            }
            self.frame += 1;
        }
        let keep = self.length();
        Ok(if length > keep {
            Log::Torn { keep }
        } else {
            Log::Whole
        })
    }

    /// Takes a frame as SQLite does, as long as they fit.
    fn take(&mut self, frame: &[u8]) {
        let written = sums_at(frame, 16);
        let sums = frame_sum(self.header.big, self.sums, frame);
        let is_ours = frame[8..16] == self.header.salts;
        if is_ours && word(frame, 0) != 0 && sums == written {
            self.sums = sums;
            if word(frame, 4) != 0 {
                self.committed = self.frame + 1;
            }
            return;
        }
        self.behind = Some(Behind {
            broken: self.frame,
            seeds: vec![written, sums],
            ended: word(frame, 4) != 0 || self.ended_commit_once(frame),
        });
    }

    /// Whether the frame fits again, and ends a commit, with one bit of its place
    /// turned back.
    fn ended_commit_once(&self, frame: &[u8]) -> bool {
        let mut turned = frame.to_vec();
        (0..32).any(|bit| {
            let (byte, mask) = (4 + bit / 8, 1 << (bit % 8));
            turned[byte] ^= mask;
            let fits = frame_sum(self.header.big, self.sums, &turned) == sums_at(frame, 16);
            turned[byte] ^= mask;
            fits
        })
    }

    /// Whether a frame was written as the next one after a commit: then that commit
    /// had been synced. Frames that an earlier round left have other salts.
    fn continues_commit(&self, behind: &Behind, frame: &[u8]) -> bool {
        let written = sums_at(frame, 16);
        behind.ended
            && frame[8..16] == self.header.salts
            && behind
                .seeds
                .iter()
                .any(|&seed| frame_sum(self.header.big, seed, frame) == written)
    }

    fn length(&self) -> u64 {
        if self.committed == 0 {
            return 0;
        }
        HEADER as u64 + self.committed * (FRAME_HEADER + self.header.page) as u64
    }
}

/// False at the end, also where only a part is left.
fn read_whole(file: &mut impl Read, into: &mut [u8]) -> Result<bool> {
    match file.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(word)
}

fn sums_at(bytes: &[u8], at: usize) -> (u32, u32) {
    (word(bytes, at), word(bytes, at + 4))
}

fn frame_sum(big: bool, seed: (u32, u32), frame: &[u8]) -> (u32, u32) {
    let seed = sum(big, seed, &frame[..8]);
    sum(big, seed, &frame[FRAME_HEADER..])
}

/// The format's checksum over pairs of words, in the order that the magic names.
fn sum(big: bool, seed: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let (mut first, mut second) = seed;
    for pair in bytes.chunks_exact(8) {
        let (left, right) = match big {
            true => (word(pair, 0), word(pair, 4)),
            false => (word(pair, 0).swap_bytes(), word(pair, 4).swap_bytes()),
        };
        first = first.wrapping_add(left).wrapping_add(second);
        second = second.wrapping_add(right).wrapping_add(first);
    }
    (first, second)
}
