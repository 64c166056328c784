//! `serve`: takes the folder, starts journal and settling, listens, stops in order.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::options::{Global, ServeOptions};
use super::request::Output;
use super::{control, jobs, mail, time};
use crate::access::refusal::Refusals;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::crypto::{ClickIds, KeySources, token};
use crate::error::{Error, Kind, Result};
use crate::ingest::{Engine, Failures};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::life::Terms;
use crate::privacy;
use crate::report;
use crate::store::{DataFolder, Store};
use crate::web::collect::{Countries, PairWatch, Pairs};
use crate::web::demo::Shops;
use crate::web::{App, Blocking, EXPORTS_AT_ONCE, TrustedProxies, WebOptions, server};

/// How long a set-up address works.
const SET_UP_MS: i64 = 60 * 60 * 1_000;

/// The signal for a file that grows past its limit, on every Linux but MIPS.
const SIGXFSZ: i32 = 25;

/// Lengths that the token for `/metrics` may have.
const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 16..=1_024;

/// The hash of the token in a file.
fn metrics_token(file: &Path) -> Result<[u8; 32]> {
    let wrong = || {
        let sentence = format!(
            "metrics_token_file: {} must hold a token of {} to {} characters on one line.",
            file.display(),
            TOKEN_BYTES.start(),
            TOKEN_BYTES.end()
        );
        Error::new(Kind::Config, sentence)
    };
    let length = std::fs::metadata(file).map_err(|error| wrong().because(error))?;
    if length.len() > *TOKEN_BYTES.end() as u64 + 2 {
        return Err(wrong());
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong().because(error))?;
    let secret = text.trim();
    if !TOKEN_BYTES.contains(&secret.len()) || secret.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok(token::hash(secret))
}

/// Where systemd puts credentials, if it started us with any.
fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY")
        .map(PathBuf::from)
        .filter(|folder| folder.join("pixelkeep.master").exists())
}

/// Where the master key may come from.
pub fn key_sources(config: &Config) -> KeySources {
    KeySources {
        credentials: credentials(),
        key_file: config.key_file.clone(),
        passphrase_file: config.passphrase_file.clone(),
    }
}

pub fn run(global: &Global, options: ServeOptions) -> Result<Output> {
    start_log();
    let accept_ledger_loss = options.accept_ledger_loss;
    let accept_loss = options.accept_loss;
    let config = global.options(options)?.resolve()?;
    let countries = Countries::open(config.geoip.as_deref())?;
    time::check(config.test_clock.as_deref())?;
    outlive_size_limit()?;
    let (mut folder, listener) = take(&config)?;
    let address = listener.local_addr()?;
    let keys = folder.keys(&key_sources(&config))?;
    if accept_loss {
        folder.accept_loss()?;
    }
    let (store, clock) = time::open(folder, keys, config.test_clock.as_deref())?;
    privacy::replay_ledger(&store, clock.now(), accept_ledger_loss)?;
    record_start(&store, &config, clock.now())?;
    if let Some(terms) = config.terms {
        take_terms(&store, terms, clock.now())?;
    }
    let running = Running::start(store, &config, clock, countries, address)?;
    running.offer_set_up()?;
    running.serve(listener, None, || println!("listening on http://{address}"))?;
    Ok(Output::nothing())
}

/// The instance's log has each start: which version it was, and where the master key came
/// from, so that another one in its place is seen.
fn record_start(store: &Store, config: &Config, now: Timestamp) -> Result<()> {
    let source = store.keys().source();
    let note = format!(
        "version {}, master key: {}{}{}",
        env!("CARGO_PKG_VERSION"),
        source.as_ref().map_or("unknown", |source| source.word()),
        if config.listen.ip().is_loopback() {
            ""
        } else {
            ", listens beyond this machine"
        },
        if config.mail.is_some() {
            ", sends mail"
        } else {
            ""
        },
    );
    let act = Act::new(Actor::System, Action::StartServer, now);
    let detail = Detail::default().with_note(&note);
    store.record_act(act, AccountId::INSTANCE, detail)
}

/// Other terms than before for how accounts end stand in the log.
fn take_terms(store: &Store, terms: Terms, now: Timestamp) -> Result<()> {
    if store.account_terms()? == terms {
        return Ok(());
    }
    let note = format!(
        "accounts end on day {}, backups after {} days",
        terms.purge_day, terms.backup_days
    );
    let act = Act::new(Actor::System, Action::ChangeInstance, now);
    let detail = Detail::default().with_note(&note);
    store.record_act(act, AccountId::INSTANCE, detail)?;
    store.put_account_terms(terms)
}

/// A limit of a file's size must come as an error, like a full disk, and not end the
/// process: the signal is caught, and stays so after this runtime is gone.
fn outlive_size_limit() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async { signal(SignalKind::from_raw(SIGXFSZ)).map(drop) })?;
    Ok(())
}

