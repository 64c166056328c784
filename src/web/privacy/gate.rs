//! Who may try how often, and how long an answer takes: the same for everybody, whatever
//! is held.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpMessage, HttpRequest};

use crate::clock::Stopwatch;
use crate::error::{Error, Kind};
use crate::web::console::fault::Fault;
use crate::web::console::form::{FORM_MAX, Form};
use crate::web::console::origin;
use crate::web::state::App;

/// Searches of one network in an hour.
const SEARCHES_MAX: u32 = crate::model::limits::VISITOR_SEARCHES;
/// Other requests of one network in an hour.
const REQUESTS_MAX: u32 = crate::model::limits::VISITOR_REQUESTS;
const WINDOW: Duration = Duration::from_secs(3_600);
/// Networks remembered; beyond that all are forgotten, which only ever lets more in.
const NETWORKS_MAX: usize = 20_000;
/// A search is answered at the next multiple of this.
const ANSWER_STEP: Duration = Duration::from_millis(400);

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Try {
    Search,
    Other,
}

struct Counted {
    since: Stopwatch,
    count: u32,
}

/// Counts tries by network. An address lives here for an hour and goes nowhere else.
#[derive(Default)]
pub struct Gate(Mutex<HashMap<(IpAddr, Try), Counted>>);

impl Gate {
    /// # Errors
    /// [`Kind::Busy`] after too many tries.
    pub fn pass(&self, request: &HttpRequest, app: &App, what: Try) -> Result<(), Fault> {
        let client = app.options.trusted_proxies.client(request);
        let Some(address) = client.filter(|_| app.options.limits.address.is_some()) else {
            return Ok(());
        };
        match self.is_open(network(address), what) {
            true => Ok(()),
            false => Err(Error::new(
                Kind::Busy,
                "Too many tries from your network. Come back in an hour, or write to the business.",
            )
            .into()),
        }
    }

    fn is_open(&self, network: IpAddr, what: Try) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= NETWORKS_MAX {
            tries.clear();
        }
        let counted = tries.entry((network, what)).or_insert_with(|| Counted {
            since: Stopwatch::start(),
            count: 0,
        });
        if counted.since.elapsed() > WINDOW {
            *counted = Counted {
                since: Stopwatch::start(),
                count: 0,
            };
        }
        counted.count += 1;
        counted.count
            <= match what {
                Try::Search => SEARCHES_MAX,
                Try::Other => REQUESTS_MAX,
            }
    }
}

/// An IPv6 customer owns a /48 or a /56 rather than an address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() >> 72 << 72).into(),
        v4 => v4,
    }
}

/// Waits so that the answer does not tell how much there was to look through.
pub async fn even_out(begun: Stopwatch) {
    let step = ANSWER_STEP.as_millis();
    let steps = begun.elapsed().as_millis() / step + 1;
    let until = Duration::from_millis(u64::try_from(steps * step).unwrap_or(0));
    tokio::time::sleep(until.saturating_sub(begun.elapsed())).await;
}

/// A form of our own page.
pub async fn own_form(request: &HttpRequest, payload: Payload) -> Result<Form, Fault> {
    origin::require_own_page(request)?;
    if request.content_type() != "application/x-www-form-urlencoded" {
        return Err(Error::invalid("This address takes a form of its own page.").into());
    }
    let too_long = || Error::invalid("The form is too long.");
    let body = payload
        .to_bytes_limited(FORM_MAX)
        .await
        .map_err(|_| too_long())?
        .map_err(|_| too_long())?;
    Ok(Form::parse(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_may_try_so_often_and_others_are_not_counted_with_it() {
        let gate = Gate::default();
        let of = |text: &str| network(text.parse().unwrap());
        let passed = (0..100)
            .filter(|n| gate.is_open(of(&format!("2001:db8:1:1::{n}")), Try::Search))
            .count();
        assert_eq!(passed, SEARCHES_MAX as usize);
        assert!(gate.is_open(of("2001:db8:1:1::1"), Try::Other));
        assert!(gate.is_open(of("192.0.2.1"), Try::Search));
    }
}
