//! A website of the test's own, on localhost: the shop that the browser visits.
//! It serves what a function makes of path and query, and stores nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use url::Url;

type Page = dyn Fn(&Url) -> Option<String> + Send + Sync;

/// A web server in this process, ended with it or when dropped.
pub struct Origin {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Origin {
    /// Serves `page(url)` as HTML; `None` is a 404.
    pub fn start(page: impl Fn(&Url) -> Option<String> + Send + Sync + 'static) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ending = Arc::new(AtomicBool::new(false));
        let page: Arc<Page> = Arc::new(page);
        let stop = ending.clone();
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let page = page.clone();
                std::thread::spawn(move || {
                    let _ = answer(stream, &*page);
                });
            }
        });
        Origin {
            address,
            ending,
            listening: Some(listening),
        }
    }

    /// `http://localhost:PORT`: another site than 127.0.0.1, as in life.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn answer(mut stream: TcpStream, page: &Page) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(64 * 1024));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let target = first.split(' ').nth(1).unwrap_or("/");
    let body = Url::parse(&format!("http://localhost{target}"))
        .ok()
        .and_then(|url| page(&url));
    let (status, body) = match body {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", "<title>Not here</title>".to_owned()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\
         Cache-Control: no-store\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
