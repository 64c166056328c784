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
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

    #[test]
    fn the_usual_browsers_are_told_apart() {
        let families = |text: &str| {
            let agent = Agent::parse(text);
            assert!(!agent.is_bot, "{text}");
            (agent.device, agent.os, agent.browser)
        };
        for (text, expected) in [
            (CHROME, (Device::Desktop, Os::Windows, Browser::Chrome)),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                (Device::Desktop, Os::MacOs, Browser::Safari),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                (Device::Desktop, Os::Linux, Browser::Firefox),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                (Device::Mobile, Os::Ios, Browser::Safari),
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                (Device::Tablet, Os::Ios, Browser::Safari),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
                (Device::Mobile, Os::Android, Browser::Samsung),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                (Device::Desktop, Os::Windows, Browser::Edge),
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                (Device::Desktop, Os::ChromeOs, Browser::Chrome),
            ),
        ] {
            assert_eq!(families(text), expected, "{text}");
        }
    }

    #[test]
    fn a_browser_driven_by_a_program_is_a_browser() {
        let text = CHROME.replace("Chrome/", "HeadlessChrome/");
        let agent = Agent::parse(&text);
        assert_eq!((agent.is_bot, agent.browser), (false, Browser::Chrome));
    }

    #[test]
    fn who_calls_itself_a_robot_is_one() {
        for text in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
            "Twitterbot/1.0",
            "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Scrapy/2.11 (+https://scrapy.org)",
            "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        ] {
            assert!(Agent::parse(text).is_bot, "{text}");
        }
    }

    #[test]
    fn libraries_odd_phones_and_silence_are_no_robots() {
        for text in [
            "",
            "-",
            "curl/8.5.0",
            "python-requests/2.32.3",
            "Python-urllib/3.11",
            "Go-http-client/1.1",
            "Wget/1.21",
            "node",
            "okhttp/4.12.0",
            "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            "Bottle/1.0",
        ] {
            assert!(!Agent::parse(text).is_bot, "{text}");
        }
        assert_eq!(Agent::parse(""), Agent::default());
    }

    #[test]
    fn a_long_agent_is_cut_between_characters() {
        assert!(!Agent::parse(&"ä".repeat(5_000)).is_bot);
    }
}
