//! nginx with `empty_gif` and a buffered access log, where it is installed.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::process::Running;

const START_MAX: Duration = Duration::from_secs(10);

pub struct Nginx {
    // Before the folder: fields go in this order.
    pub running: Running,
    _folder: tempfile::TempDir,
}

/// None: it is not installed.
pub fn start(beside: &Path) -> Outcome<Option<Nginx>> {
    let Some(program) = program() else {
        return Ok(None);
    };
    let folder = tempfile::tempdir_in(beside)?;
    // Free a moment ago; nobody else here opens ports meanwhile.
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    std::fs::write(folder.path().join("nginx.conf"), configuration(address))?;
    let child = Command::new(program)
        .arg("-p")
        .arg(folder.path())
        .args(["-c", "nginx.conf", "-e", "error.log"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let running = Running::of(child, address);
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        if begun.elapsed() > START_MAX {
            return Err("nginx does not listen".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Some(Nginx {
        running,
        _folder: folder,
    }))
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join("nginx"))
        .find(|file| file.is_file())
}

fn configuration(address: SocketAddr) -> String {
    format!(
        "daemon off;\nmaster_process on;\nworker_processes auto;\npid nginx.pid;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n  access_log access.log combined buffer=256k flush=1s;\n\
           client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
           uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
           keepalive_requests 100000000;\n\
           server {{ listen {address}; location / {{ empty_gif; }} }}\n}}\n"
    )
}
