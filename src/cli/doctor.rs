//! `doctor`: what an operator would want to know before it hurts. Each check is a
//! sentence with the next step; it ends with 1 where one found something.

mod accounts;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::key::NOT_RECOVERABLE;
use super::mail;
use super::options::Global;
use super::request::{Output, Request, carry_out};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::error::Result;
use crate::lifecycle::Schedule;
use crate::lifecycle::heartbeat::doubt;
use crate::store::{Store, sqlite_version};

/// Below so many free bytes it is time to act.
const FREE_MIB_MIN: u64 = 1_024;
/// 2025-01-01: no machine that runs this has an earlier date.
const CLOCK_EARLIEST_MS: i64 = 1_735_689_600_000;

/// What the folder is looked at with: options the server would be started with.
#[derive(Serialize, Deserialize)]
pub struct Examination {
    public_url: Option<String>,
    listens_beyond: bool,
    /// The command's own process; another one that answers is a server.
    asked_by: u32,
}

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    text: String,
}

pub fn run(global: &Global) -> Result<Output> {
    let config = global
        .options(super::options::ServeOptions::none())?
        .resolve()?;
    carry_out(global, Request::Doctor(Examination::of(&config)))
}

impl Examination {
    fn of(config: &Config) -> Self {
        Examination {
            public_url: config.public_url.clone(),
            listens_beyond: !config.listen.ip().is_loopback(),
            asked_by: std::process::id(),
        }
    }

    pub fn perform(self, store: &Store, clock: &Clock, schedule: &Schedule) -> Result<Output> {
        let data = store.folder().path().to_owned();
        let findings = vec![
            self.server(),
            permissions(&data)?,
            key_place(store, &data),
            escrow(store),
            disk(&data)?,
            database(store),
            time(clock, clock.now(), schedule),
            evidence(store, clock.now())?,
            mail(store, clock.now())?,
            requests(store, clock.now())?,
            self.reach(),
            accounts::snapshots(store)?,
            accounts::ends(store, clock.now()),
            accounts::postures(store),
            accounts::locks(store),
        ];
        let found = findings.iter().any(|finding| !finding.ok);
        let line = |finding: &Finding| {
            let mark = if finding.ok { "ok  " } else { "LOOK" };
            format!("{mark}  {}: {}", finding.check, finding.text)
        };
        let lines: Vec<String> = findings.iter().map(line).collect();
        Ok(Output::of_check(
            json!({ "sound": !found, "checks": findings }),
            lines.join("\n"),
            found,
        ))
    }

    fn server(&self) -> Finding {
        let text = if self.asked_by == std::process::id() {
            "No server runs on the folder."
        } else {
            "A server runs on the folder."
        };
        Finding {
            check: "server",
            ok: true,
            text: text.to_owned(),
        }
    }

    fn reach(&self) -> Finding {
        let secure = self
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
        let (ok, text) = match (secure, self.listens_beyond) {
            (true, _) => (true, "Browsers reach this server over HTTPS."),
            (false, false) => (
                true,
                "It listens on this machine alone. For browsers elsewhere put a web server with \
                 HTTPS in front and name it with --public-url.",
            ),
            (false, true) => (
                false,
                "It listens beyond this machine and --public-url does not begin with https://: \
                 put a web server with HTTPS in front.",
            ),
        };
        Finding {
            check: "public_url",
            ok,
            text: text.to_owned(),
        }
    }
}

/// Nobody but the owner may read what lies in the folder.
fn permissions(data: &Path) -> Result<Finding> {
    let mut open = Vec::new();
    let mut look = |path: &Path| -> Result<()> {
        let mode = std::fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            open.push(path.display().to_string());
        }
        Ok(())
    };
    look(data)?;
    for entry in std::fs::read_dir(data)? {
        look(&entry?.path())?;
    }
    open.sort();
    Ok(Finding {
        check: "permissions",
        ok: open.is_empty(),
        text: match open.is_empty() {
            true => "Folder and files are closed to other users.".to_owned(),
            false => format!(
                "Others may read {}: chmod go= what is named.",
                open.join(", ")
            ),
        },
    })
}

