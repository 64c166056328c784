//! The console's own files: one style sheet, small scripts, the logo. Each stands
//! under the hash of its content and never changes there. No customer's data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, web};
use rust_embed::Embed;

use crate::crypto::token::content_hash;

#[derive(Embed)]
#[folder = "assets/console"]
struct Files;

/// What pages link the style sheet by; it is made of all `.css` files, in order.
pub const STYLE: &str = "console.css";

struct Asset {
    hash: String,
    media: &'static str,
    content: Vec<u8>,
}

static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut names: Vec<_> = Files::iter().collect();
    names.sort_unstable();
    for name in names {
        let Some(file) = Files::get(&name) else {
            continue;
        };
        let served = if name.ends_with(".css") { STYLE } else { &name };
        let content = contents.entry(served.to_owned()).or_default();
        content.extend_from_slice(&file.data);
    }
    let assets = contents.into_iter().map(|(name, content)| {
        let asset = Asset {
            hash: content_hash(&content),
            media: media(&name),
            content,
        };
        (name, asset)
    });
    assets.collect()
});

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// The path of a file, with the hash of its content.
pub fn path(name: &str) -> String {
    let hash = ASSETS.get(name).map_or("", |asset| &asset.hash);
    format!("/assets/{hash}/{name}")
}

pub async fn read(named: web::Path<(String, String)>) -> HttpResponse {
    let (hash, name) = named.into_inner();
    match ASSETS.get(&name).filter(|asset| asset.hash == hash) {
        Some(asset) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.media))
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
            .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
            .body(asset.content.as_slice()),
        None => HttpResponse::NotFound()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .content_type("text/plain; charset=utf-8")
            .body("There is no such file.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_is_one_file_with_its_hash_in_the_path() {
        assert!(path(STYLE).starts_with("/assets/"));
        assert_eq!(path(STYLE).split('/').nth(2).unwrap().len(), 32);
        assert!(
            ASSETS
                .keys()
                .all(|name| name == STYLE || !name.ends_with(".css"))
        );
    }

    #[test]
    fn no_file_names_another_host() {
        for (name, asset) in ASSETS.iter() {
            let text = String::from_utf8(asset.content.clone()).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !text.contains("http:") && !text.contains("https:"),
                "{name}"
            );
        }
    }
}
