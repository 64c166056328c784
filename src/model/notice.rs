//! Notices of the end: when one is due, which count, and when an account therefore really
//! expires. No account expires unless somebody was told: until then its end waits. Pure.

use crate::clock::{DAY_MS, Timestamp};
use crate::model::life::{About, Call, Life, NOTICE_DAYS, Notice, Terms, Way};

/// An expiry of which notice came late waits so long after the notice.
const AFTER_NOTICE_MS: i64 = DAY_MS;
/// Where nobody was told of an expiry that has passed, mail is tried again after so long.
const AGAIN_MS: i64 = 2 * DAY_MS;

/// An end that stands before an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    pub about: About,
    pub of: Timestamp,
}

/// When an account expires: on its date, where notice of that date was given in time;
/// a day after a notice that came later; not at all where none was given.
///
/// What a command answered tells whoever runs the server. Where that is somebody else
/// than the account's people (`hosting`), it tells them nothing of a date to come and does
/// not count; an end that is ordered at once comes at once.
pub fn ends_at(life: &Life, expires_at: Option<Timestamp>, hosting: bool) -> Option<Timestamp> {
    let at = expires_at?;
    if life.legacy {
        return Some(at);
    }
    let counts = |notice: &&Notice| {
        // An end that was ordered for that very moment is no date that comes unannounced.
        let by_order = notice.at >= at;
        let is_heard = notice.way != Way::Command || !hosting || by_order;
        notice.about == About::Expiry && notice.of == at && is_heard
    };
    let told = life.notices.iter().filter(counts);
    let effective = |notice: &Notice| match notice.way {
        Way::Command => at,
        Way::Mail | Way::Screen => at.max(notice.at.plus_ms(AFTER_NOTICE_MS)),
    };
    told.map(effective).min()
}

/// The ends ahead of an account, the next one first.
pub fn ahead(
    life: &Life,
    expires_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    terms: Terms,
    now: Timestamp,
) -> Vec<Ahead> {
    let mut found = Vec::new();
    let is_ended = life.deletion.is_some() || life.legacy;
    if let Some(of) = expires_at.filter(|_| !is_ended)
        && ends_at.is_none_or(|at| now < at)
    {
        found.push(Ahead {
            about: About::Expiry,
            of,
        });
    }
    if let Some((of, _)) = life.purge_due(ends_at, terms)
        && now < of
    {
        found.push(Ahead {
            about: About::Purge,
            of,
        });
    }
    found
}

/// How many days before it a notice of this end is due to be sent now; none: not yet,
/// or it was.
pub fn due(life: &Life, ahead: Ahead, now: Timestamp) -> Option<u32> {
    let calls = life
        .calls
        .iter()
        .filter(|call| call.about == ahead.about && call.of == ahead.of);
    if now >= ahead.of {
        // An expiry that waits, because nobody was told.
        let last = calls.map(|call| call.at).max();
        return last
            .is_none_or(|at| now.millis() - at.millis() >= AGAIN_MS)
            .then_some(0);
    }
    let days = NOTICE_DAYS
        .into_iter()
        .filter(|days| now >= ahead.of.minus_ms(days * DAY_MS))
        .min()? as u32;
    let was_sent = calls.map(|call| call.days).any(|sent| sent <= days);
    (!was_sent).then_some(days)
}

/// The next instant at which a notice of one of these ends falls due.
pub fn next_due(life: &Life, ends: &[Ahead], now: Timestamp) -> Option<Timestamp> {
    let of_one = |&ahead: &Ahead| {
        if due(life, ahead, now).is_some() {
            return Some(now);
        }
        let steps = NOTICE_DAYS.into_iter().chain([0]);
        let instants = steps.map(|days| ahead.of.minus_ms(days * DAY_MS));
        let again = life
            .calls
            .iter()
            .map(|call: &Call| call.at.plus_ms(AGAIN_MS));
        instants.chain(again).filter(|&at| at > now).min()
    };
    ends.iter().filter_map(of_one).min()
}

/// Whether somebody of the account has confirmed on screen that they read of this end.
pub fn is_confirmed(life: &Life, ahead: Ahead) -> bool {
    life.notices.iter().any(|notice| {
        notice.way == Way::Screen && notice.about == ahead.about && notice.of == ahead.of
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::parse_instant;

    fn at(text: &str) -> Timestamp {
        parse_instant(text).unwrap()
    }

    fn told(way: Way, when: &str) -> Life {
        Life {
            notices: vec![Notice {
                about: About::Expiry,
                of: at("2027-03-31"),
                way,
                at: at(when),
            }],
            ..Life::default()
        }
    }

    #[test]
    fn an_account_of_which_nobody_was_told_does_not_expire() {
        let expires = Some(at("2027-03-31"));
        for hosting in [false, true] {
            assert_eq!(ends_at(&Life::default(), expires, hosting), None);
            assert_eq!(
                ends_at(&told(Way::Mail, "2027-03-17"), expires, hosting),
                expires
            );
            let late = ends_at(&told(Way::Screen, "2027-05-02"), expires, hosting);
            assert_eq!(late, Some(at("2027-05-03")));
            // Of another date.
            let other = ends_at(
                &told(Way::Mail, "2027-03-17"),
                Some(at("2027-04-30")),
                hosting,
            );
            assert_eq!(other, None);
        }
        let by_command = told(Way::Command, "2027-01-01");
        assert_eq!(ends_at(&by_command, expires, false), expires);
        assert_eq!(ends_at(&by_command, expires, true), None);
        let at_once = told(Way::Command, "2027-03-31");
        assert_eq!(ends_at(&at_once, expires, true), expires);
    }

    #[test]
    fn notices_are_due_14_days_and_one_day_before_and_once_each() {
        let mut life = told(Way::Command, "2027-01-01");
        let expiry = Ahead {
            about: About::Expiry,
            of: at("2027-03-31"),
        };
        assert_eq!(due(&life, expiry, at("2027-03-16T23:59:59Z")), None);
        assert_eq!(
            next_due(&life, &[expiry], at("2027-01-01")),
            Some(at("2027-03-17"))
        );
        assert_eq!(due(&life, expiry, at("2027-03-17")), Some(14));
        life.calls.push(Call {
            about: About::Expiry,
            of: expiry.of,
            days: 14,
            at: at("2027-03-17"),
        });
        assert_eq!(due(&life, expiry, at("2027-03-29")), None);
        assert_eq!(due(&life, expiry, at("2027-03-30")), Some(1));
        // A server that was off for both says it once.
        life.calls.clear();
        assert_eq!(due(&life, expiry, at("2027-03-30T12:00:00Z")), Some(1));
        assert_eq!(due(&life, expiry, at("2027-04-30")), Some(0));
    }

    #[test]
    fn what_is_ahead_is_the_expiry_then_the_purge() {
        let terms = Terms::default();
        let life = told(Way::Mail, "2027-03-17");
        let expires = Some(at("2027-03-31"));
        let seen = |now: &str| -> Vec<About> {
            let ends = ahead(&life, expires, expires, terms, at(now));
            ends.iter().map(|ahead| ahead.about).collect()
        };
        assert_eq!(seen("2027-03-30"), [About::Expiry, About::Purge]);
        assert_eq!(seen("2027-04-30"), [About::Purge]);
        assert!(seen("2027-05-20").is_empty());
        let waits = ahead(&Life::default(), expires, None, terms, at("2027-09-01"));
        assert_eq!(waits.len(), 1, "an expiry that waits stays ahead");
    }
}
