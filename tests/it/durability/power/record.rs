//! What a recorded disk did, read back, and the states in which a loss of power could
//! have left it: everything synced is there; of the rest each write may be there, be
//! missing or be torn at any sector, and of names that were made, moved and removed
//! the latest may be missing.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::harness::marks::Random;

const SECTOR: usize = 512;

/// Files that say nothing of the data: a map of the log that SQLite makes anew, the
/// lock, the socket, and what only takes up room.
const OF_NO_ACCOUNT: [&str; 6] = [
    "pixelkeep.db-shm",
    "journal.db-shm",
    "lock",
    "control.sock",
    "reserve",
    "room",
];

#[derive(Debug, Clone)]
enum What {
    Write {
        at: usize,
        data: Vec<u8>,
    },
    Truncate {
        to: usize,
    },
    /// A sync that is complete covers what was written before this event.
    Sync {
        since: usize,
    },
    Rename {
        to: String,
    },
    Unlink,
    Ask,
}

#[derive(Debug, Clone)]
struct Event {
    /// Bytes of the record up to its end.
    end: usize,
    name: String,
    what: What,
}

/// Everything that happened on a disk, in order.
pub struct Record(Vec<Event>);

impl Record {
    pub fn read(path: &Path) -> Record {
        let bytes = std::fs::read(path).unwrap();
        let mut events: Vec<Event> = Vec::new();
        let mut asked: HashMap<String, usize> = HashMap::new();
        let mut at = 0;
        // The last entry may be cut off by the kill.
        while let Some((event, kind)) = parse(&bytes, &mut at) {
            let mut event = event;
            match kind {
                6 => _ = asked.insert(event.name.clone(), events.len()),
                2 => {
                    let since = asked.get(&event.name).copied().unwrap_or(0);
                    event.what = What::Sync { since };
                }
                _ => {}
            }
            if !OF_NO_ACCOUNT.contains(&event.name.as_str()) {
                events.push(event);
            }
        }
        Record(events)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Where the record ended when so many events had happened.
    pub fn position(&self, events: usize) -> usize {
        self.0[..events].last().map_or(0, |event| event.end)
    }

    /// Writes a state after `events` events into an empty folder.
    pub fn leave(&self, events: usize, random: &mut Random, into: &Path) {
        let mut disk = Model::default();
        for (index, event) in self.0[..events].iter().enumerate() {
            disk.take(index, event);
        }
        for (name, file) in disk.names_left(random) {
            let content = disk.content(file, random);
            std::fs::write(into.join(name), content).unwrap();
        }
    }
}

fn parse(bytes: &[u8], at: &mut usize) -> Option<(Event, u32)> {
    let mut rest = bytes.get(*at..)?;
    let mut number = |size: usize| {
        let (first, after) = rest.split_at_checked(size)?;
        rest = after;
        let mut wide = [0; 8];
        wide[..size].copy_from_slice(first);
        Some(u64::from_le_bytes(wide) as usize)
    };
    let (kind, name_length) = (number(4)? as u32, number(4)?);
    let (offset, length) = (number(8)?, number(8)?);
    let (name, after) = rest.split_at_checked(name_length)?;
    let carries = matches!(kind, 1 | 4);
    let data = after.get(..if carries { length } else { 0 })?;
    *at += 24 + name_length + data.len();
    let what = match kind {
        1 => What::Write {
            at: offset,
            data: data.to_vec(),
        },
        3 => What::Truncate { to: offset },
        4 => What::Rename {
            to: String::from_utf8_lossy(data).into_owned(),
        },
        5 => What::Unlink,
        _ => What::Ask,
    };
    let name = String::from_utf8_lossy(name).into_owned();
    let event = Event {
        end: *at,
        name,
        what,
    };
    Some((event, kind))
}

/// A change of the folder itself.
enum Naming {
    Made(String, usize),
    Moved(String, String),
    Gone(String),
}

/// One file, whatever its name: what was done to it, and how much of that is synced.
#[derive(Default)]
struct Inode {
    done: Vec<(usize, What)>,
    synced_before: usize,
}

#[derive(Default)]
struct Model {
    inodes: Vec<Inode>,
    live: HashMap<String, usize>,
    namings: Vec<(usize, Naming)>,
    names_synced_before: usize,
}

impl Model {
    fn take(&mut self, index: usize, event: &Event) {
        let name = &event.name;
        match &event.what {
            What::Ask => {}
            What::Sync { since } if name.is_empty() => {
                self.names_synced_before = self.names_synced_before.max(*since);
            }
            What::Sync { since } => {
                if let Some(&file) = self.live.get(name) {
                    let inode = &mut self.inodes[file];
                    inode.synced_before = inode.synced_before.max(*since);
                }
            }
            What::Rename { to } => {
                if let Some(file) = self.live.remove(name) {
                    self.live.insert(to.clone(), file);
                    let naming = Naming::Moved(name.clone(), to.clone());
                    self.namings.push((index, naming));
                }
            }
            What::Unlink => {
                self.live.remove(name);
                self.namings.push((index, Naming::Gone(name.clone())));
            }
            What::Write { .. } | What::Truncate { .. } => {
                let file = self.file(index, name);
                self.inodes[file].done.push((index, event.what.clone()));
            }
        }
    }

