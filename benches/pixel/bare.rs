//! The yardstick: an actix-web server that answers the GIF and stores nothing, run
//! as a process of its own from this same executable.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::Outcome;

/// Set: this process is the bare server.
pub const ENVIRONMENT: &str = "PIXEL_BENCH_BARE";
/// As long as what the tracker is asked.
pub const PATH: &str =
    "/pixel?campaign_id=00000000&goal_id=00000000&sale_amount=49.90&currency=EUR&txn_id=";

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

pub fn serve() -> Outcome<()> {
    let answer = || async { HttpResponse::Ok().content_type("image/gif").body(GIF) };
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || App::new().route("/pixel", web::get().to(answer)))
            .bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            println!("listening on http://{address}");
        }
        server.run().await
    })?;
    Ok(())
}

/// A server process; it ends when this goes.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Running {
    /// Starts a command and waits for its line that says where it listens.
    pub fn start(mut command: Command) -> Outcome<Running> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut running = Running {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref() {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                running.address = address.trim_end_matches('/').parse()?;
                // Nobody may stop reading, or the server would block on a full pipe.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(running);
            }
        }
        Err("the server ended before it listened".into())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

pub fn start() -> Outcome<Running> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(ENVIRONMENT, "1");
    Running::start(command)
}
