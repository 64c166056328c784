//! `config check` and `config show`: every option, its value and where it comes from.
//! Secrets are files, so what is shown of them is their place.

use serde_json::{Value, json};

use super::options::{ConfigCommand, Global};
use super::request::Output;
use crate::config::Options;
use crate::error::{Error, Result};
use crate::model::limits;

/// What holds where nobody says anything, for options whose default is not nothing.
const DEFAULTS: [(&str, &str); 8] = [
    ("data_dir", "pixelkeep-data"),
    ("listen", "127.0.0.1:8080"),
    ("public_url", "the address listened on"),
    ("key_file", "master.key in the data folder"),
    ("rate_limit", "100"),
    ("site_rate_limit", "twenty times rate_limit"),
    ("smtp_port", "587, 465 with tls, 25 with off"),
    ("smtp_tls", "starttls"),
];

pub fn run(global: &Global, command: ConfigCommand) -> Result<Output> {
    let (show, serve) = match command {
        ConfigCommand::Check(serve) => (false, serve),
        ConfigCommand::Show(serve) => (true, serve),
    };
    let (given, file) = global.layers(serve)?;
    given.clone().over(file.clone()).resolve()?;
    if !show {
        let json = json!({ "sound": true });
        return Ok(Output::new(json, "The configuration is sound."));
    }
    let (given, file) = (object(&given)?, object(&file)?);
    let mut options = Vec::new();
    let mut lines = Vec::new();
    for (name, value) in &given {
        let in_file = file.get(name).filter(|value| !value.is_null());
        let (value, source) = match (value, in_file) {
            (Value::Null, Some(value)) => (value.clone(), "file"),
            (Value::Null, None) => (default(name), "default"),
            (value, _) => (value.clone(), said_by(name)),
        };
        lines.push(format!("{name:<20} {:<10} {}", source, text(&value)));
        options.push(json!({ "name": name, "value": value, "source": source }));
    }
    let (limits, printed) = limits();
    lines.push("\nLimits, and what becomes of what goes beyond:".to_owned());
    lines.extend(printed);
    let json = json!({ "options": options, "limits": limits });
    Ok(Output::new(json, lines.join("\n")))
}

/// The table of limits, for programs and for people.
fn limits() -> (Vec<Value>, Vec<String>) {
    let rows = limits::TABLE.iter().map(|limit| {
        let line = format!(
            "{:<20} {:<10} {}: {}",
            limit.name, limit.value, limit.unit, limit.beyond
        );
        let json = json!({
            "name": limit.name,
            "default": limit.value,
            "unit": limit.unit,
            "option": limit.option.map(|(name, _)| name),
            "range": limit.option.map(|(_, range)| range),
            "beyond": limit.beyond,
        });
        (json, line)
    });
    rows.unzip()
}

fn object(options: &Options) -> Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(options) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error::internal("The options could not be listed.")),
    }
}

fn default(name: &str) -> Value {
    let found = DEFAULTS.iter().find(|(option, _)| *option == name);
    found.map_or(Value::Null, |(_, value)| Value::from(*value))
}

/// Whether a flag or the environment has given an option; a flag wins.
fn said_by(name: &str) -> &'static str {
    let flag = format!("--{}", name.replace('_', "-"));
    let with_value = format!("{flag}=");
    let said = std::env::args().any(|said| said == flag || said.starts_with(&with_value));
    if said { "flag" } else { "environment" }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
