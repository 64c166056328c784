//! Links and code to copy: the tracking link, the pixels and the script of a
//! campaign, for one publisher or none. The text itself is made in `web::snippets`.

use askama::Template;

use super::page::{Answer, Frame, Room, ok};
use super::visit::Visit;
use crate::error::{Error, Result};
use crate::model::campaign::Campaign;
use crate::model::catalog::Catalog;
use crate::web::recipes::RECIPES;
use crate::web::snippets::{Snippets, snippets};

/// A campaign or publisher to choose.
pub struct Choice {
    pub id: String,
    pub name: String,
    pub is_chosen: bool,
}

/// The campaigns of an account, in order of their names.
pub fn campaigns(visit: &Visit, catalog: &Catalog, chosen: &str) -> Vec<Choice> {
    let all = catalog.campaigns.values();
    let mine = all.filter(|campaign| campaign.account == visit.account.id);
    sorted(
        mine.map(|campaign| (campaign.id.to_string(), &campaign.settings.name)),
        chosen,
    )
}

/// The publishers of an account, in order of their names.
pub fn publishers(visit: &Visit, catalog: &Catalog, chosen: &str) -> Vec<Choice> {
    let all = catalog.publishers.values();
    let mine = all.filter(|publisher| publisher.account == visit.account.id);
    sorted(
        mine.map(|publisher| (publisher.id.to_string(), &publisher.settings.name)),
        chosen,
    )
}

fn sorted<'a>(named: impl Iterator<Item = (String, &'a String)>, chosen: &str) -> Vec<Choice> {
    let mut choices: Vec<Choice> = named
        .map(|(id, name)| Choice {
            is_chosen: id == chosen,
            name: name.clone(),
            id,
        })
        .collect();
    choices.sort_by_key(|choice| (choice.name.to_lowercase(), choice.id.clone()));
    choices
}

/// One box to copy from.
struct Copy {
    title: &'static str,
    /// Where it goes and what it does.
    place: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "snippet/page.html")]
struct SnippetPage {
    frame: Frame,
    campaigns: Vec<Choice>,
    publishers: Vec<Choice>,
    /// For publishers: links to hand out.
    links: Vec<Copy>,
    /// For the shop: code to place.
    codes: Vec<Copy>,
    /// For the shop: how its consent banner tells the script.
    recipes: Vec<BannerCopy>,
}

/// A banner's script to copy.
struct BannerCopy {
    banner: &'static str,
    text: String,
}

pub async fn show(visit: Visit) -> Answer {
    let catalog = visit.catalog();
    let (chosen, by) = (visit.query.text("campaign"), visit.query.text("publisher"));
    let mut choices = campaigns(&visit, &catalog, chosen);
    if chosen.is_empty()
        && let Some(first) = choices.first_mut()
    {
        first.is_chosen = true;
    }
    let id = match choices.iter().find(|choice| choice.is_chosen) {
        Some(choice) => choice.id.as_str(),
        None => chosen,
    };
    let made = match id {
        "" => None,
        id => Some(make(&visit, &catalog, id, by)?),
    };
    let (links, codes) = made.map(copies).unwrap_or_default();
    ok(&SnippetPage {
        frame: visit.frame(Room::Snippets, "Links and code"),
        publishers: publishers(&visit, &catalog, by),
        campaigns: choices,
        links,
        codes,
        recipes: RECIPES
            .iter()
            .map(|recipe| BannerCopy {
                banner: recipe.banner,
                text: recipe.html(),
            })
            .collect(),
    })
}

fn make(visit: &Visit, catalog: &Catalog, campaign: &str, publisher: &str) -> Result<Snippets> {
    let campaign: &Campaign = catalog
        .campaign(campaign)
        .filter(|campaign| campaign.account == visit.account.id)
        .ok_or_else(|| Error::not_found("campaign"))?;
    let site = catalog.sites.get(&campaign.settings.site);
    let site = site.ok_or_else(|| Error::not_found("site"))?;
    let publisher = match publisher {
        "" => None,
        id => Some(
            catalog
                .publisher(visit.account.id, id)
                .ok_or_else(|| Error::not_found("publisher"))?,
        ),
    };
    let publisher = publisher.map(|publisher| publisher.as_ref());
    Ok(snippets(
        &visit.app().options.public_url,
        site,
        campaign,
        publisher,
    ))
}

fn copies(made: Snippets) -> (Vec<Copy>, Vec<Copy>) {
    let copy = |title, place, text| Copy { title, place, text };
    let links = vec![
        copy(
            "Tracking link",
            "Give this address to the publisher. Whoever follows it is counted and sent on to your landing page.",
            made.tracking_link,
        ),
        copy(
            "Impression pixel",
            "Goes where the publisher shows your advertisement. It counts how often it was seen.",
            made.impression_pixel,
        ),
    ];
    let codes = vec![
        copy(
            "Script for your website (recommended)",
            "Goes in the head of every page of your website. It remembers the click, where the visitor \
             agrees, and reports the sale even when the connection is bad.",
            made.sdk,
        ),
        copy(
            "Image pixel",
            "Goes in the body of your thank-you page. For shops where no script can be added.",
            made.image_pixel,
        ),
        copy(
            "Iframe pixel",
            "Goes in the body of your thank-you page. For shops that only allow iframes.",
            made.iframe_pixel,
        ),
    ];
    (links, codes)
}