/// Takes folder and port; whichever fails, the other is not touched.
fn take(config: &Config) -> Result<(DataFolder, TcpListener)> {
    if config.data_dir.exists() {
        let folder = DataFolder::take(&config.data_dir, true)?;
        return Ok((folder, server::bind(config.listen)?));
    }
    let listener = server::bind(config.listen)?;
    Ok((DataFolder::take(&config.data_dir, true)?, listener))
}

/// A server with everything started but the listening itself.
pub struct Running {
    pub app: Arc<App>,
    blocking: Arc<Blocking>,
    engine: Engine,
    failures: Failures,
}

impl Running {
    pub fn start(
        store: Store,
        config: &Config,
        clock: Clock,
        countries: Countries,
        address: SocketAddr,
    ) -> Result<Self> {
        let mailer = mail::mailer(config)?;
        let blocking = Arc::new(Blocking::start()?);
        prepare_reading(&blocking, store.clone());
        let (engine, failures) = Engine::start(&store, clock.clone())?;
        store.remember_mail(mailer.is_some())?;
        mail::warn_of_stranded(&store)?;
        let schedule = jobs::schedule(&store, &clock, mailer)?;
        control::listen(store.clone(), clock.clone(), schedule.clone())?;
        let public_url = config
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{address}"));
        store.remember_public_url(&public_url)?;
        let app = App {
            exports: Arc::new(tokio::sync::Semaphore::new(EXPORTS_AT_ONCE)),
            click_ids: ClickIds::new(store.keys().clone()),
            journal: engine.journal(),
            blocking: blocking.clone(),
            store,
            clock,
            countries: Arc::new(countries),
            pairs: Pairs::default(),
            schedule,
            refusals: Refusals::default(),
            options: WebOptions {
                public_url,
                metrics_token: config
                    .metrics_token_file
                    .as_deref()
                    .map(metrics_token)
                    .transpose()?,
                limits: config.limits,
                trusted_proxies: TrustedProxies::new(config.trusted_proxies.clone()),
            },
        };
        app.pairs.refresh(&app.store, app.clock.now())?;
        Ok(Running {
            app: Arc::new(app),
            blocking,
            engine,
            failures,
        })
    }

    /// Prints a one-time set-up address while there is no account.
    fn offer_set_up(&self) -> Result<()> {
        if self.app.store.is_set_up()? {
            return Ok(());
        }
        let (secret, hash) = token::new();
        let until = self.app.clock.now().plus_ms(SET_UP_MS);
        self.app.store.offer_set_up(hash, until)?;
        eprintln!(
            "Set up your account within the hour, once, at\n  {}/setup?token={secret}",
            self.app.options.public_url
        );
        Ok(())
    }

    /// Serves until SIGTERM or SIGINT, or until journal or settling fail.
    pub fn serve(
        self,
        listener: TcpListener,
        shop: Option<(TcpListener, Shops)>,
        ready: impl FnOnce(),
    ) -> Result<()> {
        let Running {
            app,
            blocking,
            engine,
            mut failures,
        } = self;
        let (store, schedule) = (app.store.clone(), app.schedule.clone());
        let jobs = schedule.start()?;
        let pairs = PairWatch::start(app.clone())?;
        let until = async move {
            // Listened for before anybody is told that there is a server to stop.
            let mut signals = match StopSignals::listen() {
                Ok(signals) => signals,
                Err(error) => return Some(error),
            };
            ready();
            tokio::select! {
                failure = failures.recv() => failure,
                () = signals.next() => None,
            }
        };
        let failure = server::serve(app, listener, shop, until)?;
        blocking.stop();
        schedule.stop();
        pairs.stop();
        // It reports its own failures; after one it would have been started again.
        let _ = jobs.join();
        engine.stop();
        let socket = control::path(store.folder().path());
        // The next start removes it as well.
        let _ = std::fs::remove_file(socket);
        // A disk that failed is not asked once more.
        if failure.is_none() {
            store.close()?;
        }
        failure.map_or(Ok(()), Err)
    }
}

/// Does beside the start what the first report would wait for, and leaves the thread that
/// did it for whoever asks first.
fn prepare_reading(blocking: &Blocking, store: Store) {
    blocking.begin(move || {
        report::find_zones(&store.catalog());
        if let Err(error) = store.ready_readers() {
            tracing::warn!("reading could not be prepared: {error}");
        }
    });
}

/// The signals that stop the server in order.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> Result<Self> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Logs go to standard error; `PIXELKEEP_LOG` says how much (default: info).
pub fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PIXELKEEP_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,actix_server=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        // A log that cannot be written must not end what writes it.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    // A second start in one process keeps the first log.
    let _ = log.try_init();
}
