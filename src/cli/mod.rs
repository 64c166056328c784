//! The command line: one file a command. What a command does is done by whoever
//! holds the data folder: this process, or through the control socket the server
//! that runs on it.

mod account;
mod account_end;
mod account_export;
mod account_outside;
mod audit;
mod backup;
mod certificate;
mod config;
mod control;
mod demo;
mod doctor;
mod erasure_job;
mod exit;
mod instance;
mod jobs;
mod key;
mod mail;
mod mail_job;
mod member;
mod options;
mod options_access;
mod options_keys;
mod options_lifecycle;
mod options_mail;
mod options_people;
mod privacy;
mod report;
mod request;
mod retention;
mod serve;
mod time;
mod token;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::error::Result;

/// Reads the arguments, does the work, gives the exit code.
pub fn main() -> ExitCode {
    let arguments = options::Arguments::command()
        .try_get_matches()
        .and_then(|matches| options::Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return exit::of_usage(&error, options::asks_for_json()),
    };
    let json = arguments.global.json;
    match run(arguments) {
        Ok(output) => output.print(json),
        Err(error) => exit::failed(&error, json),
    }
}

fn run(arguments: options::Arguments) -> Result<request::Output> {
    use options::Command;
    let global = arguments.global;
    match arguments.command {
        Command::Serve(options) => serve::run(&global, options),
        Command::Demo(options) => demo::run(&global, options),
        Command::Account(command) => account::run(&global, command),
        Command::Instance(command) => request::carry_out(&global, instance::request(command)),
        Command::Member(command) => request::carry_out(&global, member::request(command)?),
        Command::Token(command) => request::carry_out(&global, token::request(command)?),
        Command::Backup(command) => backup::run(&global, command),
        Command::Certificate(command) => certificate::run(&global, command),
        Command::Retention(command) => request::carry_out(&global, retention::request(command)?),
        Command::Config(command) => config::run(&global, command),
        Command::Doctor => doctor::run(&global),
        Command::Key(command) => key::run(&global, command),
        Command::Audit(command) => request::carry_out(&global, audit::request(command)?),
        Command::Mail(command) => mail::run(&global, command),
        Command::Privacy(command) => privacy::run(&global, command),
        Command::Report(options) => request::carry_out(&global, report::request(options)),
    }
}
