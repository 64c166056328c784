//! The demo's shop: static pages with the tracker's address and the site's key
//! filled in, served on a host of its own, as a customer's website would be.

use actix_web::http::header;
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;

use super::App;
use crate::model::account::{Publisher, Site};
use crate::model::campaign::Campaign;

#[derive(RustEmbed)]
#[folder = "assets/demo/"]
struct Pages;

/// One shop of the demo.
#[derive(Debug, Clone)]
pub struct Shop {
    site_key: String,
    tracking_link: String,
}

impl Shop {
    pub fn of(app: &App, site: &Site, campaign: &Campaign, publisher: &Publisher) -> Shop {
        let public_url = &app.options.public_url;
        let snippets = super::snippets::snippets(public_url, site, campaign, Some(publisher));
        Shop {
            site_key: site.settings.key.to_string(),
            tracking_link: snippets.tracking_link,
        }
    }
}

/// What the shop's pages are filled with.
#[derive(Debug, Clone)]
pub struct Shops {
    pub tracker: String,
    pub credentials: String,
    pub strict: Shop,
    pub open: Shop,
}

impl Shops {
    fn fill(&self, text: &str, base: &str) -> String {
        let shop = if base == "/open" {
            &self.open
        } else {
            &self.strict
        };
        text.replace("{{tracker}}", &self.tracker)
            .replace("{{console}}", &self.tracker)
            .replace("{{credentials}}", &self.credentials)
            .replace("{{site}}", &shop.site_key)
            .replace("{{base}}", base)
            .replace(
                "{{tracking_link_strict}}",
                &escape(&self.strict.tracking_link),
            )
            .replace("{{tracking_link_open}}", &escape(&self.open.tracking_link))
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

/// The routes of the shop's own server.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route(
            "/",
            web::get().to(async |shops: Data<Shops>| page(&shops, "index.html", "/strict")),
        )
        .route("/{base:strict|open}/", web::get().to(front))
        .route("/{base:strict|open}/{page}", web::get().to(of_shop))
        .route("/{page}", web::get().to(plain));
}

async fn front(shops: Data<Shops>, base: Path<String>) -> HttpResponse {
    page(&shops, "landing.html", &format!("/{base}"))
}

async fn of_shop(shops: Data<Shops>, path: Path<(String, String)>) -> HttpResponse {
    let (base, name) = path.into_inner();
    let name = if name.contains('.') {
        name
    } else {
        format!("{name}.html")
    };
    page(&shops, &name, &format!("/{base}"))
}

async fn plain(shops: Data<Shops>, name: Path<String>) -> HttpResponse {
    page(&shops, &name, "/strict")
}

fn page(shops: &Shops, name: &str, base: &str) -> HttpResponse {
    let Some(file) = Pages::get(name) else {
        return HttpResponse::NotFound().body("The shop has no such page.\n");
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let text = String::from_utf8_lossy(&file.data);
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(shops.fill(&text, base))
}
