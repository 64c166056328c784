//! The speed of the product as ratios, measured in one run on one machine: see
//! `benches/README.md`. Without `--bench` (as `cargo test` starts it) the same is done
//! small, for correctness alone. Never in here: a pass or fail by time.

mod bare;
mod contest;
mod history;
mod intake;
mod load;
mod machine;
mod made;
mod nginx;
mod plain;
mod process;
mod profile;
mod reports;
mod requests;
mod rows;
mod settings;
mod settling;
mod small;
mod starts;
mod table;
mod tracker;

use std::error::Error;
use std::process::ExitCode;

use settings::{Part, Settings};
use table::Table;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What this process is, where it is not the measurement itself.
const ROLE: &str = "SPEED_ROLE";

fn main() -> ExitCode {
    let role = std::env::var(ROLE).unwrap_or_default();
    let outcome = match role.as_str() {
        bare::ROLE => bare::serve(),
        rows::ROLE => rows::serve(),
        _ if std::env::args().any(|argument| argument == "--bench") => measure(),
        _ => small::check(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Outcome<()> {
    let settings = Settings::read(std::env::args().skip(1))?;
    let folder = settings.folder()?;
    if settings.wants(Part::Profile) {
        return profile::measure(&settings);
    }
    let mut table = Table::new(machine::describe(&folder)?);
    println!("{}", table.machine());
    let history = history::History::prepare(&folder, settings.hits)?;
    if settings.wants(Part::Disk) {
        table.extend(starts::disk(&history)?);
    }
    if settings.wants(Part::Start) {
        table.extend(starts::starts(&settings, &history)?);
    }
    if settings.wants(Part::Report) {
        table.extend(reports::measure(&settings, &history)?);
    }
    if settings.wants(Part::Intake) || settings.wants(Part::Usual) || settings.wants(Part::Nginx) {
        table.extend(intake::measure(&settings, &history)?);
    }
    if settings.wants(Part::Settle) {
        table.extend(settling::measure(&settings, &history)?);
    }
    print!("\n{table}");
    Ok(())
}
