//! A member's second factor in the console: a code to scan and type, recovery codes shown
//! once, and the way to turn it off. What a code proves is decided in `access`.

use actix_web::http::StatusCode;
use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use super::fault::Fault;
use super::page::{Answer, Frame, Room, page, see_other};
use super::sign_in::{add_cookie, welcome};
use super::visit::{Posted, Visit, cookie};
use crate::access::second_factor::{self, Offer};
use crate::access::session;
use crate::error::{Error, Kind, Result};
use crate::model::account::Member;
use crate::model::action::{Act, Action};
use crate::model::instance::Kit;
use crate::store::Store;

/// Blank modules around a code, as its standard asks for.
const QUIET: usize = 4;

#[derive(Template)]
#[template(path = "second_factor/offer.html")]
struct OfferPage {
    frame: Frame,
    /// The secret as people type it, in groups.
    secret: String,
    sealed: String,
    picture: Picture,
    /// The member must have one.
    is_required: bool,
    /// The recovery kit waits to be shown, and asks for a second factor.
    kit: bool,
    error: Option<String>,
}

/// A QR code as one path over a square of `size` modules.
struct Picture {
    size: usize,
    path: String,
}

impl Picture {
    fn of(text: &str) -> Result<Picture> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|error| Error::internal("A QR code could not be drawn.").because(error))?;
        let width = code.width();
        let dark = code.to_colors().into_iter().enumerate();
        let path = dark
            .filter(|(_, color)| *color == Color::Dark)
            .map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET))
            .collect();
        Ok(Picture {
            size: width + 2 * QUIET,
            path,
        })
    }
}

#[derive(Template)]
#[template(path = "second_factor/codes.html")]
struct CodesPage {
    frame: Frame,
    /// The recovery kit waits to be shown.
    kit: bool,
    codes: Vec<String>,
}

/// Whether the recovery kit waits for whoever this is.
async fn kit_waits(visit: &Visit) -> std::result::Result<bool, Fault> {
    if !visit.may(Action::ShowKit) {
        return Ok(false);
    }
    let kit = visit.read(|app, _| app.store.kit(app.clock.now())).await?;
    Ok(matches!(kit, Kit::Open(_)))
}

async fn offer_page(visit: &Visit, offer: &Offer, error: Option<&Error>) -> Answer {
    let secret = offer.secret.base32();
    let groups: Vec<&str> = (0..secret.len())
        .step_by(4)
        .filter_map(|at| secret.get(at..at + 4))
        .collect();
    let shown = OfferPage {
        frame: visit.frame(Room::You, "Turn on the second factor"),
        secret: groups.join(" "),
        sealed: offer.sealed.clone(),
        picture: Picture::of(&offer.secret.address(&visit.member.profile.email))?,
        is_required: second_factor::is_required(&visit.member, &visit.account.settings),
        kit: kit_waits(visit).await?,
        error: error.map(|error| error.message().to_owned()),
    };
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(status, &shown)
}

pub async fn offer(visit: Visit) -> Answer {
    if visit.member.profile.second_factor.is_some() {
        return Ok(see_other("/you"));
    }
    let member = visit.member.clone();
    let offer = visit
        .read(move |app, _| second_factor::offer(&app.store, &member))
        .await?;
    offer_page(&visit, &offer, None).await
}

pub async fn turn_on(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (member, sealed) = (visit.member.clone(), form.text("offer").to_owned());
    let offer = visit.read(move |app, _| second_factor::same_offer(&app.store, &member, &sealed));
    let offer = offer.await?;
    let (kept, code) = (offer, form.text("code").to_owned());
    let again = Offer {
        secret: kept.secret.clone(),
        sealed: kept.sealed.clone(),
    };
    let id = visit.member.id;
    let turned = anew(&visit, move |store, act| {
        second_factor::turn_on(store, act, id, &kept, &code)
    });
    match turned.await {
        Ok((codes, secret)) => show_codes(&visit, codes, secret).await,
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            offer_page(&visit, &again, Some(&error)).await
        }
        Err(fault) => Err(fault),
    }
}

pub async fn turn_off(posted: Posted) -> Answer {
    let visit = posted.visit;
    let id = visit.member.id;
    let turned = anew(&visit, move |store, act| {
        Ok((second_factor::turn_off(store, act, id)?, ()))
    });
    let ((), secret) = turned.await?;
    welcome(visit.app(), secret, "/you?done=factor_off")
}

/// New recovery codes in place of the old ones.
pub async fn renew_codes(posted: Posted) -> Answer {
    let visit = posted.visit;
    let id = visit.member.id;
    let renewed = anew(&visit, move |store, act| {
        second_factor::renew_recovery(store, act, id)
    });
    let (codes, secret) = renewed.await?;
    show_codes(&visit, codes, secret).await
}

/// Does what ends the member's sessions, and opens a new one for this browser.
async fn anew<T: Send + 'static>(
    visit: &Visit,
    work: impl FnOnce(&Store, Act) -> Result<(Member, T)> + Send + 'static,
) -> std::result::Result<(T, String), Fault> {
    let (place, now) = (visit.place.clone(), visit.now());
    visit
        .write(move |store, act, _| {
            let (member, outcome) = work(store, act)?;
            Ok((outcome, session::open(store, &member, place, now)?))
        })
        .await
}

async fn show_codes(visit: &Visit, codes: Vec<String>, secret: String) -> Answer {
    let kit = kit_waits(visit).await?;
    let mut frame = visit.frame(Room::You, "Recovery codes");
    frame.form_token = session::form_token(&secret);
    let mut response = page(StatusCode::OK, &CodesPage { frame, kit, codes })?;
    add_cookie(&mut response, &cookie(visit.app(), secret))?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_quiet_zone_and_three_finders() {
        let picture =
            Picture::of("otpauth://totp/Pixelkeep:a?secret=ABC&issuer=Pixelkeep").unwrap();
        assert!((21 + 2 * QUIET..80).contains(&picture.size));
        for at in [QUIET, picture.size - QUIET - 7] {
            assert!(picture.path.contains(&format!("M{at} {QUIET}h1v1h-1z")));
        }
        assert!(
            !picture.path.contains("M0 ") && !picture.path.contains(&format!("M{} ", QUIET - 1))
        );
    }
}
