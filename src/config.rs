//! The one table of options: default < file < environment < flag. Pure but for
//! reading the file it is told to; no globals.

mod mail;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::model::life::Terms;
use crate::model::limits;

pub use mail::{MailConfig, MailTls};

/// Longest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
const DATA_DIR_DEFAULT: &str = "pixelkeep-data";

/// Options as the file, or flags and environment, give them: each may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    pub data_dir: Option<PathBuf>,
    /// Address and port; port 0 takes a free one.
    pub listen: Option<String>,
    /// Where browsers reach the server.
    pub public_url: Option<String>,
    pub key_file: Option<PathBuf>,
    /// A number, or `off`.
    #[serde(default, deserialize_with = "number_or_word")]
    pub rate_limit: Option<String>,
    /// A country database in MMDB format.
    pub geoip: Option<PathBuf>,
    /// Days after an account's expiry on which its data is destroyed.
    pub purge_day: Option<u32>,
    /// Days for which the oldest backup is kept.
    pub backup_days: Option<u32>,
    /// A file with the token that reads `/metrics` from another machine.
    pub metrics_token_file: Option<PathBuf>,
    /// A file whose first line is the passphrase that the master key is worked out of.
    pub passphrase_file: Option<PathBuf>,
    /// Networks of web servers in front of this one, separated by commas.
    #[serde(default, deserialize_with = "list_or_text")]
    pub trusted_proxies: Option<String>,
    /// A number, or `off`.
    #[serde(default, deserialize_with = "number_or_word")]
    pub site_rate_limit: Option<String>,
    /// The operator's mail server; without one no mail is sent.
    pub smtp_host: Option<String>,
    pub smtp_port: Option<u16>,
    /// `starttls`, `tls` or `off`.
    pub smtp_tls: Option<String>,
    pub smtp_user: Option<String>,
    /// A file whose first line is the password for the mail server.
    pub smtp_password_file: Option<PathBuf>,
    /// The address that mail is from.
    pub mail_from: Option<String>,
    /// A file that says what time it is. Never from a configuration file.
    #[serde(skip)]
    pub test_clock: Option<PathBuf>,
}

/// How much is taken of whom, in one place. Bursts are four times the rate; None: no
/// limit. Whoever sends more is answered 429 with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Hits a second and client address (of IPv6 its /64).
    pub address: Option<u32>,
    /// Hits a second and site, of all clients together.
    pub site: Option<u32>,
}

/// Options with every question answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    /// None: the address listened on.
    pub public_url: Option<String>,
    pub key_file: Option<PathBuf>,
    pub limits: Limits,
    pub geoip: Option<PathBuf>,
    /// How accounts end; none: as it was set last.
    pub terms: Option<Terms>,
    pub metrics_token_file: Option<PathBuf>,
    pub passphrase_file: Option<PathBuf>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How mail goes out; none: not at all.
    pub mail: Option<MailConfig>,
    /// Only for a folder that was made with one.
    pub test_clock: Option<PathBuf>,
}

