//! Numbers, money and states in the words of a shop owner. Pure text, not HTML.

use std::time::Duration;

use crate::model::campaign::{Approval, CampaignStatus, Rule};
use crate::model::conversion::{Credit, Status};
use crate::model::money::Currency;

/// A text that begins a cell or a line, with a capital letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// `12,345`
pub fn count(number: i64) -> String {
    grouped(&number.to_string())
}

/// A short time in the unit that suits it.
pub fn took(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    match ms {
        0.0 => "0 ms".to_owned(),
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1_000.0),
    }
}

/// `1.5 MiB`, in the unit that suits it.
pub fn bytes(bytes: u64) -> String {
    let kib = bytes as f64 / 1_024.0;
    match kib {
        kib if kib < 1_000.0 => format!("{} KiB", kib.ceil()),
        kib if kib < 1_024_000.0 => format!("{:.1} MiB", kib / 1_024.0),
        kib => format!("{:.1} GiB", kib / 1_048_576.0),
    }
}

/// `1,299.00`, with the currency's decimals and without its code.
pub fn amount(currency: Currency, minor: i64) -> String {
    grouped(&currency.format_number(minor))
}

/// `1,299.00 EUR`
pub fn money(currency: Currency, minor: i64) -> String {
    format!("{} {}", amount(currency, minor), currency.code())
}

/// `2.5 %`, or a dash where there is nothing to divide by.
pub fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let tenths = (i128::from(part) * 1_000 + i128::from(whole) / 2) / i128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn grouped(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", number),
    };
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

pub fn status(status: Status) -> &'static str {
    match status {
        Status::Approved => "Approved",
        Status::Pending => "Waiting",
        Status::Rejected => "Rejected",
        Status::Cancelled => "Cancelled",
    }
}

/// The style of a state: what is good, what waits, what is lost.
pub fn tone(status: Status) -> &'static str {
    match status {
        Status::Approved => "good",
        Status::Pending => "wait",
        Status::Rejected | Status::Cancelled => "bad",
    }
}

/// Why a publisher, or nobody, is credited.
pub fn credit(credit: Credit) -> &'static str {
    match credit {
        Credit::ClickId => "by click",
        Credit::SharedToken => "by click, without consent",
        Credit::Cookie => "by an earlier click in this browser",
        Credit::Coupon => "by coupon code",
        Credit::Impression => "by an advertisement seen",
        Credit::Unattributed => "no click or coupon found",
        Credit::Erased => "the person was erased; this line stays for the books",
    }
}

pub fn campaign_status(status: CampaignStatus) -> &'static str {
    match status {
        CampaignStatus::Running => "Running",
        CampaignStatus::Paused => "Paused",
    }
}

pub fn rule(currency: Currency, rule: Rule) -> String {
    match rule {
        Rule::Fixed { amount_minor } => money(currency, amount_minor),
        Rule::Percent { percent } => format!("{percent} %"),
    }
}

pub fn approval(approval: Approval) -> &'static str {
    match approval {
        Approval::Auto => "counts at once",
        Approval::Pending => "waits for approval",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "−1,234,567"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(money(Currency::EUR, 129_900), "1,299.00 EUR");
        assert_eq!(amount("JPY".parse().unwrap(), 1_299), "1,299");
    }

    #[test]
    fn bytes_stand_in_the_unit_that_suits_them() {
        for (number, text) in [
            (0, "0 KiB"),
            (1, "1 KiB"),
            (1_023_000, "1000 KiB"),
            (1_572_864, "1.5 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn a_share_of_nothing_is_a_dash() {
        assert_eq!(share(1, 0), "–");
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(5, 5), "100.0 %");
    }

    /// A template without its expressions.
    fn shown(template: &str) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
            let end = if rest[open..].starts_with("{{") {
                "}}"
            } else {
                "%}"
            };
            text.push_str(&rest[..open]);
            let close = rest[open..]
                .find(end)
                .map_or(rest.len(), |at| open + at + 2);
            rest = &rest[close..];
        }
        text + rest
    }

    #[test]
    fn no_page_uses_a_word_of_the_workshop() {
        let mut folders =
            vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("templates")];
        let inner = [
            "hit", "hits", "trail", "tally", "journal", "settle", "settled", "posture", "intake",
        ];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = shown(&std::fs::read_to_string(&path).unwrap()).to_lowercase();
                let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                let found = words.find(|word| inner.contains(word));
                assert_eq!(found, None, "{}", path.display());
            }
        }
    }
}
