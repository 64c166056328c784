//! Money: whole minor units with an ISO 4217 currency, and the arithmetic on
//! them. No floating point anywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Largest amount taken from outside, in minor units: nine hundred billion
/// of a currency with two decimals. Sums of billions of them fit an `i64`.
pub const AMOUNT_MAX_MINOR: i64 = 90_000_000_000_000;

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const EUR: Currency = Currency(iso_currency::Currency::EUR);

    /// Digits behind the decimal sign: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// An amount as people write it in reports: `12.50 EUR`.
    pub fn format(self, minor: i64) -> String {
        format!("{} {}", self.format_number(minor), self.code())
    }

    /// The number alone, with the currency's decimals and no thousands sign.
    pub fn format_number(self, minor: i64) -> String {
        let decimals = self.decimals() as usize;
        if decimals == 0 {
            return minor.to_string();
        }
        let scale = 10u64.pow(decimals as u32);
        let magnitude = minor.unsigned_abs();
        let sign = if minor < 0 { "-" } else { "" };
        format!(
            "{sign}{}.{:0decimals$}",
            magnitude / scale,
            magnitude % scale
        )
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let code = text.trim().to_ascii_uppercase();
        iso_currency::Currency::from_code(&code)
            .map(Currency)
            .ok_or_else(|| Error::invalid("This is not a currency code of ISO 4217."))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| serde::de::Error::custom("not a currency code of ISO 4217"))
    }
}

/// Why an amount from outside was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    NotANumber,
    Negative,
    TooLarge,
}

/// Reads an amount as pixels send it. The last `.` or `,` followed by one or two
/// digits at the end is the decimal sign; other separators group thousands.
/// A currency without decimals rounds half up.
pub fn parse_amount(text: &str, currency: Currency) -> std::result::Result<i64, AmountError> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = split_decimals(text);
    let digits = ungroup(whole).ok_or(AmountError::NotANumber)?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (digits.is_empty() && fraction.is_empty()) || !is_number(&digits) || !is_number(fraction) {
        return Err(AmountError::NotANumber);
    }
    let minor = to_minor(&digits, fraction, currency.decimals()).ok_or(AmountError::TooLarge)?;
    match (negative, minor) {
        (true, 1..) => Err(AmountError::Negative),
        (_, minor) if minor > AMOUNT_MAX_MINOR => Err(AmountError::TooLarge),
        _ => Ok(minor),
    }
}

fn split_decimals(text: &str) -> (&str, &str) {
    match text.rfind(['.', ',']) {
        Some(at) if (1..=2).contains(&(text.len() - at - 1)) => (&text[..at], &text[at + 1..]),
        _ => (text, ""),
    }
}

/// Takes out what groups thousands: one kind of sign, between groups of three digits
/// or, as in India, of two with three at the end.
fn ungroup(whole: &str) -> Option<String> {
    let is_sign = |c: char| {
        matches!(
            c,
            '.' | ',' | '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}'
        )
    };
    let Some(sign) = whole.chars().find(|&c| is_sign(c)) else {
        return Some(whole.to_owned());
    };
    let mut groups = whole.split(sign);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let last = rest.last()?;
    let grouped = first.len() <= 3
        && last.len() == 3
        && rest.iter().all(|group| matches!(group.len(), 2 | 3));
    grouped.then(|| whole.replace(sign, ""))
}

fn to_minor(digits: &str, fraction: &str, decimals: u32) -> Option<i64> {
    let whole: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    let mut hundredths: i64 = format!("{fraction:0<2}").parse().ok()?;
    if decimals == 0 {
        hundredths = (hundredths + 50) / 100;
    } else if decimals == 1 {
        hundredths = (hundredths + 5) / 10;
    } else {
        hundredths = hundredths.checked_mul(10i64.checked_pow(decimals - 2)?)?;
    }
    whole
        .checked_mul(10i64.checked_pow(decimals)?)?
        .checked_add(hundredths)
}

/// A percentage with up to four decimals, 0 to 1,000: stored as ten-thousandths
/// of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Percent(i64);

impl Percent {
    const SCALE: i64 = 10_000;

    /// Reads `12.5`, `7` or `0.0001`.
    pub fn parse(text: &str) -> Result<Percent> {
        let wrong =
            || Error::invalid("A percentage is a number from 0 to 1000 with up to four decimals.");
        let ten_thousandths = parse_decimal(text, 4).ok_or_else(wrong)?;
        if !(0..=1_000 * Self::SCALE).contains(&ten_thousandths) {
            return Err(wrong());
        }
        Ok(Percent(ten_thousandths))
    }

