//! Who visits the console: the door of every handler behind the sign-in. A handler
//! that takes a [`Visit`] runs only for a member, and reaches the store only as that
//! member's account; one that takes a [`Posted`] only for a form of our own page.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};

use super::alert;
use super::around::Around;
use super::calendar::Calendar;
use super::confirm;
use super::fault::Fault;
use super::form::{FORM_MAX, Form};
use super::origin;
use super::page::{Frame, Room, done};
use crate::access::device::REMEMBERED_DAYS;
use crate::access::member::Hand;
use crate::access::second_factor;
use crate::access::session::{self, SignedIn, Use};
use crate::access::sign_in::Knock;
use crate::access::standing::Standing;
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::account::{Account, Member};
use crate::model::action::{Act, Action};
use crate::model::audit::Detail;
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;
use crate::model::instance::Way;
use crate::report::Reach;
use crate::store::{RequestsDue, Session, SignInPlace, Store};
use crate::web::state::App;

/// Where the overview fetches its figures; that is no use of the session.
pub const FRAGMENT: &str = "/overview/fragment";

/// Where a member who must have a second factor turns it on.
pub const ENROL: &str = "/you/second-factor";

/// The cookie's name. The `__Host-` prefix makes browsers insist on HTTPS.
pub fn cookie_name(app: &App) -> &'static str {
    if app.options.is_secure() {
        "__Host-pixelkeep"
    } else {
        "pixelkeep_session"
    }
}

/// The name of the cookie by which a browser is known at its next sign-in.
pub fn device_cookie_name(app: &App) -> &'static str {
    if app.options.is_secure() {
        "__Host-pixelkeep-device"
    } else {
        "pixelkeep_device"
    }
}

/// The cookie of a browser that has just signed in.
pub fn device_cookie(app: &App, text: String) -> Cookie<'static> {
    Cookie::build(device_cookie_name(app), text)
        .path("/")
        .secure(app.options.is_secure())
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(REMEMBERED_DAYS))
        .finish()
}

/// The session's cookie: gone when the browser is closed, and from our forms only.
pub fn cookie(app: &App, secret: String) -> Cookie<'static> {
    Cookie::build(cookie_name(app), secret)
        .path("/")
        .secure(app.options.is_secure())
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// The same, to make the browser forget it.
pub fn no_cookie(app: &App) -> Cookie<'static> {
    let mut cookie = cookie(app, String::new());
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// A member who is signed in.
pub struct Visit {
    app: web::Data<App>,
    act: Act,
    secret: String,
    pub session: Session,
    /// Where this request comes from.
    pub place: SignInPlace,
    pub knock: Knock,
    standing: Standing,
    around: Around,
    pub member: Member,
    pub account: Arc<Account>,
    pub query: Form,
}

impl Visit {
    pub fn app(&self) -> &App {
        &self.app
    }

    /// What this request is about.
    pub fn action(&self) -> Action {
        self.act.action
    }

    /// The instant of this request.
    pub fn now(&self) -> Timestamp {
        self.act.at
    }

    pub fn secret(&self) -> &str {
        &self.secret
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.app.store.catalog()
    }

    pub fn calendar(&self) -> Calendar {
        Calendar::of(&self.account.settings.timezone)
    }

    /// How far this member sees in reports: the one place where a publisher is held
    /// to its own figures.
    pub fn reach(&self) -> Reach {
        Reach::of(self.member.profile.role)
    }

    /// Whether pages may offer this.
    pub fn may(&self, action: Action) -> bool {
        self.standing.may(action)
    }

    /// Whether it was shown that backups outlive this disk, or is not this visitor's
    /// business.
    pub fn is_recoverable(&self) -> bool {
        !self.may(Action::ReadInstance) || self.app.store.keys().is_recoverable()
    }

    /// The latest act at the shell that this member has not acknowledged.
    pub fn latest_told(&self) -> Option<i64> {
        self.around.latest()
    }

