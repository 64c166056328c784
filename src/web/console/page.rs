//! A page as an answer: rendered, with the headers that keep it to itself. Nothing
//! here knows what a page is about.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use askama::Template;

use super::around::{Banner, Told};
use super::asset;
use super::end_notice::EndNotice;
use super::fault::Fault;
use crate::error::Error;
use crate::model::action::Action;
use crate::model::role::Party;

/// No inline script or style, nothing from elsewhere, nobody may frame it, and no script
/// of ours turns text into markup.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'";
/// What no page here asks a browser for.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), \
     payment=(), usb=()";

pub type Answer = Result<HttpResponse, Fault>;

/// A page with this status.
pub fn page(status: StatusCode, template: &impl Template) -> Answer {
    let text = template
        .render()
        .map_err(|error| Error::internal("A page could not be written.").because(error))?;
    Ok(guarded(status)
        .content_type("text/html; charset=utf-8")
        .body(text))
}

/// A page that answers a GET.
pub fn ok(template: &impl Template) -> Answer {
    page(StatusCode::OK, template)
}

/// Sends the browser to a path of ours with a GET.
pub fn see_other(path: &str) -> HttpResponse {
    guarded(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, path))
        .finish()
}

/// An answer with the headers that every one of the console has.
pub fn guarded(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Not `no-referrer`: browsers then send forms with `Origin: null`.
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Embedder-Policy", "require-corp"))
        .insert_header(("Permissions-Policy", PERMISSIONS))
        .insert_header(("X-Frame-Options", "DENY"));
    response
}

/// A path of this server to go on to, from outside: anything else becomes `/`.
pub fn local_path(text: &str) -> &str {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain && text.starts_with('/') && !text.starts_with("//") && text.len() <= 2_048 {
        text
    } else {
        "/"
    }
}

/// The rooms of the console, in the order of its menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Overview,
    Conversions,
    Reports,
    Campaigns,
    Publishers,
    Sites,
    Snippets,
    Privacy,
    Documents,
    Account,
    Members,
    Tokens,
    Support,
    Audit,
    Retention,
    Instance,
    You,
}

impl Room {
    const ALL: &[Room] = &[
        Room::Overview,
        Room::Conversions,
        Room::Reports,
        Room::Campaigns,
        Room::Publishers,
        Room::Sites,
        Room::Snippets,
        Room::Privacy,
        Room::Documents,
        Room::Account,
        Room::Members,
        Room::Tokens,
        Room::Support,
        Room::Audit,
        Room::Retention,
        Room::Instance,
        Room::You,
    ];

    /// What one does in it.
    fn action(self) -> Action {
        match self {
            Room::Overview => Action::ReadOverview,
            Room::Conversions => Action::ReadConversions,
            Room::Reports => Action::ReadReport,
            Room::Campaigns | Room::Snippets => Action::ReadCampaigns,
            Room::Publishers => Action::ReadPublishers,
            Room::Sites => Action::ReadSites,
            Room::Privacy => Action::ManagePrivacy,
            Room::Documents => Action::ReadDocuments,
            Room::Account => Action::ReadAccount,
            Room::Audit => Action::ReadAudit,
            Room::Retention => Action::ReadRetention,
            Room::You => Action::ReadSelf,
            Room::Members => Action::ReadMembers,
            Room::Tokens => Action::ReadTokens,
            Room::Support => Action::ReadGrants,
            Room::Instance => Action::ReadInstance,
        }
    }

    /// Where somebody begins.
    pub fn first_of(parties: &[Party]) -> Option<Room> {
        Room::ALL.iter().copied().find(|room| room.is_open(parties))
    }

    fn is_open(self, parties: &[Party]) -> bool {
        parties.iter().any(|party| self.action().allows(*party))
    }

    pub fn path(self) -> &'static str {
        match self {
            Room::Overview => "/",
            Room::Conversions => "/conversions",
            Room::Reports => "/reports",
            Room::Campaigns => "/campaigns",
            Room::Publishers => "/publishers",
            Room::Sites => "/sites",
            Room::Snippets => "/snippets",
            Room::Privacy => "/requests",
            Room::Documents => "/documents",
            Room::Account => "/account",
            Room::Audit => "/audit",
            Room::Retention => "/retention",
            Room::You => "/you",
            Room::Members => "/members",
            Room::Tokens => "/tokens",
            Room::Support => "/support",
            Room::Instance => "/operator",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Room::Overview => "Overview",
            Room::Conversions => "Conversions",
            Room::Reports => "Reports",
            Room::Campaigns => "Campaigns",
            Room::Publishers => "Publishers",
            Room::Sites => "Sites",
            Room::Snippets => "Links and code",
            Room::Privacy => "Privacy requests",
            Room::Documents => "Privacy documents",
            Room::Account => "Account",
            Room::Audit => "Audit log",
            Room::Retention => "Retention",
            Room::You => "Your sign-in",
            Room::Members => "Members",
            Room::Tokens => "API tokens",
            Room::Support => "Support",
            Room::Instance => "This server",
        }
    }
}

