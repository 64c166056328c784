//! Who calls: the door of every API handler. A handler that takes a [`Caller`]
//! runs only for a token that may perform its route's action, one that takes a [`Door`]
//! has only that done which is for such a token; both reach the store only as that
//! token's account. Never in here: an account named by a request.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, web};
use serde::Serialize;

use super::fields::Fields;
use crate::access::bearer;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::action::{Act, Action, Actor, ApiToken};
use crate::model::audit::Network;
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;
use crate::store::Store;
use crate::web::pieces::Pieces;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Longest body of a request, in bytes.
const BODY_MAX: usize = crate::model::limits::API_BYTES;

pub type Answer = std::result::Result<HttpResponse, Problem>;

/// A caller whose token has not been looked at.
pub struct Door {
    app: web::Data<App>,
    action: Action,
    authorization: Option<String>,
    network: Option<Network>,
    now: Timestamp,
}

impl Door {
    fn of(request: &HttpRequest) -> Result<Door> {
        let app = request.app_data::<web::Data<App>>().cloned();
        let action = request.app_data::<Action>().copied();
        let (Some(app), Some(action)) = (app, action) else {
            return Err(Error::internal("a route without server or action"));
        };
        Ok(Door {
            authorization: header(request, AUTHORIZATION.as_str()),
            network: app.options.trusted_proxies.network(request),
            now: app.clock.now(),
            app,
            action,
        })
    }

    fn act(&self, actor: Actor) -> Act {
        Act::new(actor, self.action, self.now).from_network(self.network)
    }

    /// The token, if it may do what the route is for. Blocks for a look-up.
    fn admit(&self) -> Result<ApiToken> {
        bearer::admit(
            &self.app.store,
            self.authorization.as_deref(),
            |actor| self.act(actor),
            &self.app.refusals,
        )
    }

    /// Looks at the token and runs work that blocks for it, in one turn off the event
    /// loop.
    pub async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&App, AccountId) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let app = self.app.clone();
        block(&app, move || {
            let token = self.admit()?;
            work(&self.app, token.account)
        })
        .await
    }
}

impl FromRequest for Door {
    type Error = Problem;
    type Future = Ready<std::result::Result<Door, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Door::of(request).map_err(Problem::from))
    }
}

/// A caller with a valid token.
pub struct Caller {
    app: web::Data<App>,
    token: ApiToken,
    act: Act,
    media: Option<String>,
}

impl Caller {
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The instant of this request.
    pub fn now(&self) -> Timestamp {
        self.act.at
    }

    /// The token that the request carries.
    pub fn token(&self) -> ApiToken {
        self.token
    }

    pub fn account(&self) -> AccountId {
        self.token.account
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.app.store.catalog()
    }

    /// Runs work that blocks, off the event loop.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App, AccountId) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let (app, account) = (self.app.clone(), self.account());
        block(&self.app, move || work(&app, account)).await
    }

    /// Runs a write in the caller's name, off the event loop.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, Act, AccountId) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let (app, act, account) = (self.app.clone(), self.act, self.account());
        let catalog = self.catalog();
        if let Some(account) = catalog.accounts.get(&account) {
            account.require_changeable(act.action, act.at)?;
        }
        block(&self.app, move || work(&app.store, act, account)).await
    }

    /// The request's JSON object.
    pub async fn body(&self, payload: web::Payload) -> std::result::Result<Fields, Problem> {
        if self.media.as_deref().is_some_and(|media| !is_json(media)) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON. Send the header: Content-Type: application/json.",
            ));
        }
        let body = payload.to_bytes_limited(BODY_MAX).await.map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body is longer than {BODY_MAX} bytes."),
            )
        })?;
        let body = body.map_err(|_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "The body could not be read to its end.",
            )
        })?;
        Ok(Fields::parse(&body)?)
    }
}

fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

async fn block<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> std::result::Result<T, Problem> {
    Ok(app.blocking.run(work).await?)
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Caller, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let door = Door::of(request);
        let media = header(request, CONTENT_TYPE.as_str());
        Box::pin(async move {
            let door = door?;
            let app = door.app.clone();
            let admit = move || Ok((door.admit()?, door));
            let (token, door) = block(&app, admit).await?;
            let act = door.act(Actor::Token(token.id));
            Ok(Caller {
                app,
                token,
                act,
                media,
            })
        })
    }
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// 200 with a JSON body.
pub fn found<T: Serialize>(body: &T) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body)
}

/// 200 with a body that is JSON already, in pieces that follow one another.
pub fn found_pieces(pieces: Vec<Vec<u8>>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(Pieces::new(pieces))
}

/// 201 with the place of what was made.
pub fn created<T: Serialize>(place: &str, body: &T) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((LOCATION, place))
        .json(body)
}

/// 204: what was named is not there any more.
pub fn gone() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