    /// What people wait for an answer to, for whoever gives it.
    pub fn requests(&self) -> RequestsDue {
        self.around.requests
    }

    /// For whom the server is run.
    pub fn way(&self) -> Way {
        self.standing.way
    }

    /// The hand with which this member changes members.
    pub fn hand(&self) -> Hand {
        Hand::Member(self.member.profile.role)
    }

    /// What stands around a page.
    pub fn frame(&self, room: Room, title: impl Into<String>) -> Frame {
        Frame {
            title: title.into(),
            room,
            parties: self.standing.parties.clone(),
            banner: self.around.banner(&self.standing, &self.calendar()),
            told: self.around.told(&self.calendar()),
            account: self.account.settings.name.clone(),
            email: self.member.profile.email.clone(),
            form_token: session::form_token(&self.secret),
            done: done(self.query.text("done")),
            end: self.around.end(&self.standing, &self.calendar()),
            lock: alert::lock(self),
            alerts: alert::alerts(self),
        }
    }

    /// Runs work that blocks, off the event loop.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App, AccountId) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Fault> {
        let (app, account) = (self.app.clone(), self.account.id);
        block(move || work(&app, account)).await
    }

    /// Runs a write in the member's name, off the event loop.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, Act, AccountId) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Fault> {
        self.account
            .require_changeable(self.act.action, self.act.at)?;
        let (app, act, account) = (self.app.clone(), self.act, self.account.id);
        block(move || work(&app.store, act, account)).await
    }
}

/// Runs work that blocks, off the event loop.
pub async fn block<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> std::result::Result<T, Fault> {
    let outcome = web::block(work)
        .await
        .map_err(|error| Error::internal("A worker thread was lost.").because(error))?;
    Ok(outcome?)
}

type Pending<T> = Pin<Box<dyn Future<Output = std::result::Result<T, Fault>>>>;

async fn signed_in(request: HttpRequest) -> std::result::Result<Visit, Fault> {
    let app = request.app_data::<web::Data<App>>().cloned();
    let action = request.app_data::<Action>().copied();
    let (Some(app), Some(action)) = (app, action) else {
        return Err(Error::internal("A route without server or action.").into());
    };
    let now = app.clock.now();
    let found = match request.cookie(cookie_name(&app)) {
        Some(cookie) => {
            let by = if request.path() == FRAGMENT {
                Use::Machine
            } else {
                Use::Person
            };
            let (store, secret) = (app.store.clone(), cookie.value().to_owned());
            let found = block(move || session::find(&store, &secret, now, by)).await?;
            found.map(|found| (found, cookie.value().to_owned()))
        }
        None => None,
    };
    let Some((SignedIn { member, session }, secret)) = found else {
        return Err(turned_away(&request));
    };
    let (store, for_secret, asked) = (app.store.clone(), secret.clone(), request.path().to_owned());
    let (member, standing, around) = block(move || {
        let standing = Standing::of(&store, &member, &for_secret, action, now)?;
        let around = Around::read(&store, &member, &standing, &asked, now)?;
        if standing.grant.is_some() && standing.may(action) && asked != FRAGMENT {
            let act = Act::new(standing.actor, action, now);
            store.record_act(act, standing.account, Detail::default().with_note(&asked))?;
        }
        Ok((member, standing, around))
    })
    .await?;
    if !standing.may(action) {
        let fault = refused(&request, &standing);
        if matches!(fault, Fault::Error(_)) {
            let network = app.options.trusted_proxies.network(&request);
            let act = Act::new(standing.actor, action, now).from_network(network);
            let (server, account) = (app.clone(), standing.account);
            block(move || server.refusals.record(&server.store, act, account)).await?;
        }
        return Err(fault);
    }
    if standing.grant.is_some() && request.path() == FRAGMENT {
        // Support looks at a page when it asks for it, so that each look is recorded.
        return Err(Fault::Ended);
    }
    let account = account(&app, standing.account)?;
    if second_factor::is_missing(&member, &account.settings, standing.actor, action) {
        return Err(Fault::GoTo(ENROL));
    }
    Ok(Visit {
        act: Act::new(standing.actor, action, now)
            .from_network(app.options.trusted_proxies.network(&request)),
        account,
        standing,
        around,
        query: Form::parse(request.query_string().as_bytes()),
        place: origin::place(&request, &app),
        knock: confirm::knock(&request, &app),
        app,
        secret,
        session,
        member,
    })
}

