//! The consent string of the Transparency and Consent Framework, versions 2.2 and
//! 2.3: which of three purposes it covers. The string itself is never kept.
//! Source: IAB Tech Lab, "Consent string and vendor list formats v2".

use super::bits::Bits;
use super::{Answer, Consent};

/// Version of the format.
const VERSION: u32 = 2;
/// Oldest policy that is still in force.
const POLICY_MIN: u32 = 4;
const POLICY_AT: usize = 132;
const IS_SERVICE_SPECIFIC_AT: usize = 138;
const PURPOSE_CONSENTS_AT: usize = 152;
const PURPOSE_INTERESTS_AT: usize = 176;

/// Store and access information on a device.
const STORAGE: usize = 1;
/// Measure advertising performance.
const MEASURE: usize = 7;

/// What a TC string says. Purpose 1 and consent to purpose 7 grant attribution and
/// sharing; purpose 7 by legitimate interest grants measurement alone. None where the
/// string is not one, is of an older policy, or is not of this site alone.
///
/// No vendor's bit is asked for: the product is the site's own and no vendor of the
/// global list.
pub fn parse(text: &str) -> Option<Consent> {
    let core = Bits::read(text.trim().split('.').next()?)?;
    let right_kind = core.number(0, 6)? == VERSION
        && core.number(POLICY_AT, 6)? >= POLICY_MIN
        && core.bit(IS_SERVICE_SPECIFIC_AT)?;
    // The last bit of what is read must be there, or the string was cut.
    core.bit(PURPOSE_INTERESTS_AT + 23)?;
    if !right_kind {
        return None;
    }
    let consents = |purpose: usize| core.bit(PURPOSE_CONSENTS_AT + purpose - 1);
    let interest = core.bit(PURPOSE_INTERESTS_AT + MEASURE - 1)?;
    let (storage, measure) = (consents(STORAGE)?, consents(MEASURE)?);
    let answer = |granted| {
        if granted {
            Answer::Granted
        } else {
            Answer::Denied
        }
    };
    Some(Consent {
        measurement: answer(storage && (measure || interest)),
        attribution: answer(storage && measure),
        sharing: answer(storage && measure),
    })
}

#[cfg(test)]
pub mod writing {
    use super::super::bits;

    /// A TC string with these policy version, scope and purposes.
    pub fn write(policy: u64, specific: bool, consents: &[u32], interests: &[u32]) -> String {
        let mask = |purposes: &[u32]| purposes.iter().fold(0u64, |m, p| m | 1 << (24 - p));
        bits::writing::write(&[
            (2, 6),
            (17_000_000_000, 36),
            (17_000_000_000, 36),
            (10, 12),
            (1, 12),
            (1, 6),
            (0x112, 12),
            (200, 12),
            (policy, 6),
            (u64::from(specific), 1),
            (0, 1),
            (0, 12),
            (mask(consents), 24),
            (mask(interests), 24),
            (0, 1),
            (0x0C4, 12),
            (0, 16),
            (0, 1),
            (0, 16),
            (0, 1),
            (0, 12),
        ])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::writing::write;
    use super::*;

    #[test]
    fn purposes_one_and_seven_decide() {
        assert_eq!(parse(&write(4, true, &[1, 7], &[])), Some(Consent::GRANTED));
        assert_eq!(parse(&write(5, true, &[7], &[])), Some(Consent::DENIED));
        assert_eq!(parse(&write(4, true, &[1], &[])), Some(Consent::DENIED));
        let interest = parse(&write(4, true, &[1], &[7])).unwrap();
        assert_eq!(interest.measurement, Answer::Granted);
        assert_eq!(
            (interest.attribution, interest.sharing),
            (Answer::Denied, Answer::Denied)
        );
    }

    #[test]
    fn further_segments_do_not_matter() {
        let text = format!("{}.IAAA.QAAA", write(5, true, &[1, 7], &[]));
        assert_eq!(parse(&text), Some(Consent::GRANTED));
    }

    #[test]
    fn older_policies_other_scopes_and_cut_strings_say_nothing() {
        assert_eq!(parse(&write(3, true, &[1, 7], &[])), None);
        assert_eq!(parse(&write(4, false, &[1, 7], &[])), None);
        let whole = write(4, true, &[1, 7], &[]);
        assert_eq!(parse(&whole[..33]), None);
        for text in [
            "",
            ".",
            "CP",
            "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA",
            "{TC_STRING}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    /// A string as a banner in the field writes it: TCF 2.0, policy 2, so no longer
    /// in force; the same letters with policy 4 would be read.
    #[test]
    fn a_string_of_the_field_is_read_to_its_policy() {
        assert_eq!(parse("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_a_grant_needs_both_bits(text in "[A-Za-z0-9_.-]{0,80}") {
            if let Some(consent) = parse(&text) {
                let core = Bits::read(text.split('.').next().unwrap()).unwrap();
                let both = core.bit(152).unwrap() && core.bit(158).unwrap();
                prop_assert_eq!(consent.attribution == Answer::Granted, both);
            }
        }

        #[test]
        fn what_is_written_is_read(policy in 4u64..64, one: bool, seven: bool, interest: bool) {
            let mut consents = Vec::new();
            if one { consents.push(1) }
            if seven { consents.push(7) }
            let interests: &[u32] = if interest { &[7] } else { &[] };
            let consent = parse(&write(policy, true, &consents, interests)).unwrap();
            prop_assert_eq!(consent.measurement == Answer::Granted, one && (seven || interest));
            prop_assert_eq!(consent.sharing == Answer::Granted, one && seven);
        }
    }
}
