//! `demo`: a server on a temporary folder, with an account, two shops, publishers
//! and some weeks of history, and the shop itself on another host name.

mod history;
mod setting;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::options::{DemoOptions, Global};
use super::request::Output;
use super::serve::{Running, start_log};
use crate::clock::Clock;
use crate::config::{Config, Options};
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::store::{DataFolder, Store};
use crate::web::collect::Countries;
use crate::web::demo::{Shop, Shops};
use crate::web::server;

pub use setting::{OWNER, PASSWORD};

/// A folder that is removed with everything in it.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<Self> {
        let name = format!("pixelkeep-demo-{:016x}", token::random_u64());
        let path = std::env::temp_dir().join(name);
        if path.exists() {
            return Err(Error::new(
                Kind::CannotWrite,
                "The demo's folder exists already. Try again.",
            ));
        }
        Ok(TemporaryFolder(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(
                "the demo's folder {} stays behind: {error}",
                self.0.display()
            );
        }
    }
}

pub fn run(global: &Global, options: DemoOptions) -> Result<Output> {
    start_log();
    if global.test_clock.is_some() {
        let sentence = "The demo keeps real time; leave --test-clock away.";
        return Err(Error::new(Kind::Usage, sentence));
    }
    if global.data_dir.is_some() {
        let sentence = "The demo makes a folder of its own; leave --data-dir away.";
        return Err(Error::new(Kind::Usage, sentence));
    }
    let listener = server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))?;
    let shop_listener = server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.shop_port)))?;
    let address = listener.local_addr()?;
    let shop = format!("http://localhost:{}", shop_listener.local_addr()?.port());
    let temporary = TemporaryFolder::new()?;
    let config = Config {
        data_dir: temporary.0.clone(),
        listen: address,
        ..Options::default().resolve()?
    };
    let folder = DataFolder::take(&config.data_dir, true)?;
    let keys = folder.keys(&Default::default())?;
    let store = Store::open(folder, keys)?;
    let running = Running::start(store, &config, Clock::System, Countries::default(), address)?;
    let setting = setting::make(&running.app.store, &shop, running.app.clock.now())?;
    history::write(&running.app, &setting)?;
    let shop_of = |at: &setting::DemoSite, publisher: usize| {
        Shop::of(
            &running.app,
            &at.site,
            &at.campaign,
            &setting.publishers[publisher],
        )
    };
    let shops = Shops {
        tracker: running.app.options.public_url.clone(),
        credentials: format!("{OWNER} / {PASSWORD}"),
        strict: shop_of(&setting.strict, 0),
        open: shop_of(&setting.open, 1),
    };
    let ready = || {
        println!("listening on http://{address}");
        println!("shop      {shop}");
        println!("console   http://{address}");
        println!("sign in   {OWNER} / {PASSWORD}");
        println!("Ctrl-C stops the demo and removes its data.");
    };
    running.serve(listener, Some((shop_listener, shops)), ready)?;
    drop(temporary);
    Ok(Output::nothing())
}
