//! A mail server of the test's own on loopback: it takes what it is told to take, keeps
//! it, and speaks no TLS.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// One mail as it arrived.
#[derive(Debug, Clone)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and text, lines ended by `\n`.
    pub content: String,
}

#[derive(Default)]
struct Held {
    ending: AtomicBool,
    connections: AtomicUsize,
    /// How many recipients are refused before one is taken.
    refusing: AtomicUsize,
    letters: Mutex<Vec<Letter>>,
}

/// Ended with the test or when dropped.
pub struct MailServer {
    address: SocketAddr,
    held: Arc<Held>,
    listening: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Takes everything.
    pub fn start() -> MailServer {
        MailServer::refusing(0)
    }

    /// Refuses the first `times` recipients for now, by their name.
    pub fn refusing(times: usize) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let held = Arc::new(Held::default());
        held.refusing.store(times, Ordering::SeqCst);
        let own = held.clone();
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.ending.load(Ordering::SeqCst) {
                    return;
                }
                own.connections.fetch_add(1, Ordering::SeqCst);
                let held = own.clone();
                std::thread::spawn(move || {
                    let _ = talk(stream, &held);
                });
            }
        });
        MailServer {
            address,
            held,
            listening: Some(listening),
        }
    }

    pub fn port(&self) -> String {
        self.address.port().to_string()
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.held.letters.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.held.connections.load(Ordering::SeqCst)
    }

    /// Options of `serve` that send mail here.
    pub fn options(&self) -> Vec<String> {
        let options = [
            ("--smtp-host", "127.0.0.1"),
            ("--smtp-port", &self.port()),
            ("--smtp-tls", "off"),
            ("--mail-from", "tracker@keeper.example"),
        ];
        options
            .iter()
            .flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()])
            .collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.held.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// One conversation (RFC 5321), as far as a sender needs it.
fn talk(stream: TcpStream, held: &Held) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let say = |line: &str| (&stream).write_all(format!("{line}\r\n").as_bytes());
    say("220 post.example ready")?;
    let (mut from, mut to) = (String::new(), Vec::new());
    while let Some(line) = lines.next() {
        let line = line?;
        let address = || between(&line).to_owned();
        match line
            .get(..4)
            .unwrap_or_default()
            .to_ascii_uppercase()
            .as_str()
        {
            "EHLO" | "HELO" => say("250 post.example")?,
            "MAIL" => {
                from = address();
                say("250 ok")?;
            }
            "RCPT" => {
                let left = held.refusing.load(Ordering::SeqCst);
                if left > 0 {
                    held.refusing.store(left - 1, Ordering::SeqCst);
                    say(&format!("451 4.7.1 <{}> not yet", address()))?;
                } else {
                    to.push(address());
                    say("250 ok")?;
                }
            }
            "DATA" => {
                say("354 go on")?;
                let content = content(&mut lines)?;
                held.letters.lock().unwrap().push(Letter {
                    from: std::mem::take(&mut from),
                    to: std::mem::take(&mut to),
                    content,
                });
                say("250 taken")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
    Ok(())
}

fn between(line: &str) -> &str {
    let start = line.find('<').map_or(0, |at| at + 1);
    let end = line.find('>').unwrap_or(line.len());
    &line[start..end]
}

fn content(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> std::io::Result<String> {
    let mut content = String::new();
    for line in lines {
        let line = line?;
        if line == "." {
            break;
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
        content.push('\n');
    }
    Ok(content)
}
