//! All that one request says about consent, heard together: the more restrictive
//! statement holds, Global Privacy Control never grants, and what cannot be read
//! counts as not said and is noted.

use serde::{Deserialize, Serialize};

use super::{Answer, Consent, gpp, tcf};

/// The way in which somebody answered. The words stand in receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The page's own banner, through the WebSDK.
    Sdk,
    /// The `consent` parameter of a link or pixel.
    Parameter,
    /// A TCF string.
    Tcf,
    /// A GPP string.
    Gpp,
    /// Global Privacy Control.
    PrivacyControl,
    /// The visitor's own page on the tracking host.
    Page,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Way::Sdk => "sdk",
            Way::Parameter => "parameter",
            Way::Tcf => "tcf",
            Way::Gpp => "gpp",
            Way::PrivacyControl => "privacy_control",
            Way::Page => "page",
        }
    }
}

/// What a request carries. Absent texts cost nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signals<'a> {
    /// The `consent` parameter, or what the WebSDK was told.
    pub consent: Option<&'a str>,
    /// Came from the WebSDK.
    pub from_sdk: bool,
    /// `gdpr`: `0` says that no TCF string applies.
    pub gdpr: Option<&'a str>,
    pub gdpr_consent: Option<&'a str>,
    pub gpp: Option<&'a str>,
    pub gpp_sid: Option<&'a str>,
    /// `Sec-GPC: 1`.
    pub privacy_control: bool,
}

/// What was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// Everything together.
    pub consent: Consent,
    /// The same without Global Privacy Control, which objects and withdraws nothing.
    pub stated: Consent,
    /// Who decided on attribution; none where nobody did.
    pub by: Option<Way>,
    /// Something was there that could not be read.
    pub malformed: bool,
}

impl Signals<'_> {
    pub fn hear(&self) -> Heard {
        let mut heard = Heard::default();
        if let Some(text) = self.consent {
            let way = if self.from_sdk {
                Way::Sdk
            } else {
                Way::Parameter
            };
            heard.take(way, Consent::parse(text));
        }
        if self.gdpr_consent.is_some() || self.gdpr.is_some() {
            self.hear_tcf(&mut heard);
        }
        if let Some(text) = self.gpp {
            heard.take(Way::Gpp, gpp::parse(text, self.gpp_sid));
        }
        heard.stated = heard.consent;
        if self.privacy_control {
            heard.take(Way::PrivacyControl, Some(Consent::privacy_control(true)));
        }
        heard
    }

    fn hear_tcf(&self, heard: &mut Heard) {
        match (self.gdpr, self.gdpr_consent) {
            // It does not apply: that grants nothing.
            (Some("0"), _) => {}
            (Some("1") | None, Some(text)) => heard.take(Way::Tcf, tcf::parse(text)),
            _ => heard.malformed = true,
        }
    }
}

impl Heard {
    fn take(&mut self, way: Way, said: Option<Consent>) {
        let Some(said) = said else {
            self.malformed = true;
            return;
        };
        let before = self.consent.attribution;
        self.consent = self.consent.and(said);
        if self.consent.attribution != before && said.attribution != Answer::Unknown {
            self.by = Some(way);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Permits, Posture, bits};
    use super::*;

    fn answers(signals: Signals<'_>) -> (Answer, Answer, Answer) {
        let Consent {
            measurement,
            attribution,
            sharing,
        } = signals.hear().consent;
        (measurement, attribution, sharing)
    }

    use Answer::{Denied, Granted, Unknown};

    #[test]
    fn a_bare_grant_under_privacy_control_measures_and_no_more() {
        let signals = Signals {
            consent: Some("measurement,attribution"),
            privacy_control: true,
            ..Signals::default()
        };
        assert_eq!(answers(signals), (Granted, Denied, Denied));
        assert_eq!(signals.hear().by, Some(Way::PrivacyControl));
        assert_eq!(signals.hear().stated.attribution, Granted);
    }

    #[test]
    fn storage_refused_refuses_all_that_needs_it() {
        let text = tcf::writing::write(4, true, &[7], &[]);
        let signals = Signals {
            gdpr: Some("1"),
            gdpr_consent: Some(&text),
            ..Signals::default()
        };
        assert_eq!(answers(signals), (Denied, Denied, Denied));
    }

    #[test]
    fn an_old_policy_or_a_shared_scope_is_absent_and_noted() {
        for text in [
            tcf::writing::write(3, true, &[1, 7], &[]),
            tcf::writing::write(4, false, &[1, 7], &[]),
        ] {
            let signals = Signals {
                gdpr: Some("1"),
                gdpr_consent: Some(&text),
                ..Signals::default()
            };
            assert_eq!(answers(signals), (Unknown, Unknown, Unknown));
            assert!(signals.hear().malformed);
        }
    }

    #[test]
    fn that_the_gdpr_does_not_apply_grants_nothing() {
        let signals = Signals {
            gdpr: Some("0"),
            ..Signals::default()
        };
        assert_eq!(answers(signals), (Unknown, Unknown, Unknown));
        assert!(!signals.hear().malformed);
        let permits = Posture::Strict.permits(signals.hear().consent);
        assert_eq!(permits, Permits::default());
    }

    #[test]
    fn an_american_objection_to_sharing_outweighs_a_yes() {
        // National section: opted out of sharing, of nothing else.
        let notices = [(1, 6), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2)];
        let opted = [(2, 2), (1, 2), (2, 2), (0, 40)];
        let core = bits::writing::write(&[&notices[..], &opted[..]].concat());
        let gpp = format!("DBABLA~{core}");
        let signals = Signals {
            consent: Some("1"),
            gpp: Some(&gpp),
            gpp_sid: Some("7"),
            ..Signals::default()
        };
        assert_eq!(answers(signals), (Granted, Granted, Denied));
    }

    #[test]
    fn a_no_outweighs_a_yes_whatever_way_they_come() {
        let granted = tcf::writing::write(4, true, &[1, 7], &[]);
        let signals = Signals {
            consent: Some("0"),
            gdpr_consent: Some(&granted),
            ..Signals::default()
        };
        assert_eq!(answers(signals), (Denied, Denied, Denied));
        let refused = tcf::writing::write(4, true, &[], &[]);
        let signals = Signals {
            consent: Some("1"),
            gdpr_consent: Some(&refused),
            ..Signals::default()
        };
        assert_eq!(answers(signals), (Denied, Denied, Denied));
        assert_eq!(signals.hear().by, Some(Way::Tcf));
    }

    #[test]
    fn nothing_said_is_nothing_heard() {
        assert_eq!(Signals::default().hear(), Heard::default());
    }
}
