//! Publishers: who sends visitors, and the coupon codes that credit them.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, ok, page, see_other};
use super::visit::{Posted, Visit};
use crate::error::{Error, Kind, Result};
use crate::model::account::{PublisherSettings, parse_coupon, parse_name};
use crate::model::id::PublisherId;

/// Coupon codes of one publisher at most.
const COUPONS_MAX: usize = 200;

struct Row {
    id: PublisherId,
    name: String,
    coupons: String,
}

#[derive(Template)]
#[template(path = "publisher/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
}

pub async fn list(visit: Visit) -> Answer {
    let catalog = visit.catalog();
    let all = catalog.publishers.values();
    let mine = all.filter(|publisher| publisher.account == visit.account.id);
    let mut rows: Vec<Row> = mine
        .map(|publisher| Row {
            id: publisher.id,
            name: publisher.settings.name.clone(),
            coupons: publisher.settings.coupon_codes.join(", "),
        })
        .collect();
    rows.sort_by_key(|row| (row.name.to_lowercase(), row.id));
    ok(&ListPage {
        frame: visit.frame(Room::Publishers, "Publishers"),
        rows,
    })
}

#[derive(Template)]
#[template(path = "publisher/form.html")]
struct FormPage {
    frame: Frame,
    /// None: a new publisher.
    id: Option<PublisherId>,
    name: String,
    coupons: String,
    reward: bool,
    error: Option<String>,
}

impl FormPage {
    fn new(visit: &Visit) -> Self {
        FormPage {
            frame: visit.frame(Room::Publishers, "New publisher"),
            id: None,
            name: String::new(),
            coupons: String::new(),
            reward: false,
            error: None,
        }
    }

    fn of(visit: &Visit, id: PublisherId) -> Result<Self> {
        let catalog = visit.catalog();
        let publisher = catalog.publishers.get(&id);
        let publisher = publisher
            .filter(|publisher| publisher.account == visit.account.id)
            .ok_or_else(|| Error::not_found("publisher"))?;
        Ok(FormPage {
            frame: visit.frame(Room::Publishers, publisher.settings.name.clone()),
            id: Some(id),
            name: publisher.settings.name.clone(),
            coupons: publisher.settings.coupon_codes.join("\n"),
            reward: publisher.settings.reward,
            error: None,
        })
    }

    /// The same with what was typed, and why it was not taken.
    fn again(mut self, form: &Form, error: &Error) -> Answer {
        self.name = form.text("name").to_owned();
        self.coupons = form.exact("coupons").to_owned();
        self.reward = form.has("reward");
        self.error = Some(error.message().to_owned());
        page(StatusCode::BAD_REQUEST, &self)
    }
}

fn typed(form: &Form) -> Result<PublisherSettings> {
    let mut coupon_codes: Vec<String> = Vec::new();
    for text in form.list("coupons") {
        let code = parse_coupon(&text)?;
        if !coupon_codes.contains(&code) {
            coupon_codes.push(code);
        }
    }
    if coupon_codes.len() > COUPONS_MAX {
        return Err(Error::invalid(format!(
            "A publisher has at most {COUPONS_MAX} coupon codes."
        )));
    }
    Ok(PublisherSettings {
        name: parse_name("The publisher", form.text("name"))?,
        coupon_codes,
        reward: form.has("reward"),
    })
}

pub async fn new(visit: Visit) -> Answer {
    ok(&FormPage::new(&visit))
}

pub async fn create(posted: Posted) -> Answer {
    save(posted, None).await
}

pub async fn edit(visit: Visit, id: web::Path<String>) -> Answer {
    ok(&FormPage::of(&visit, id.parse()?)?)
}

pub async fn update(posted: Posted, id: web::Path<String>) -> Answer {
    let id = id.parse()?;
    save(posted, Some(id)).await
}

async fn save(posted: Posted, id: Option<PublisherId>) -> Answer {
    let Posted { visit, form } = posted;
    let shown = match id {
        Some(id) => FormPage::of(&visit, id)?,
        None => FormPage::new(&visit),
    };
    let settings = match typed(&form) {
        Ok(settings) => settings,
        Err(error) => return shown.again(&form, &error),
    };
    let write = visit.write(move |store, act, account| match id {
        None => store.create_publisher(act, account, settings),
        Some(id) => store.update_publisher(act, account, id, |stored| {
            *stored = settings;
            Ok(())
        }),
    });
    match write.await {
        Ok(_) => Ok(see_other("/publishers?done=saved")),
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            shown.again(&form, &error)
        }
        Err(fault) => Err(fault),
    }
}
