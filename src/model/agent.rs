//! What a user agent tells: device, system and browser family, and whether a
//! robot sent it. Pure rules; nothing of the text itself is kept.

use woothee::parser::{Parser, WootheeResult};

use crate::model::hit::{Browser, Device, Os};

/// Bytes of a user agent that are looked at.
pub const AGENT_MAX: usize = 512;

/// What is kept of a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agent {
    pub device: Device,
    pub os: Os,
    pub browser: Browser,
    /// A crawler, link previewer or monitor that says so itself. Program libraries
    /// and browsers driven by a program are none: shops and tests send hits by them.
    pub is_bot: bool,
}

/// Words by which robots name themselves, besides `bot`.
const ROBOT_WORDS: &[&str] = &[
    "crawl",
    "spider",
    "slurp",
    "scrapy",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "skypeuripreview",
    "bingpreview",
    "web preview",
    "embedly",
    "slack-imgproxy",
    "vkshare",
    "iframely",
    "w3c_validator",
    "mediapartners-google",
    "apis-google",
    "feedfetcher",
    "google-inspectiontool",
    "google-read-aloud",
    "google-safety",
    "ia_archiver",
    "heritrix",
    "nutch",
    "lighthouse",
    "gtmetrix",
    "pagespeed",
    "pingdom",
    "statuscake",
    "site24x7",
    "newrelicpinger",
    "datadogsynthetics",
    "monitoring",
    "uptime",
    "nagios",
    "check_http",
    "prerender",
    "zgrab",
    "masscan",
    "censys",
    "nikto",
    "nmap",
];

impl Agent {
    /// Reads a user agent; an empty one is unknown, not a robot.
    pub fn parse(text: &str) -> Agent {
        let text = cut(text.trim());
        if text.is_empty() {
            return Agent::default();
        }
        let lower = text.to_ascii_lowercase();
        let parser = Parser::new();
        if names_robot(&lower) || parser.try_crawler(text, &mut WootheeResult::new()) {
            return Agent {
                device: Device::Other,
                os: Os::Other,
                browser: Browser::Other,
                is_bot: true,
            };
        }
        let known = parser.parse(text).unwrap_or_default();
        Agent {
            device: device(&known, &lower),
            os: os(&known, &lower),
            browser: browser(&known, &lower),
            is_bot: false,
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(AGENT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn names_robot(lower: &str) -> bool {
    ROBOT_WORDS.iter().any(|word| lower.contains(word)) || names_bot(lower)
}

/// `bot` at the end of a word, as in Googlebot or `robots`; not the phones called
/// Cubot, and not words such as `bottle`.
fn names_bot(lower: &str) -> bool {
    lower.match_indices("bot").any(|(at, _)| {
        let after = lower[at + 3..].trim_start_matches('s');
        let ends = !after.starts_with(|c: char| c.is_ascii_lowercase());
        ends && !lower[..at].ends_with("cu")
    })
}

fn device(known: &WootheeResult<'_>, lower: &str) -> Device {
    if is_tablet(lower) {
        return Device::Tablet;
    }
    match known.category {
        "pc" => Device::Desktop,
        "smartphone" | "mobilephone" => Device::Mobile,
        "appliance" => Device::Other,
        _ if lower.contains("mobile") => Device::Mobile,
        _ => Device::Unknown,
    }
}

/// Android tablets leave out the word `Mobile`.
fn is_tablet(lower: &str) -> bool {
    lower.contains("ipad")
        || lower.contains("tablet")
        || (lower.contains("android") && !lower.contains("mobile") && !lower.contains(" tv"))
}

fn os(known: &WootheeResult<'_>, lower: &str) -> Os {
    match known.os {
        _ if lower.contains("cros ") => Os::ChromeOs,
        "Android" => Os::Android,
        "iPhone" | "iPad" | "iPod" | "iOS" => Os::Ios,
        "Mac OSX" | "Mac OS Classic" => Os::MacOs,
        "Linux" => Os::Linux,
        "ChromeOS" => Os::ChromeOs,
        name if name.starts_with("Windows") => Os::Windows,
        "UNKNOWN" | "" => Os::Unknown,
        _ => Os::Other,
    }
}

fn browser(known: &WootheeResult<'_>, lower: &str) -> Browser {
    if lower.contains("headlesschrome/") || lower.contains("crios/") {
        return Browser::Chrome;
    }
    if lower.contains("edga/") || lower.contains("edgios/") {
        return Browser::Edge;
    }
    match known.name {
        "Chrome" => Browser::Chrome,
        "Firefox" => Browser::Firefox,
        "Safari" => Browser::Safari,
        "Edge" => Browser::Edge,
        "Opera" => Browser::Opera,
        "SamsungBrowser" => Browser::Samsung,
        "Internet Explorer" => Browser::InternetExplorer,
        "UNKNOWN" | "" => Browser::Unknown,
        _ => Browser::Other,
    }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