impl Options {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// [`Kind::Config`] with the line that is wrong.
    pub fn read(path: &Path) -> Result<Options> {
        let unreadable = |error: std::io::Error| {
            let sentence = format!("The configuration {} cannot be read", path.display());
            Error::new(Kind::Config, sentence).because(error)
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
            let sentence = format!("{} is too long for a configuration.", path.display());
            return Err(Error::new(Kind::Config, sentence));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Options::parse(&text).map_err(|error| {
            let sentence = format!("The configuration {} is wrong", path.display());
            Error::new(Kind::Config, sentence).because(error)
        })
    }

    /// Reads the text of a TOML file.
    ///
    /// # Errors
    /// The line that is wrong, and why.
    pub fn parse(text: &str) -> std::result::Result<Options, toml::de::Error> {
        toml::from_str(text)
    }

    /// These options, and `below` where they are silent.
    pub fn over(self, below: Options) -> Options {
        Options {
            data_dir: self.data_dir.or(below.data_dir),
            listen: self.listen.or(below.listen),
            public_url: self.public_url.or(below.public_url),
            key_file: self.key_file.or(below.key_file),
            rate_limit: self.rate_limit.or(below.rate_limit),
            geoip: self.geoip.or(below.geoip),
            purge_day: self.purge_day.or(below.purge_day),
            backup_days: self.backup_days.or(below.backup_days),
            metrics_token_file: self.metrics_token_file.or(below.metrics_token_file),
            passphrase_file: self.passphrase_file.or(below.passphrase_file),
            trusted_proxies: self.trusted_proxies.or(below.trusted_proxies),
            site_rate_limit: self.site_rate_limit.or(below.site_rate_limit),
            smtp_host: self.smtp_host.or(below.smtp_host),
            smtp_port: self.smtp_port.or(below.smtp_port),
            smtp_tls: self.smtp_tls.or(below.smtp_tls),
            smtp_user: self.smtp_user.or(below.smtp_user),
            smtp_password_file: self.smtp_password_file.or(below.smtp_password_file),
            mail_from: self.mail_from.or(below.mail_from),
            test_clock: self.test_clock.or(below.test_clock),
        }
    }

    /// Checks every option and fills in the defaults.
    ///
    /// # Errors
    /// [`Kind::Config`] with the option that is wrong and what it takes.
    pub fn resolve(self) -> Result<Config> {
        let address = match self.rate_limit.as_deref() {
            Some(text) => parse_rate_limit("rate_limit", text)?,
            None => Some(limits::ADDRESS_RATE),
        };
        // Who takes the limit off for clients leaves limiting to another server.
        let site = match self.site_rate_limit.as_deref() {
            Some(text) => parse_rate_limit("site_rate_limit", text)?,
            None => address.map(|rate| rate.saturating_mul(limits::SITE_RATE_FACTOR)),
        };
        let mail = mail::resolve(&self)?;
        Ok(Config {
            mail,
            data_dir: self.data_dir.unwrap_or_else(|| DATA_DIR_DEFAULT.into()),
            listen: parse_listen(self.listen.as_deref().unwrap_or(LISTEN_DEFAULT))?,
            public_url: self
                .public_url
                .as_deref()
                .map(parse_public_url)
                .transpose()?,
            key_file: self.key_file,
            limits: Limits { address, site },
            geoip: self.geoip,
            terms: terms(self.purge_day, self.backup_days)?,
            metrics_token_file: self.metrics_token_file,
            passphrase_file: self.passphrase_file,
            trusted_proxies: parse_networks(self.trusted_proxies.as_deref().unwrap_or_default())?,
            test_clock: self.test_clock,
        })
    }
}

/// `rate_limit = 100` and `rate_limit = "off"` alike.
fn number_or_word<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(u32),
        Word(String),
    }
    Ok(Some(match Given::deserialize(deserializer)? {
        Given::Number(number) => number.to_string(),
        Given::Word(word) => word,
    }))
}

fn wrong(sentence: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Config, sentence)
}

fn terms(purge_day: Option<u32>, backup_days: Option<u32>) -> Result<Option<Terms>> {
    if purge_day.is_none() && backup_days.is_none() {
        return Ok(None);
    }
    let default = Terms::default();
    Terms::new(
        purge_day.unwrap_or(default.purge_day),
        backup_days.unwrap_or(default.backup_days),
    )
    .map(Some)
}

fn parse_listen(text: &str) -> Result<SocketAddr> {
    text.parse().map_err(|_| {
        wrong(format!(
            "listen: {text:?} is not an address and port, such as 127.0.0.1:8080 or [::1]:8080."
        ))
    })
}

