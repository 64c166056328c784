//! The HTTP server: its routes, limits and orderly stop.

use std::fmt::Debug;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Request};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response, ServerHandle};
use actix_web::http::header::STRICT_TRANSPORT_SECURITY;
use actix_web::middleware::{Condition, DefaultHeaders};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer, web};

use super::demo::{self, Shops};
use super::lane::{Entrance, Handed, Lane};
use super::route::Routes;
use super::{App, api, collect, console, metrics, privacy};
use crate::error::{Error, Kind, Result};
use crate::model::limits;

/// Longest request head that is read, by the library's own bound, is 16 KiB; the
/// longest time a client may take to send it.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(limits::HEAD_SECONDS);
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(limits::IDLE_SECONDS);
/// How long a connection may take to close.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long requests in flight may take once the server stops, in seconds.
const STOP_TIMEOUT_SECONDS: u64 = 15;
const CONNECTIONS_PER_WORKER: usize = limits::CONNECTIONS;
/// Where browsers reach this server over HTTPS, they come over nothing else for two
/// years from then on.
const HTTPS_ONLY: &str = "max-age=63072000; includeSubDomains";

/// Every route of the product.
pub fn routes() -> Routes {
    let mut routes = Routes::default();
    collect::routes(&mut routes);
    api::routes(&mut routes);
    console::routes(&mut routes);
    metrics::routes(&mut routes);
    privacy::routes(&mut routes);
    routes
}

/// Serves until `until` resolves, then finishes what is in flight. A demo brings its
/// shop, on a port of its own.
///
/// # Errors
/// [`Kind::Io`] where a socket cannot be served.
pub fn serve<T>(
    app: Arc<App>,
    listener: TcpListener,
    shop: Option<(TcpListener, Shops)>,
    until: impl Future<Output = T>,
) -> Result<T> {
    actix_web::rt::System::new().block_on(async move {
        let app = web::Data::from(app);
        let collector = web::Data::new(collect::state(&app));
        let gate = web::Data::new(privacy::Gate::default());
        let console = web::Data::new(console::Console::default());
        let builder = Server::build();
        let stopping = builder.graceful_shutdown_signal();
        let server = builder
            .listen("web", listener, move || {
                let routes = routes();
                let is_secure = app.options.is_secure();
                let station = Rc::new(collect::Station {
                    app: app.clone(),
                    collector: collector.clone(),
                });
                let lane = Lane::new(
                    routes.lane().to_vec(),
                    station.clone(),
                    is_secure.then_some(HTTPS_ONLY),
                    stopping.clone(),
                );
                let https = DefaultHeaders::new().add((STRICT_TRANSPORT_SECURITY, HTTPS_ONLY));
                let router = ActixApp::new()
                    .wrap(Condition::new(is_secure, https))
                    .app_data(app.clone())
                    .app_data(collector.clone())
                    .app_data(station)
                    .app_data(console.clone())
                    .app_data(gate.clone())
                    .configure(|config| routes.install(config))
                    .default_service(web::to(not_found));
                Entrance {
                    lane: Rc::new(lane),
                    general: general(router, stopping.clone()),
                }
            })
            .map_err(cannot_listen)?
            .max_concurrent_connections(CONNECTIONS_PER_WORKER)
            .shutdown_timeout(STOP_TIMEOUT_SECONDS)
            .disable_signals()
            .run();
        let shop = shop.map(start_shop).transpose()?;
        let handle = server.handle();
        let running = actix_web::rt::spawn(server);
        let outcome = until.await;
        if let Some(shop) = shop {
            shop.stop(false).await;
        }
        handle.stop(true).await;
        // The task ends with the server; its own error would have ended it before.
        let _ = running.await;
        Ok(outcome)
    })
}

/// The server of everything that is not on the fast lane.
fn general<R, S, B>(
    router: R,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<Handed, Config = (), Response = (), Error = impl Debug, InitError = ()>
where
    R: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let router = router
        .into_factory()
        .map_err(|error| error.error_response());
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(GOODBYE_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .h1(map_config(router, |()| AppConfig::default()))
}

fn start_shop((listener, shops): (TcpListener, Shops)) -> Result<ServerHandle> {
    let shops = web::Data::new(shops);
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(shops.clone())
            .configure(demo::routes)
    })
    .listen(listener)
    .map_err(cannot_listen)?
    .workers(1)
    .disable_signals()
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    if request.path().starts_with("/api/") {
        return api::not_found();
    }
    console::not_found().await
}

/// Takes a port.
///
/// # Errors
/// [`Kind::PortInUse`] where somebody else has it.
pub fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Error::new(
            Kind::PortInUse,
            format!(
                "{address} is in use. Stop what listens there, or choose another with --listen."
            ),
        ),
        _ => Error::new(
            Kind::Config,
            format!("{address} cannot be listened on. Choose another address with --listen"),
        )
        .because(error),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn cannot_listen(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "The server could not start").because(error)
}