/// One entry of the menu.
pub struct Entry {
    pub path: &'static str,
    pub name: &'static str,
    pub is_current: bool,
}

/// What stands around a page's content.
pub struct Frame {
    pub title: String,
    pub room: Room,
    /// Who looks at it: the menu has the rooms that are open to them.
    pub parties: Vec<Party>,
    /// That support is inside, or may be.
    pub banner: Option<Banner>,
    /// What was done at the machine's shell and nobody has acknowledged.
    pub told: Vec<Told>,
    /// Name of the account.
    pub account: String,
    /// Who is signed in.
    pub email: String,
    /// Goes into every form.
    pub form_token: String,
    /// What the last form did.
    pub done: Option<&'static str>,
    /// That the account ends soon, or is over.
    pub end: Option<EndNotice>,
    /// Why nothing of people is shown.
    pub lock: Option<String>,
    /// What must be seen on every page.
    pub alerts: Vec<Alert>,
}

/// A sentence above every page.
pub struct Alert {
    pub sentence: String,
    /// Where to go on, and what stands on that link.
    pub link: Option<(&'static str, &'static str)>,
}

impl Frame {
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |room: Room| Entry {
            path: room.path(),
            name: room.name(),
            is_current: room == self.room,
        };
        let open = |room: &Room| room.is_open(&self.parties);
        Room::ALL.iter().copied().filter(open).map(entry).collect()
    }

    /// Whether a page may offer this to who looks at it.
    pub fn may(&self, action: Action) -> bool {
        self.parties.iter().any(|party| action.allows(*party))
    }

    /// Whether all that is told was done at the machine's shell.
    pub fn is_told_of_the_shell_alone(&self) -> bool {
        self.told.iter().all(|told| told.is_of_the_shell)
    }

    pub fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

/// The sentence for a `?done=` word that a form sent the browser on with.
pub fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "saved" => "Saved. It is in force now.",
        "joined" => "Your password is set. Sign in with it.",
        "welcome" => "Your account is ready. Add your first site to begin.",
        "approved" => "The conversion is approved.",
        "rejected" => "The conversion is rejected.",
        "rate" => "The exchange rate is in force; what waited for it has been converted.",
        "ended" => "Signed out there. Whoever used it has to sign in again.",
        "password" => "Your password is changed, and every other browser is signed out.",
        "factor_off" => "The second factor is turned off. Your password alone signs you in now.",
        "invited" => "The invitation is ended.",
        "removed" => "The member is removed and signed out.",
        "role" => "The role is changed. It is in force now.",
        "opened" => "The link works now.",
        "token" => "The token is revoked. Whoever has it is refused from now on.",
        "granted" => "Support may look in until the time below.",
        "revoked" => "Support is out and cannot look in any more.",
        "seen" => "Thank you. You are told again when something new is done there.",
        "erased" => "You are erased here. Nothing is kept by which you could be known again.",
        "own" => {
            "This server is run for the one business now. Owners of its account sign in and run it."
        }
        "suspended" => "The account is suspended: it collects nothing, and members only read.",
        "goes_on" => "The account goes on. What arrives is counted again.",
        "expires" => "The end is set. Nothing is destroyed within a day of it.",
        "reinstated" => "The account is reinstated and collects.",
        "left" => "You are out of the account.",
        "ending" => "The account is being deleted. Until the time below it can be taken back.",
        "kept" => "The deletion is taken back. The account goes on as before.",
        "read" => "Thank you. It is noted that you know when the account ends.",
        "unlocked" => "Personal data is open again.",
        "off" => "Server-to-server reporting is turned off.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_this_server() {
        assert_eq!(
            local_path("/reports?from=2026-01-01"),
            "/reports?from=2026-01-01"
        );
        for text in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x",
            "/ü",
        ] {
            assert_eq!(local_path(text), "/", "{text:?}");
        }
    }

    #[test]
    fn the_policy_allows_nothing_inline_and_nothing_from_elsewhere() {
        assert!(POLICY.starts_with("default-src 'none'"));
        assert!(!POLICY.contains("unsafe") && !POLICY.contains("http"));
        let response = see_other("/");
        assert!(response.headers().contains_key(CONTENT_SECURITY_POLICY));
    }
}
