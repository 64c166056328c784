//! What is kept of accounts, their people and their settings.

use super::{Class, Field, Holding, Place, Whom, hash, index, open, personal, sealed};

const SETTINGS: &str = "What the account set up";
const SIGN_IN: &str = "Letting members in, and nobody else";
const RUNNING: &str = "Running the instance";

/// The columns of a table of settings.
const ROW: &[Field] = &[
    open("id", "Its random id"),
    open("account", "Whose it is"),
    sealed("body", "Its content"),
];

pub const HOLDINGS: &[Holding] = &[
    Holding {
        place: Place::Table("meta"),
        purpose: RUNNING,
        class: Class::Instance,
        whom: Whom::Nobody,
        fields: &[
            open("name", "Name of a mark"),
            open("value", "Its value; settings are sealed"),
        ],
    },
    Holding {
        place: Place::Table("account"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::Nobody,
        fields: &[
            open("id", "Its random id"),
            open("state", "Active or expired"),
            open("expires_at", "When it ends"),
            sealed("body", "Its settings"),
            open("label", "What the operator calls it"),
            open("suspended_at", "Since when the operator holds it"),
        ],
    },
    Holding {
        place: Place::Body("account"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::People,
        fields: &[
            personal("name", "Name of the account"),
            sealed("timezone", "Its time zone"),
            sealed("currency", "Its currency"),
            sealed("acquisition", "Whether servers may report sales"),
            sealed("security_token_hash", "Hash of the token they use"),
            sealed(
                "require_second_factor",
                "Whether members need a second factor",
            ),
            sealed(
                "shared_token_clicks",
                "From how many clicks a token without consent names a publisher",
            ),
            sealed("rates", "Exchange rates"),
            personal(
                "privacy",
                "Who is responsible, whom to write to, where the machine stands",
            ),
        ],
    },
    Holding {
        place: Place::Table("member"),
        purpose: SIGN_IN,
        class: Class::Member,
        whom: Whom::Nobody,
        fields: &[
            open("id", "Their random id"),
            open("account", "Whose member it is"),
            index("email_index", "Keyed hash of the e-mail address"),
            sealed("body", "Their profile"),
        ],
    },
    Holding {
        place: Place::Body("member"),
        purpose: SIGN_IN,
        class: Class::Member,
        whom: Whom::People,
        fields: &[
            personal("email", "E-mail address"),
            personal("role", "What they may do"),
            sealed("password_hash", "Argon2id hash of the password"),
            sealed(
                "acknowledged",
                "Which acts at the shell they have been shown",
            ),
            sealed("epoch", "Counts up to end all of their sign-ins"),
            sealed(
                "second_factor",
                "Secret of the second factor, and hashes of recovery codes",
            ),
        ],
    },
    Holding {
        place: Place::Table("session"),
        purpose: SIGN_IN,
        class: Class::Session,
        whom: Whom::Nobody,
        fields: &[
            open("id", "Its random id"),
            open("account", "Whose member"),
            open("member", "Which member"),
            hash("token_hash", "Hash of the secret in the cookie"),
            open("expires_at", "When it ends"),
            sealed("body", "Its instants"),
        ],
    },
    Holding {
        place: Place::Body("session"),
        purpose: SIGN_IN,
        class: Class::Session,
        whom: Whom::People,
        fields: &[
            personal("created_at", "When the sign-in was"),
            personal("seen_at", "When it was last used"),
            personal("proved_at", "When they last proved who they are"),
            sealed("epoch", "The member's epoch then"),
            personal(
                "place",
                "Browser in words, and network without the last part of the address",
            ),
        ],
    },
    Holding {
        place: Place::Table("api_token"),
        purpose: "Letting programs in",
        class: Class::Account,
        whom: Whom::Nobody,
        fields: &[
            open("id", "Its random id"),
            open("account", "Whose it is"),
            hash("token_hash", "Hash of the token"),
            sealed("body", "What it may do"),
        ],
    },
    Holding {
        place: Place::Body("api_token"),
        purpose: "Letting programs in",
        class: Class::Account,
        whom: Whom::Nobody,
        fields: &[
            sealed("scope", "Read or write"),
            sealed("created_at", "When it was made"),
            sealed("expires_at", "When it ends"),
            sealed("used_day", "The day it was used last"),
        ],
    },
    Holding {
        place: Place::Table("set_up"),
        purpose: "The one-time address of a first start",
        class: Class::Session,
        whom: Whom::Nobody,
        fields: &[
            hash("token_hash", "Hash of its secret"),
            open("expires_at", "When it ends"),
        ],
    },
    Holding {
        place: Place::Table("site"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::Nobody,
        fields: ROW,
    },
    Holding {
        place: Place::Body("site"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::Nobody,
        fields: &[
            sealed("name", "Its name"),
            sealed("key", "Its public key"),
            sealed("hosts", "Its addresses"),
            sealed("posture", "What happens before a visitor answers"),
            sealed(
                "declaration",
                "Countries served and ground, where the posture needs that",
            ),
        ],
    },
    Holding {
        place: Place::Table("campaign"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::Nobody,
        fields: ROW,
    },
    Holding {
        place: Place::Body("campaign"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::Nobody,
        fields: &[
            sealed("name", "Its name"),
            sealed("site", "Its site"),
            sealed("landing_urls", "Its landing pages"),
            sealed("attribution_days", "How long a click counts"),
            sealed("view_through_days", "How long an impression counts"),
            sealed("status", "Running or paused"),
            sealed("goals", "Its goals with revenue and payout"),
            sealed("report_params", "Which of p1 to p10 are reported"),
        ],
    },
    Holding {
        place: Place::Table("publisher"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::Nobody,
        fields: ROW,
    },
    Holding {
        place: Place::Body("publisher"),
        purpose: SETTINGS,
        class: Class::Account,
        whom: Whom::People,
        fields: &[
            personal("name", "Name of the publisher"),
            personal("coupon_codes", "Coupon codes that credit it"),
            personal("reward", "Whether it runs a reward programme"),
        ],
    },
];