fn account(app: &App, id: AccountId) -> Result<Arc<Account>> {
    if id == AccountId::INSTANCE {
        return Ok(Arc::new(Account::of_instance()));
    }
    let account = app.store.catalog().accounts.get(&id).cloned();
    account.ok_or_else(|| Error::not_found("account"))
}

/// A member whose role does not open this. Nothing was looked up yet, so that it is
/// the same whatever the address names. The front door leads to the first open room.
fn refused(request: &HttpRequest, standing: &Standing) -> Fault {
    match Room::first_of(&standing.parties) {
        Some(room) if request.path() == "/" => Fault::GoTo(room.path()),
        _ => Error::new(
            Kind::NotAllowed,
            "Your role does not open this. Ask an owner of the account if you need it.",
        )
        .into(),
    }
}

/// A page that was asked for comes after the sign-in; a form is lost with its session.
fn turned_away(request: &HttpRequest) -> Fault {
    let is_read = request.method().is_safe();
    match request.uri().path_and_query() {
        _ if request.path() == FRAGMENT => Fault::Ended,
        Some(path) if is_read => Fault::SignIn(path.as_str().to_owned()),
        _ => Fault::SignIn("/".to_owned()),
    }
}

impl FromRequest for Visit {
    type Error = Fault;
    type Future = Pending<Visit>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visit = signed_in(request.clone()).await?;
            confirm::require_for_page(&visit, &request)?;
            Ok(visit)
        })
    }
}

/// A form that a member sent from our own page: the token was checked.
pub struct Posted {
    pub visit: Visit,
    pub form: Form,
}

impl FromRequest for Posted {
    type Error = Fault;
    type Future = Pending<Posted>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (
            request.clone(),
            web::Payload::from_request(request, payload),
        );
        Box::pin(async move {
            let form = read_form(&request, payload).await?;
            let visit = signed_in(request.clone()).await?;
            if !session::is_form_token(&visit.secret, form.exact("form_token")) {
                return Err(Error::new(
                    Kind::NotAllowed,
                    "This form belongs to another sign-in. Open the page again and repeat it.",
                )
                .into());
            }
            confirm::require_for_form(&visit, &request, &form).await?;
            Ok(Posted { visit, form })
        })
    }
}

/// A form from a page of ours, sent by somebody who is not signed in yet.
pub struct GuestForm(pub Form);

impl FromRequest for GuestForm {
    type Error = Fault;
    type Future = Pending<GuestForm>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (
            request.clone(),
            web::Payload::from_request(request, payload),
        );
        Box::pin(async move { Ok(GuestForm(read_form(&request, payload).await?)) })
    }
}

async fn read_form(
    request: &HttpRequest,
    payload: impl Future<Output = actix_web::Result<web::Payload>>,
) -> std::result::Result<Form, Fault> {
    origin::require_own_page(request)?;
    if request.content_type() != "application/x-www-form-urlencoded" {
        return Err(Error::invalid("This address takes a form of the console.").into());
    }
    let cut = || Error::invalid("The form did not arrive to its end.");
    let payload = payload.await.map_err(|_| cut())?;
    let body = payload.to_bytes_limited(FORM_MAX).await;
    let body = body.map_err(|_| Error::invalid("The form is longer than 65536 bytes."))?;
    let body = body.map_err(|_| cut())?;
    Ok(Form::parse(&body))
}
