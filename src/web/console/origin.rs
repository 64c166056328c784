//! Where a request comes from: our own page or another site, over HTTPS or this
//! machine or plain HTTP from afar, from which network and browser. Reads headers;
//! decides nothing else.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN, USER_AGENT};

use super::fault::Fault;
use crate::error::{Error, Kind};
use crate::model::agent::Agent;
use crate::model::hit::{Browser, Os};
use crate::store::SignInPlace;
use crate::web::state::App;

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// Refuses a form that a page of another site has sent.
pub fn require_own_page(request: &HttpRequest) -> Result<(), Fault> {
    let own = is_own_page(
        header(request, "sec-fetch-site"),
        header(request, ORIGIN.as_str()),
        header(request, HOST.as_str()).unwrap_or_default(),
    );
    if own {
        Ok(())
    } else {
        Err(Error::new(
            Kind::NotAllowed,
            "This form was sent by another website, so nothing was changed.",
        )
        .into())
    }
}

/// Browsers that do not say `Sec-Fetch-Site` (on plain HTTP none does) send `Origin`
/// with every form; what sends neither is no browser, and carries no cookie by itself.
fn is_own_page(fetch_site: Option<&str>, origin: Option<&str>, host: &str) -> bool {
    match (fetch_site, origin) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)),
        (None, None) => true,
    }
}

/// Refuses passwords that would travel unencrypted.
pub fn require_private_way(request: &HttpRequest, app: &App) -> Result<(), Fault> {
    let near = request
        .peer_addr()
        .is_none_or(|peer| peer.ip().to_canonical().is_loopback());
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let way = Way {
        near,
        forwarded,
        scheme: header(request, "x-forwarded-proto"),
        https: app.options.is_secure(),
    };
    if way.is_private() {
        return Ok(());
    }
    Err(Error::new(
        Kind::NotAllowed,
        "This connection is not encrypted, so no password is taken over it. Put a web server \
         with HTTPS in front, start with --public-url https://your.host and let it send \
         X-Forwarded-Proto; or tunnel: ssh -L 8080:127.0.0.1:PORT your.host",
    )
    .into())
}

/// Where a sign-in comes from, as its member knows it again in a list.
pub fn place(request: &HttpRequest, app: &App) -> SignInPlace {
    let agent = Agent::parse(header(request, USER_AGENT.as_str()).unwrap_or_default());
    let browser = match (agent.browser, agent.os) {
        (Browser::Unknown | Browser::Other, Os::Unknown | Os::Other) => "A program".to_owned(),
        (Browser::Unknown | Browser::Other, os) => format!("A browser on {}", os.name()),
        (browser, Os::Unknown | Os::Other) => browser.name().to_owned(),
        (browser, os) => format!("{} on {}", browser.name(), os.name()),
    };
    SignInPlace {
        browser,
        network: app.options.trusted_proxies.network(request),
    }
}

struct Way<'a> {
    /// The connection comes from this machine.
    near: bool,
    /// Another web server passed it on.
    forwarded: bool,
    /// What that server says it was asked by.
    scheme: Option<&'a str>,
    /// The operator says that browsers reach us over HTTPS.
    https: bool,
}

impl Way<'_> {
    fn is_private(&self) -> bool {
        match self.scheme {
            Some(scheme) => scheme.trim().eq_ignore_ascii_case("https"),
            None => self.near && (!self.forwarded || self.https),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_told_apart() {
        let host = "keep.example:8080";
        assert!(is_own_page(Some("same-origin"), None, host));
        assert!(is_own_page(Some("none"), None, host));
        assert!(is_own_page(None, Some("http://keep.example:8080"), host));
        for site in ["cross-site", "same-site", "", "Same-Origin "] {
            assert!(!is_own_page(
                Some(site),
                Some("http://keep.example:8080"),
                host
            ));
        }
        for origin in ["null", "https://evil.example", "http://keep.example:8081"] {
            assert!(!is_own_page(None, Some(origin), host), "{origin}");
        }
    }

    #[test]
    fn a_password_travels_encrypted_or_not_at_all() {
        let way = |near, forwarded, scheme, https| {
            Way {
                near,
                forwarded,
                scheme,
                https,
            }
            .is_private()
        };
        assert!(way(true, false, None, false));
        assert!(way(true, true, Some("https"), false));
        assert!(way(true, true, None, true));
        assert!(!way(false, false, None, false));
        assert!(!way(false, false, None, true));
        assert!(!way(true, true, None, false));
        assert!(!way(true, true, Some("http"), true));
    }
}