fn parse_public_url(text: &str) -> Result<String> {
    let sentence = || {
        wrong(format!(
            "public_url: {text:?} is not an address such as https://track.example.org."
        ))
    };
    let url = url::Url::parse(text).map_err(|_| sentence())?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain || url.path() != "/" {
        return Err(sentence());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn parse_rate_limit(name: &str, text: &str) -> Result<Option<u32>> {
    if text == "off" {
        return Ok(None);
    }
    match text.parse() {
        Ok(limit) if (1..=limits::RATE_MAX).contains(&limit) => Ok(Some(limit)),
        _ => Err(wrong(format!(
            "{name}: {text:?} is not a number of hits a second from 1 to 1000000, or off."
        ))),
    }
}

/// `["10.0.0.0/8"]` and `"10.0.0.0/8, ::1"` alike.
fn list_or_text<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        List(Vec<String>),
        Text(String),
    }
    Ok(Some(match Given::deserialize(deserializer)? {
        Given::List(list) => list.join(","),
        Given::Text(text) => text,
    }))
}

fn parse_networks(text: &str) -> Result<Vec<IpNet>> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let network = part.parse::<IpNet>();
            network.or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
        })
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| {
            wrong(format!(
                "trusted_proxies: {text:?} is not a list of networks, such as 127.0.0.1 or 10.0.0.0/8."
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file: Options =
            toml::from_str("listen = \"127.0.0.1:9000\"\nrate_limit = \"off\"").unwrap();
        let flags = Options {
            listen: Some("127.0.0.1:9001".to_owned()),
            ..Options::default()
        };
        let config = flags.over(file).resolve().unwrap();
        assert_eq!(config.listen.port(), 9001);
        assert_eq!(
            config.limits,
            Limits {
                address: None,
                site: None
            }
        );
        assert_eq!(config.data_dir, PathBuf::from(DATA_DIR_DEFAULT));
    }

    #[test]
    fn a_rate_limit_is_a_number_or_a_word() {
        for (toml, limit) in [("rate_limit = 7", Some(7)), ("rate_limit = \"off\"", None)] {
            let options: Options = toml::from_str(toml).unwrap();
            assert_eq!(options.resolve().unwrap().limits.address, limit);
        }
    }

    #[test]
    fn a_wrong_option_is_named() {
        for (toml, name) in [
            ("listen = \"nowhere\"", "listen"),
            ("public_url = \"ftp://x\"", "public_url"),
            ("public_url = \"https://x/y\"", "public_url"),
            ("rate_limit = \"0\"", "rate_limit"),
            ("purge_day = 60", "purge_day"),
            ("site_rate_limit = \"many\"", "site_rate_limit"),
            ("trusted_proxies = [\"10.0.0.0/99\"]", "trusted_proxies"),
        ] {
            let options: Options = toml::from_str(toml).unwrap();
            let error = options.resolve().unwrap_err();
            assert!(error.message().starts_with(name), "{error}");
        }
        assert!(toml::from_str::<Options>("unknown = 1").is_err());
    }

    #[test]
    fn trusted_proxies_are_networks_or_single_addresses() {
        let networks = |toml: &str| {
            let options: Options = toml::from_str(toml).unwrap();
            options.resolve().unwrap().trusted_proxies
        };
        let list = networks("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]");
        assert_eq!(list, networks("trusted_proxies = \"10.0.0.0/8, ::1\""));
        assert!(list[0].contains(&"10.9.9.9".parse::<IpAddr>().unwrap()));
        assert_eq!(list[1].prefix_len(), 128);
        assert!(networks("").is_empty());
    }

    #[test]
    fn a_site_takes_twenty_times_what_a_client_may_send() {
        let limits = Options::default().resolve().unwrap().limits;
        assert_eq!((limits.address, limits.site), (Some(100), Some(2_000)));
    }

    #[test]
    fn a_public_url_loses_its_slash() {
        assert_eq!(
            parse_public_url("https://t.example.org/").unwrap(),
            "https://t.example.org"
        );
    }
}
