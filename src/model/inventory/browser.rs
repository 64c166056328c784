//! What lies in browsers: the cookie and storage table of the documents.

use super::{Class, Holding, Place, Whom, hash, sealed};

/// A cookie or storage key of the tracking host or of a site, as the documents list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Stored {
    pub name: &'static str,
    /// Cookie or local storage.
    pub kind: &'static str,
    /// On whose host it lies.
    pub host: &'static str,
    pub purpose: &'static str,
    /// In seconds; 0: until the browser closes.
    pub max_age_seconds: u64,
    /// Whether use renews it.
    pub is_renewed: bool,
    /// When it is set.
    pub when: &'static str,
}

/// Days after which the SDK asks nothing of what it stored: 34,000,000 seconds.
const SDK_SECONDS: u64 = 34_000_000;

pub const STORED: &[Stored] = &[
    Stored {
        name: "pk_<account>",
        kind: "cookie (Secure, HttpOnly, SameSite=None)",
        host: "tracking host",
        purpose: "The visitor's random id and the last click and impression of up to 8 campaigns, sealed",
        max_age_seconds: 30 * 24 * 60 * 60,
        is_renewed: true,
        when: "On a click or impression, where consent or the site's posture allows it",
    },
    Stored {
        name: "pixelkeep.<site key>.state",
        kind: "local storage",
        host: "the site",
        purpose: "The visitor's answer, random id and last click id",
        max_age_seconds: SDK_SECONDS,
        is_renewed: false,
        when: "Once consent or the site's posture allows it; removed at a withdrawal",
    },
    Stored {
        name: "pixelkeep.<site key>.<event id>",
        kind: "local storage",
        host: "the site",
        purpose: "An event that could not be delivered yet",
        max_age_seconds: 7 * 24 * 60 * 60,
        is_renewed: false,
        when: "While the tracking host cannot be reached, with consent; removed on delivery",
    },
    Stored {
        name: "pixelkeep_session, __Host-pixelkeep",
        kind: "cookie (HttpOnly, SameSite=Lax)",
        host: "console host",
        purpose: "Keeping a member signed in; strictly necessary",
        max_age_seconds: 0,
        is_renewed: false,
        when: "When a member signs in",
    },
];

pub const HOLDINGS: &[Holding] = &[
    Holding {
        place: Place::Browser("cookie of the tracking host"),
        purpose: "Finding the click a sale came from, for plain image and iframe pixels",
        class: Class::Browser,
        whom: Whom::Visitors,
        fields: &[
            sealed("visitor", "Random id of the browser, 128 bits"),
            sealed("consented", "Whether yes was said in so many words"),
            sealed("clicks", "Last click of up to 8 campaigns"),
            sealed("impressions", "Last impression of up to 8 campaigns"),
        ],
    },
    Holding {
        place: Place::Browser("local storage of the site"),
        purpose: "Remembering the visitor's answer and click",
        class: Class::Browser,
        whom: Whom::Visitors,
        fields: &[
            hash("at", "When it was first stored"),
            hash(
                "posture",
                "The site's posture, in case the tracking host is away",
            ),
            hash("consent", "The visitor's answer"),
            hash("visitor", "Random id of the browser, 128 bits"),
            hash("click", "The sealed click id of the landing page"),
        ],
    },
];
