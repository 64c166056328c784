//! Why something was not counted, or how a broken request was understood.
//! The words are part of the public contract; they are never renamed.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal : $meaning:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word in headers, answers and the API.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// The same for a reader, and what to do about it.
            pub fn meaning(self) -> &'static str {
                match self { $($name::$variant => $meaning),* }
            }
        }
    };
}

words! {
    /// Why a hit was not counted. The journal stores them by their order here: new
    /// ones go to the end, none is taken out.
    Reason {
        Prefetch = "prefetch": "The browser loaded it ahead of time; nobody saw it.",
        Head = "head": "Only the headers were asked for.",
        Bot = "bot": "A known robot made the request.",
        UnknownCampaign = "unknown_campaign": "The campaign id is not one of yours. Copy the snippet again.",
        UnknownSite = "unknown_site": "The site key is not one of yours. Copy the snippet again.",
        GoalUnknown = "goal_unknown": "The campaign has no such goal. Compare the goal's name with the snippet.",
        CampaignUnknown = "campaign_unknown": "It named no campaign, and the goal does not tell which one is meant. Add campaign_id to the pixel.",
        Paused = "paused": "The campaign was paused.",
        BadAmount = "bad_amount": "The amount was not a number, negative or too large.",
        UnknownCurrency = "unknown_currency": "The currency is not a code of ISO 4217, such as EUR.",
        TooLong = "too_long": "A value was longer than 512 characters, or an address longer than 2048.",
        BadEncoding = "bad_encoding": "The request was not valid UTF-8.",
        BadJson = "bad_json": "The body was not the JSON that this address takes.",
        BadId = "bad_id": "The id of the event was not 32 hexadecimal digits.",
        BadUrl = "bad_url": "The landing address is not on a host of the campaign's site.",
        TooOld = "too_old": "It happened more than seven days before it arrived.",
        TooMany = "too_many": "More than 256 events in one request.",
        TooLarge = "too_large": "The request was larger than this address takes.",
        RateLimited = "rate_limited": "Too many requests from one address.",
        Overloaded = "overloaded": "More arrived than could be stored; senders were asked to come again.",
        Duplicate = "duplicate": "The same sale or event arrived before.",
        Unconfirmed = "unconfirmed": "A visitor was sent on, but the click could not be stored.",
        NoCampaign = "no_campaign": "The site has no running campaign.",
        Expired = "expired": "The account's time had ended.",
        BadMethod = "bad_method": "The address was called with another method than GET.",
        ErasedPerson = "erased_person": "It came from somebody whose data was erased on request; nothing new is kept of them.",
        Objected = "objected": "It came from somebody who had objected to being counted.",
        ConsentMissing = "consent_missing": "The site counts nothing before a visitor agrees.",
        Suspended = "suspended": "Whoever runs this server had suspended the account.",
        Damaged = "damaged": "Stored hits could not be read again before they were settled; whoever runs the server set them aside. One stands for a batch, which may be many hits.",
    }
}

words! {
    /// What was unusual about a hit that counted all the same. Stored by their order
    /// here: new ones go to the end, none is taken out.
    Note {
        UnreplacedMacro = "unreplaced_macro": "A placeholder such as {order_id} arrived unfilled and was taken as empty. The shop's template does not fill it.",
        EscapedSeparator = "escaped_separator": "The address contained &amp; instead of &; it was read as &.",
        DoubledName = "doubled_name": "A value began with its own name (txn_id=txn_id=...); the name was removed.",
        AmountMissing = "amount_missing": "No amount came with the sale; it counts with 0.",
        UnknownPublisher = "unknown_publisher": "The publisher id is not one of yours; it counts under no publisher.",
        UnknownCoupon = "unknown_coupon": "Nobody has this coupon code.",
        BadClickId = "bad_click_id": "The click id is not one that was given out here.",
        OtherCampaign = "other_campaign": "The click belonged to another campaign.",
        OutsideWindow = "outside_window": "The click was older than the campaign's attribution window.",
        RateMissing = "rate_missing": "No exchange rate is entered for this currency; it waits until one is.",
        BadStatus = "bad_status": "The status word was not understood; the goal's rule was used.",
        NoConsent = "no_consent": "The visitor had not consented, so it could not be joined to a click.",
        MissingTransaction = "missing_transaction": "No transaction id came with it; a page loaded twice may count twice.",
        EmailAsTransaction = "email_as_transaction": "An e-mail address came as the transaction id, so a person's second order looks like a repetition. Send the order number.",
        TokenInBrowser = "token_in_browser": "The security token came from a browser, where everyone can read it. Send it from the shop's server only, and make a new one.",
        Restricted = "restricted": "The person behind it has asked that it be kept and not used; its details are hidden.",
        BadSignal = "bad_signal": "A consent signal (consent, gdpr_consent or gpp) could not be read and counted as not given. Compare the pixel with the recipe for your consent banner.",
        EmailRemoved = "email_removed": "A parameter or address contained an e-mail address; it was taken out before anything was stored. Keep personal data out of links.",
        PhoneRemoved = "phone_removed": "A parameter or address contained a phone number; it was taken out before anything was stored.",
        CardRemoved = "card_removed": "A parameter or address contained a card number; it was taken out before anything was stored. Find out who puts it there.",
        IbanRemoved = "iban_removed": "A parameter or address contained a bank account number; it was taken out before anything was stored.",
        TokenRemoved = "token_removed": "A parameter or address contained a password or token; it was taken out before anything was stored.",
    }
}

impl Note {
    /// What of a parameter or address was taken out, where the note says that.
    pub fn removed(self) -> Option<&'static str> {
        self.word().strip_suffix("_removed")
    }
}

/// A set of notes, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notes(u32);

impl Notes {
    pub fn add(&mut self, note: Note) {
        self.0 |= 1 << note as u32;
    }

    pub fn remove(&mut self, note: Note) {
        self.0 &= !(1 << note as u32);
    }

    /// As one number, a bit a note.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Bits of newer versions stand for nothing.
    pub fn from_bits(bits: u32) -> Notes {
        let known = (1u64 << Note::ALL.len()) - 1;
        Notes(bits & known as u32)
    }

    /// All of both.
    pub fn and(self, other: Notes) -> Notes {
        Notes(self.0 | other.0)
    }

    pub fn contains(self, note: Note) -> bool {
        self.0 & (1 << note as u32) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Note> {
        Note::ALL
            .iter()
            .copied()
            .filter(move |&note| self.contains(note))
    }
}
