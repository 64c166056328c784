//! The fast lane: the addresses that are asked for most, in requests as browsers make
//! them, are answered from the connection itself. What a general server does for each
//! request (a map of headers, an address taken apart, timers, a router with all its
//! resources) costs more than everything a hit needs. What one turn of a worker's loop
//! reads is answered together (`turn`): the code of one stage stays in the processor's
//! nearest memory while many requests pass through it. A request that is anything but
//! plain goes to the general server whole, and its connection with it, for good. Never
//! in here: what is answered, and a request that is refused.

mod connection;
mod date;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod replay;
mod request;
mod turn;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use self::date::Date;
pub use self::replay::Replay;
use self::turn::Turn;
use super::collect::{Direct, Station};
use actix_server::GracefulShutdownSignal;
use actix_service::{Service, ServiceFactory};

/// A connection as it was accepted. None is made here.
pub type Accepted = tokio::net::TcpStream;

/// One address of the lane.
#[derive(Clone, Copy)]
pub struct Address {
    pub method: &'static str,
    pub path: &'static str,
    pub answer: Direct,
}

/// The lane of one worker. What is read and written lies in one place for all its
/// connections, so that one that waits holds next to nothing.
pub struct Lane {
    addresses: Vec<Address>,
    station: Rc<Station>,
    /// `Strict-Transport-Security` of every answer, where it is sent.
    https_only: Option<&'static str>,
    stopping: GracefulShutdownSignal,
    /// Resolves with the signal; not asked again after that.
    stop: RefCell<Pin<Box<dyn Future<Output = ()>>>>,
    stops: Cell<bool>,
    turn: RefCell<Turn>,
    written: RefCell<Vec<u8>>,
    date: RefCell<Date>,
}

impl Lane {
    pub fn new(
        addresses: Vec<Address>,
        station: Rc<Station>,
        https_only: Option<&'static str>,
        stopping: GracefulShutdownSignal,
    ) -> Lane {
        let signal = stopping.clone();
        Lane {
            addresses,
            station,
            https_only,
            stopping,
            stop: RefCell::new(Box::pin(async move { signal.notified().await })),
            stops: Cell::new(false),
            turn: RefCell::default(),
            written: RefCell::default(),
            date: RefCell::default(),
        }
    }

    /// Whether the server finishes what is in flight, and takes nothing more.
    fn stops(&self) -> bool {
        if !self.stops.get() {
            let mut stop = self.stop.borrow_mut();
            let context = &mut Context::from_waker(Waker::noop());
            self.stops.set(stop.as_mut().poll(context).is_ready());
        }
        self.stops.get()
    }
}

/// A connection as the general server takes it from here.
pub type Handed = (Replay<Accepted>, Option<SocketAddr>);

/// Makes a worker's lane and the general server behind it.
pub struct Entrance<G> {
    pub lane: Rc<Lane>,
    pub general: G,
}

impl<G> ServiceFactory<Accepted> for Entrance<G>
where
    G: ServiceFactory<Handed, Config = (), Response = ()>,
    G::Future: 'static,
    G::Service: 'static,
{
    type Response = ();
    type Error = G::Error;
    type Config = ();
    type Service = Entered<G::Service>;
    type InitError = G::InitError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Service, Self::InitError>>>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let lane = self.lane.clone();
        let general = self.general.new_service(());
        Box::pin(async move {
            let general = Rc::new(general.await?);
            Ok(Entered { lane, general })
        })
    }
}

/// A lane, and the general server behind it.
pub struct Entered<G> {
    lane: Rc<Lane>,
    general: Rc<G>,
}

impl<G> Service<Accepted> for Entered<G>
where
    G: Service<Handed, Response = ()> + 'static,
{
    type Response = ();
    type Error = G::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), G::Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), G::Error>> {
        self.general.poll_ready(context)
    }

    fn call(&self, stream: Accepted) -> Self::Future {
        let (lane, general) = (self.lane.clone(), self.general.clone());
        Box::pin(async move {
            match connection::serve(lane, stream).await {
                // In a place of its own: a connection that stays needs none.
                Some(handed) => Box::pin(general.call(handed)).await,
                None => Ok(()),
            }
        })
    }
}