fn key_place(store: &Store, data: &Path) -> Finding {
    let source = store.keys().source();
    let beside = source
        .as_ref()
        .is_some_and(|source| source.path().starts_with(data));
    Finding {
        check: "key",
        ok: !beside,
        text: match beside {
            true => "The master key lies beside the data, so that whoever takes the folder can \
                     read it. Move it to another place and name that with --key-file, or use a \
                     systemd credential."
                .to_owned(),
            false => "The master key lies apart from the data.".to_owned(),
        },
    }
}

fn escrow(store: &Store) -> Finding {
    let recoverable = store.keys().is_recoverable();
    Finding {
        check: "escrow",
        ok: recoverable,
        text: match recoverable {
            true => "The keyring's copy was shown to open.".to_owned(),
            false => format!(
                "{NOT_RECOVERABLE} Run key escrow set PATH, key kit, and key escrow verify."
            ),
        },
    }
}

fn disk(data: &Path) -> Result<Finding> {
    let disk = rustix::fs::statvfs(data).map_err(std::io::Error::from)?;
    let free = disk.f_bavail.saturating_mul(100) / disk.f_blocks.max(1);
    let mib = disk.f_bavail.saturating_mul(disk.f_frsize) >> 20;
    Ok(Finding {
        check: "disk",
        ok: mib >= FREE_MIB_MIN,
        text: format!("{free} percent of the disk are free, {mib} MiB."),
    })
}

fn database(store: &Store) -> Finding {
    let version = sqlite_version();
    match store.check_quickly() {
        Ok(()) => Finding {
            check: "database",
            ok: true,
            text: format!("The database is sound (SQLite {version})."),
        },
        Err(error) => Finding {
            check: "database",
            ok: false,
            text: format!("{} Restore the last backup.", error.message()),
        },
    }
}

/// Whether it is certain that the time has passed; without it nothing goes by its age.
fn evidence(store: &Store, now: Timestamp) -> Result<Finding> {
    let doubt = doubt(store, now)?;
    Ok(Finding {
        check: "evidence",
        ok: doubt.is_none(),
        text: doubt.unwrap_or_else(|| "It is certain how old data is.".to_owned()),
    })
}

/// Whether what was written lately has gone out.
fn mail(store: &Store, now: Timestamp) -> Result<Finding> {
    let given_up = mail::given_up(store, now)?;
    let text = match given_up {
        0 => mail::status(store)?.text,
        _ => format!(
            "{given_up} mails were given up within a week: the mail server did not take them, or \
             none was named. Run mail test --to with your own address."
        ),
    };
    Ok(Finding {
        check: "mail",
        ok: given_up == 0 && mail::stranded(store)? == 0,
        text,
    })
}

/// What people asked of an account must be answered in time. Of which account and how
/// many is all that is told here.
fn requests(store: &Store, now: Timestamp) -> Result<Finding> {
    let overdue = store.overdue_requests(now)?;
    let each = overdue
        .iter()
        .map(|(account, count)| format!("{count} of account {account}"));
    Ok(Finding {
        check: "requests",
        ok: overdue.is_empty(),
        text: match overdue.is_empty() {
            true => "No request of a person is overdue.".to_owned(),
            false => format!(
                "Requests of people are overdue: {}. Owner or privacy answer them in the console.",
                each.collect::<Vec<_>>().join(", ")
            ),
        },
    })
}

fn time(clock: &Clock, now: Timestamp, schedule: &Schedule) -> Finding {
    let late = schedule.late_jobs();
    let (ok, text) = if !clock.is_real() {
        (false, "The folder keeps a test's time.".to_owned())
    } else if now.millis() < CLOCK_EARLIEST_MS {
        (
            false,
            "The machine's clock is wrong. Set it, and turn on NTP.".to_owned(),
        )
    } else if let Some(job) = late.first() {
        (
            false,
            format!("The job {} is late since {}.", job.job, job.due_at),
        )
    } else {
        (
            true,
            "The clock is plausible and no job is late.".to_owned(),
        )
    };
    Finding {
        check: "clock",
        ok,
        text,
    }
}
