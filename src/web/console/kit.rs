//! The recovery kit at the end of set-up: the master key as words on a page to print,
//! where the keyring's copy is kept, how to restore, and whether the provider copies the
//! whole machine. Shown once, to whoever runs the
//! server, after password and second factor; later only at the shell. The words are on
//! that one page and nowhere else: no log, no cache, no address.

use actix_web::http::StatusCode;
use askama::Template;
use zeroize::Zeroizing;

use super::page::{Answer, Frame, Room, ok, page};
use super::visit::{Posted, Visit};
use crate::error::Result;
use crate::model::instance::{Kit, Snapshots};
use crate::store::Store;

/// What is kept of the keyring elsewhere.
struct Copy {
    path: String,
    verified: Option<String>,
}

#[derive(Template)]
#[template(path = "kit/offer.html")]
struct OfferPage {
    frame: Frame,
    /// Until when it can be shown.
    open: Option<String>,
    shown: Option<String>,
    copy: Option<Copy>,
    snapshots: Snapshots,
    days: String,
}

#[derive(Template)]
#[template(path = "kit/words.html")]
struct WordsPage {
    frame: Frame,
    words: Zeroizing<String>,
    url: String,
    /// Where the key lies, or comes from.
    source: String,
    copy: Option<Copy>,
}

impl WordsPage {
    fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.words
            .split(' ')
            .enumerate()
            .map(|(at, word)| (at + 1, word))
    }
}

fn copy(visit: &Visit, store: &Store) -> Option<Copy> {
    store.keys().escrow().map(|escrow| Copy {
        path: escrow.path.display().to_string(),
        verified: escrow.verified_at.map(|at| visit.calendar().stamp(at)),
    })
}

/// What it is, before anything is shown.
pub async fn offer(visit: Visit) -> Answer {
    let (kit, snapshots) = visit
        .read(|app, _| {
            let kit = app.store.kit(app.clock.now())?;
            Ok((kit, app.store.instance_settings()?.snapshots))
        })
        .await?;
    let calendar = visit.calendar();
    ok(&OfferPage {
        frame: visit.frame(Room::Instance, "Recovery kit"),
        open: match kit {
            Kit::Open(until) => Some(calendar.stamp(until)),
            _ => None,
        },
        shown: match kit {
            Kit::Shown(at) => Some(calendar.stamp(at)),
            _ => None,
        },
        copy: copy(&visit, &visit.app().store),
        snapshots,
        days: snapshots.days_text(),
    })
}

/// The words, this once.
pub async fn show(posted: Posted) -> Answer {
    let Posted { visit, .. } = posted;
    let words = visit
        .write(|store, act, _| -> Result<_> {
            // Read first: a key that cannot be read must not use up the one time.
            let words = store.keys().load_master()?.words()?;
            store.take_kit(act)?;
            Ok(words)
        })
        .await?;
    let store = &visit.app().store;
    let source = store.keys().source();
    page(
        StatusCode::OK,
        &WordsPage {
            frame: visit.frame(Room::Instance, "Recovery kit"),
            words,
            url: visit.app().options.public_url.clone(),
            source: source.map_or_else(String::new, |source| {
                format!("{} {}", source.word(), source.path().display())
            }),
            copy: copy(&visit, store),
        },
    )
}
