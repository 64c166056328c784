//! The string of the Global Privacy Platform: what its European section grants, and
//! what its American ones object to. An objection counts from whichever section it
//! comes; a grant only from one that applies. The string itself is never kept.
//! Source: IAB Tech Lab, "Global Privacy Platform", header version 1.

use super::bits::Bits;
use super::{Answer, Consent, tcf};

/// Longest string that is read, in bytes.
const LENGTH_MAX: usize = 8_192;
/// Sections in one string at most.
const SECTIONS_MAX: usize = 32;
const HEADER_TYPE: u32 = 3;
const HEADER_VERSION: u32 = 1;
/// Largest section id that is believed.
const SECTION_MAX: u32 = 255;

const TCF_EU: u32 = 2;
const US_PRIVACY: u32 = 6;
const US_NATIONAL: u32 = 7;
/// The American states, of which each has a layout of its own.
const US_STATES: std::ops::RangeInclusive<u32> = 8..=27;
/// "Opted out", in every American section.
const OPTED_OUT: u32 = 1;
/// The sub-section that repeats Global Privacy Control.
const GPC_SEGMENT: u32 = 1;

/// What a GPP string says, with `gpp_sid` naming the sections that apply. None where
/// it is not one, or nothing in it could be read.
pub fn parse(text: &str, applicable: Option<&str>) -> Option<Consent> {
    let text = text.trim();
    if text.len() > LENGTH_MAX {
        return None;
    }
    let mut parts = text.split('~');
    let ids = section_ids(parts.next()?)?;
    let mut consent = Consent::UNKNOWN;
    let mut understood = false;
    for (id, section) in ids.into_iter().zip(parts) {
        let said = match id {
            TCF_EU if applies(id, applicable) => tcf::parse(section),
            US_PRIVACY => us_privacy(section),
            US_NATIONAL => us_section(id, section),
            _ if US_STATES.contains(&id) => us_section(id, section),
            _ => None,
        };
        understood |= said.is_some();
        consent = consent.and(said.unwrap_or(Consent::UNKNOWN));
    }
    understood.then_some(consent)
}

/// Whether `gpp_sid`, ids with commas between, names this section; without it all do.
fn applies(id: u32, applicable: Option<&str>) -> bool {
    applicable.is_none_or(|list| {
        list.split([',', '_'])
            .any(|text| text.trim().parse() == Ok(id))
    })
}

/// The ids in the header: Fibonacci-coded distances, single or as ranges.
fn section_ids(header: &str) -> Option<Vec<u32>> {
    let bits = Bits::read(header)?;
    if bits.number(0, 6)? != HEADER_TYPE || bits.number(6, 6)? != HEADER_VERSION {
        return None;
    }
    let entries = bits.number(12, 12)?;
    let mut at = 24;
    let mut ids: Vec<u32> = Vec::new();
    let mut last = 0;
    for _ in 0..entries {
        let is_range = bits.bit(at)?;
        at += 1;
        let first = last + fibonacci(&bits, &mut at)?;
        last = if is_range {
            first + fibonacci(&bits, &mut at)?
        } else {
            first
        };
        if last > SECTION_MAX || ids.len() + (last - first) as usize >= SECTIONS_MAX {
            return None;
        }
        ids.extend(first..=last);
    }
    Some(ids)
}

/// A Fibonacci-coded number of at least 1; ends with two ones in a row.
fn fibonacci(bits: &Bits, at: &mut usize) -> Option<u32> {
    let (mut weight, mut next) = (1u32, 2u32);
    let mut number = 0;
    let mut before = false;
    loop {
        let bit = bits.bit(*at)?;
        *at += 1;
        if bit && before {
            return Some(number);
        }
        if bit {
            number += weight;
        }
        if next > SECTION_MAX * 4 {
            return None;
        }
        before = bit;
        (weight, next) = (next, weight + next);
    }
}

/// `1YNN`: version, notice, opted out of sale, covered.
fn us_privacy(section: &str) -> Option<Consent> {
    let [b'1', _, opted_out, _] = section.as_bytes() else {
        return None;
    };
    match opted_out.to_ascii_uppercase() {
        b'Y' => Some(objection(true, false)),
        b'N' | b'-' => Some(objection(false, false)),
        _ => None,
    }
}

/// Where a section's core has its opt-outs: of sale, of sharing, of targeted
/// advertising, each of two bits.
fn opt_outs_at(id: u32) -> Option<&'static [Purpose]> {
    use Purpose::{Sale, Targeted};
    Some(match id {
        US_NATIONAL => &[Sale(18), Sale(20), Targeted(22)],
        // California: sale and sharing.
        8 => &[Sale(12), Sale(14)],
        // Utah and Iowa: four notices first.
        11 | 18 => &[Sale(14), Targeted(16)],
        // Virginia, Colorado, Connecticut, Florida, Montana, Oregon, Texas, Delaware,
        // Nebraska, New Hampshire, New Jersey, Tennessee: three.
        9 | 10 | 12..=17 | 19..=21 => &[Sale(12), Targeted(14)],
        _ => return None,
    })
}

enum Purpose {
    /// Sale or sharing.
    Sale(usize),
    Targeted(usize),
}

fn us_section(id: u32, section: &str) -> Option<Consent> {
    let mut segments = section.split('.');
    let core = Bits::read(segments.next()?)?;
    let mut sale = false;
    let mut targeted = false;
    for purpose in opt_outs_at(id)? {
        match *purpose {
            Purpose::Sale(at) => sale |= core.number(at, 2)? == OPTED_OUT,
            Purpose::Targeted(at) => targeted |= core.number(at, 2)? == OPTED_OUT,
        }
    }
    let controlled = segments.any(|segment| {
        Bits::read(segment)
            .is_some_and(|bits| bits.number(0, 2) == Some(GPC_SEGMENT) && bits.bit(2) == Some(true))
    });
    if controlled {
        return Some(Consent::privacy_control(true));
    }
    Some(objection(sale, targeted))
}

