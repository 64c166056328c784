//! User agents of browsers, robots and neither.

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