    /// This share of an amount, rounded half up.
    pub fn of(self, minor: i64) -> i64 {
        round_half_up(
            i128::from(minor) * i128::from(self.0),
            i128::from(100 * Self::SCALE),
        )
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:04}", self.0 / Self::SCALE, self.0 % Self::SCALE);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// How many units of the account's currency one unit of another is worth:
/// a positive number with up to eight decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate(i64);

impl Rate {
    const SCALE: i64 = 100_000_000;

    pub fn parse(text: &str) -> Result<Rate> {
        parse_decimal(text, 8)
            .filter(|scaled| (1..=1_000_000 * Self::SCALE).contains(scaled))
            .map(Rate)
            .ok_or_else(|| {
                Error::invalid(
                    "A rate is a positive number up to 1000000 with up to eight decimals.",
                )
            })
    }

    /// Converts between currencies, rounded half up; an amount that would not fit is `None`.
    pub fn convert(self, minor: i64, from: Currency, to: Currency) -> Option<i64> {
        let numerator = i128::from(minor) * i128::from(self.0) * 10i128.pow(to.decimals());
        let denominator = i128::from(Self::SCALE) * 10i128.pow(from.decimals());
        let converted = round_half_up(numerator, denominator);
        (converted.abs() <= AMOUNT_MAX_MINOR).then_some(converted)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:08}", self.0 / Self::SCALE, self.0 % Self::SCALE);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

fn round_half_up(numerator: i128, denominator: i128) -> i64 {
    let rounded = (2 * numerator + denominator).div_euclid(2 * denominator);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// A plain decimal number, scaled by ten to the power of `decimals`.
fn parse_decimal(text: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction_used = fraction.trim_end_matches('0');
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction_used.len() > decimals {
        return None;
    }
    let scale = 10i64.checked_pow(decimals as u32)?;
    let fraction: i64 = format!("{fraction_used:0<decimals$}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(scale)?
        .checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(text: &str) -> std::result::Result<i64, AmountError> {
        parse_amount(text, Currency::EUR)
    }

    #[test]
    fn amounts_of_the_wild_are_read_as_their_senders_meant_them() {
        for (text, minor) in [
            ("1,299.00", 129_900),
            ("1.299,00", 129_900),
            ("1.299", 129_900),
            ("1,299", 129_900),
            ("49.9", 4_990),
            ("49,90", 4_990),
            (" 1 299,5 ", 129_950),
            ("1'299.50", 129_950),
            ("1,00,000.00", 10_000_000),
            (".5", 50),
            ("0", 0),
            ("-0.00", 0),
        ] {
            assert_eq!(eur(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn amounts_that_are_none_are_refused() {
        assert_eq!(eur("-1"), Err(AmountError::Negative));
        assert_eq!(eur("99999999999999999999"), Err(AmountError::TooLarge));
        for text in [
            "49.9499999",
            "1,2,3",
            "1.299.00,5.1",
            "1,29,9",
            "",
            "abc",
            "12abc",
            "1e9",
            "NaN",
            ".",
            "0x10",
            "١٢",
        ] {
            assert_eq!(eur(text), Err(AmountError::NotANumber), "{text}");
        }
    }

    #[test]
    fn currencies_with_other_decimals_scale_and_round() {
        let of = |code: &str, text| parse_amount(text, code.parse().unwrap());
        assert_eq!(of("JPY", "1299.50"), Ok(1_300));
        assert_eq!(of("KWD", "1.5"), Ok(1_500));
        assert_eq!(
            "KWD".parse::<Currency>().unwrap().format(1_500),
            "1.500 KWD"
        );
    }

    #[test]
    fn a_percentage_rounds_half_up() {
        assert_eq!(Percent::parse("12.5").unwrap().of(100), 13);
        assert_eq!(Percent::parse("0.0001").unwrap().of(500_000), 1);
        assert_eq!(Percent::parse("10").unwrap().of(4_995), 500);
        assert!(Percent::parse("1.00001").is_err());
        assert!(Percent::parse("-1").is_err());
        assert_eq!(Percent::parse("12.50").unwrap().to_string(), "12.5");
    }

    #[test]
    fn a_rate_converts_between_currencies_of_different_decimals() {
        let usd: Currency = "USD".parse().unwrap();
        let jpy: Currency = "JPY".parse().unwrap();
        assert_eq!(
            Rate::parse("0.92")
                .unwrap()
                .convert(10_000, usd, Currency::EUR),
            Some(9_200)
        );
        assert_eq!(
            Rate::parse("0.006")
                .unwrap()
                .convert(1_000, jpy, Currency::EUR),
            Some(600)
        );
        assert!(Rate::parse("0").is_err());
    }
}
