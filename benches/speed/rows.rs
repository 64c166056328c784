//! The yardstick of the usual design: one row a hit with one index, in SQLite with the
//! same pragmas, made durable before it answers, in batches of as many as wait. It
//! parses what it must and stores in plain text; nothing is settled.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use crate::Outcome;
use crate::bare::GIF;
use crate::history::History;
use crate::made::{self, Made, SOURCES};

pub const ROLE: &str = "rows";
const BATCH_MAX: usize = 512;
/// Length of the log from which it is moved into the file, as the product does.
const CHECKPOINT_BYTES: u64 = 16 << 20;
/// Rows inserted in one transaction while the table is being filled.
const FILL_ROWS: u64 = 500_000;

const INSERT: &str = "INSERT INTO hit (id, at, kind, campaign, publisher, goal, amount, currency, \
     status, source, sub1, txn, country, device, browser, referrer) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// One hit on its way to its row.
struct Hit {
    query: Vec<(String, String)>,
    agent: String,
    referrer: String,
    answer: oneshot::Sender<bool>,
}

impl Hit {
    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The table with as many hits as the history has. Rows of earlier runs go.
pub fn prepare(beside: &Path, history: &History) -> Outcome<PathBuf> {
    let path = beside.join(format!("rows-{}.db", history.hits));
    let whole = path.with_extension("whole");
    if !whole.exists() {
        // What an interrupted start has left.
        let _ = std::fs::remove_file(&path);
        fill(&path, history)?;
        std::fs::write(&whole, "")?;
    }
    let connection = open(&path)?;
    connection.execute("DELETE FROM hit WHERE rowid > ?1", [history.hits as i64])?;
    checkpoint(&connection)?;
    Ok(path)
}

fn open(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -32 * 1_024)?;
    Ok(connection)
}

fn checkpoint(connection: &Connection) -> Outcome<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn fill(path: &Path, history: &History) -> Outcome<()> {
    let connection = open(path)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.execute_batch(
        "CREATE TABLE hit (id BLOB, at INTEGER, kind INTEGER, campaign TEXT, publisher TEXT, \
         goal TEXT, amount TEXT, currency TEXT, status TEXT, source TEXT, sub1 TEXT, txn TEXT, \
         country TEXT, device INTEGER, browser INTEGER, referrer TEXT)",
    )?;
    connection.execute_batch("BEGIN")?;
    for (day, first, count) in history.days() {
        for made in made::day(day, first, count) {
            insert_made(&connection, history, &made)?;
            if made.number % FILL_ROWS == FILL_ROWS - 1 {
                connection.execute_batch("COMMIT")?;
                checkpoint(&connection)?;
                connection.execute_batch("BEGIN")?;
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    connection.execute_batch("CREATE INDEX hit_id ON hit (id)")?;
    checkpoint(&connection)
}

fn insert_made(connection: &Connection, history: &History, made: &Made) -> Outcome<()> {
    let mut dice = made.dice.clone();
    let id: [u8; 16] = dice.bytes();
    let setting = &history.setting;
    let publisher = made
        .publisher
        .map(|index| setting.publishers[index].to_string());
    let amount = made
        .sale
        .map(|sale| format!("{}.{:02}", sale.amount / 100, sale.amount % 100));
    connection.prepare_cached(INSERT)?.execute(params![
        id,
        made.at.millis(),
        made.kind as i64,
        setting.campaigns[made.campaign].to_string(),
        publisher,
        made.sale
            .map(|sale| setting.goals[made.campaign][sale.goal].to_string()),
        amount,
        made.sale.map(|_| "EUR"),
        made.sale.map(|_| "approved"),
        made.source.unwrap_or(SOURCES[0]),
        made.sub_id_text(),
        made.sale.map(|_| format!("HC-{:08}", made.number)),
        made.origin.country.name(),
        made.origin.device.code(),
        made.origin.browser.code(),
        "https://news.example/",
    ])?;
    Ok(())
}

/// Serves the table that the first argument names.
pub fn serve() -> Outcome<()> {
    let path = std::env::args().nth(1).ok_or("which table?")?;
    let (sender, receiver) = channel::<Hit>();
    std::thread::spawn(move || {
        if let Err(error) = write(Path::new(&path), receiver) {
            eprintln!("the rows cannot be written: {error}");
            std::process::abort();
        }
    });
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(sender.clone()))
                .route("/pixel", web::get().to(pixel))
        })
        .bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            println!("listening on http://{address}");
        }
        server.run().await
    })?;
    Ok(())
}

async fn pixel(request: HttpRequest, writer: web::Data<Sender<Hit>>) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let (answer, answered) = oneshot::channel();
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let hit = Hit {
        query: query.into_owned().collect(),
        agent: header("user-agent"),
        referrer: header("referer"),
        answer,
    };
    if writer.send(hit).is_err() || !answered.await.unwrap_or(false) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    HttpResponse::Ok()
        .insert_header(("X-Pixelkeep", "stored"))
        .content_type("image/gif")
        .body(GIF)
}

fn write(path: &Path, hits: Receiver<Hit>) -> Outcome<()> {
    let mut connection = open(path)?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    while let Ok(first) = hits.recv() {
        let batch: Vec<Hit> = std::iter::once(first)
            .chain(hits.try_iter().take(BATCH_MAX - 1))
            .collect();
        let transaction = connection.transaction()?;
        for hit in &batch {
            insert(&transaction, hit)?;
        }
        transaction.commit()?;
        for hit in batch {
            // Nobody waits any more: the load has ended.
            let _ = hit.answer.send(true);
        }
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > CHECKPOINT_BYTES) {
            checkpoint(&connection)?;
        }
    }
    Ok(())
}

fn insert(connection: &Connection, hit: &Hit) -> Outcome<()> {
    let id: [u8; 16] = pixelkeep::crypto::token::random_bytes();
    let is_mobile = hit.agent.contains("Mobile");
    connection.prepare_cached(INSERT)?.execute(params![
        id,
        pixelkeep::clock::Clock::System.now().millis(),
        3,
        hit.get("campaign_id"),
        hit.get("pub_id"),
        hit.get("goal_id"),
        hit.get("sale_amount"),
        hit.get("currency"),
        hit.get("status"),
        hit.get("source"),
        hit.get("sub1"),
        hit.get("txn_id"),
        "unknown",
        i64::from(is_mobile),
        i64::from(hit.agent.contains("Chrome")),
        hit.referrer,
    ])?;
    Ok(())
}