    fn file(&mut self, index: usize, name: &str) -> usize {
        if let Some(&file) = self.live.get(name) {
            return file;
        }
        let file = self.inodes.len();
        self.inodes.push(Inode::default());
        self.live.insert(name.to_owned(), file);
        self.namings
            .push((index, Naming::Made(name.to_owned(), file)));
        file
    }

    /// The names that are there: all that are synced, and of the rest the first few.
    fn names_left(&self, random: &mut Random) -> BTreeMap<String, usize> {
        let synced = self.names_synced_before;
        let open = self.namings.iter().filter(|(index, _)| *index >= synced);
        let mut more = random.below(open.count() as u64 + 1);
        let mut names = BTreeMap::new();
        for (index, naming) in &self.namings {
            if *index >= synced {
                if more == 0 {
                    break;
                }
                more -= 1;
            }
            match naming {
                Naming::Made(name, file) => _ = names.insert(name.clone(), *file),
                Naming::Moved(from, to) => {
                    if let Some(file) = names.remove(from) {
                        names.insert(to.clone(), file);
                    }
                }
                Naming::Gone(name) => _ = names.remove(name),
            }
        }
        names
    }

    fn content(&self, file: usize, random: &mut Random) -> Vec<u8> {
        let inode = &self.inodes[file];
        let mut content = Vec::new();
        // Of what is not synced: nothing, all, or any of it.
        let manner = random.below(4);
        for (index, what) in &inode.done {
            let fate = match manner {
                _ if *index < inode.synced_before => Fate::Kept,
                0 => Fate::Dropped,
                1 => Fate::Kept,
                _ => *random.pick(&[Fate::Kept, Fate::Dropped, Fate::Torn]),
            };
            apply(&mut content, what, fate, random);
        }
        content
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Kept,
    Dropped,
    Torn,
}

fn apply(content: &mut Vec<u8>, what: &What, fate: Fate, random: &mut Random) {
    match what {
        _ if fate == Fate::Dropped => {}
        What::Truncate { to } => content.resize(*to, 0),
        What::Write { at, data } => {
            let mut start = 0;
            while start < data.len() {
                // To the end of the sector that it lies in.
                let end = data.len().min(start + SECTOR - (at + start) % SECTOR);
                if fate == Fate::Kept || random.below(2) == 0 {
                    let place = at + start..at + end;
                    if content.len() < place.end {
                        content.resize(place.end, 0);
                    }
                    content[place].copy_from_slice(&data[start..end]);
                }
                start = end;
            }
        }
        _ => {}
    }
}