/// Who opted out of sale or sharing refuses that; who opted out of targeted
/// advertising refuses being recognised as well. None of it ever grants.
fn objection(sale: bool, targeted: bool) -> Consent {
    let denied = |refused| {
        if refused {
            Answer::Denied
        } else {
            Answer::Unknown
        }
    };
    Consent {
        measurement: Answer::Unknown,
        attribution: denied(targeted),
        sharing: denied(sale || targeted),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::writing::write;
    use super::*;

    /// A header that names these ids, each below 5.
    const EU: &str = "DBABM";
    const EU_AND_US_PRIVACY: &str = "DBACNYA";
    /// One section: 7, 8 or 11 in Fibonacci code with its end.
    fn header(code: &[(u64, usize)]) -> String {
        let mut fields = vec![(3, 6), (1, 6), (1, 12), (0, 1)];
        fields.extend_from_slice(code);
        write(&fields)
    }
    const SEVEN: &[(u64, usize)] = &[(0b01011, 5)];
    const EIGHT: &[(u64, usize)] = &[(0b000011, 6)];
    const ELEVEN: &[(u64, usize)] = &[(0b001011, 6)];

    fn national(sale: u64, sharing: u64, targeted: u64) -> String {
        let notices = [(1, 6), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2)];
        let rest = [(sale, 2), (sharing, 2), (targeted, 2), (0, 40)];
        write(&[&notices[..], &rest[..]].concat())
    }

    #[test]
    fn headers_name_their_sections() {
        assert_eq!(section_ids(EU), Some(vec![2]));
        assert_eq!(section_ids(EU_AND_US_PRIVACY), Some(vec![2, 6]));
        assert_eq!(section_ids(&header(SEVEN)), Some(vec![7]));
        let range = write(&[(3, 6), (1, 6), (1, 12), (1, 1), (0b01011, 5), (0b0011, 4)]);
        assert_eq!(section_ids(&range), Some(vec![7, 8, 9, 10]));
        assert_eq!(section_ids("AAAA"), None);
    }

    #[test]
    fn the_european_section_grants_where_it_applies() {
        let text = format!("{EU}~{}", tcf::writing::write(4, true, &[1, 7], &[]));
        assert_eq!(parse(&text, None), Some(Consent::GRANTED));
        assert_eq!(parse(&text, Some("2")), Some(Consent::GRANTED));
        assert_eq!(parse(&text, Some("7,8")), None);
        assert_eq!(parse(&text, Some("-1")), None);
    }

    #[test]
    fn an_objection_counts_beside_a_grant() {
        let granted = tcf::writing::write(4, true, &[1, 7], &[]);
        let text = format!("{EU_AND_US_PRIVACY}~{granted}~1YYN");
        let consent = parse(&text, Some("2")).unwrap();
        assert_eq!(consent.attribution, Answer::Granted);
        assert_eq!(consent.sharing, Answer::Denied);
        let free = format!("{EU_AND_US_PRIVACY}~{granted}~1YNN");
        assert_eq!(parse(&free, None), Some(Consent::GRANTED));
    }

    #[test]
    fn american_opt_outs_deny_and_never_grant() {
        let at = |text: String| parse(&text, None).unwrap();
        let national = |sale, sharing, targeted| {
            at(format!(
                "{}~{}",
                header(SEVEN),
                national(sale, sharing, targeted)
            ))
        };
        assert_eq!(national(2, 2, 2), Consent::UNKNOWN);
        assert_eq!(national(2, 1, 2).sharing, Answer::Denied);
        assert_eq!(national(1, 2, 2).attribution, Answer::Unknown);
        assert_eq!(national(0, 0, 1).attribution, Answer::Denied);

        let california = write(&[(1, 6), (1, 2), (1, 2), (1, 2), (2, 2), (1, 2), (0, 30)]);
        let consent = at(format!("{}~{california}", header(EIGHT)));
        assert_eq!(
            (consent.sharing, consent.attribution),
            (Answer::Denied, Answer::Unknown)
        );

        let utah = write(&[
            (1, 6),
            (1, 2),
            (1, 2),
            (1, 2),
            (1, 2),
            (2, 2),
            (1, 2),
            (0, 24),
        ]);
        assert_eq!(
            at(format!("{}~{utah}", header(ELEVEN))).attribution,
            Answer::Denied
        );
    }

    #[test]
    fn privacy_control_inside_the_string_counts_as_such() {
        let core = national(2, 2, 2);
        let gpc = write(&[(1, 2), (1, 1)]);
        let text = format!("{}~{core}.{gpc}", header(SEVEN));
        assert_eq!(parse(&text, None), Some(Consent::privacy_control(true)));
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for text in ["", "~", "DBABM", "DBABM~", "DBABM~xx", "${GPP_STRING_755}"] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[A-Za-z0-9_.~-]{0,120}", sid in "[0-9,_-]{0,8}") {
            let _ = parse(&text, Some(&sid));
        }

        #[test]
        fn without_a_european_section_nothing_is_granted(tail in "[A-Za-z0-9_.-]{0,60}") {
            for code in [SEVEN, EIGHT, ELEVEN] {
                let text = format!("{}~{tail}", header(code));
                if let Some(consent) = parse(&text, None) {
                    for answer in [consent.measurement, consent.attribution, consent.sharing] {
                        prop_assert!(answer != Answer::Granted);
                    }
                }
            }
        }
    }
}
