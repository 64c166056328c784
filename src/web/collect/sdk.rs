//! The WebSDK and each site's configuration: the same bytes for everyone, named by
//! the hash of their content, and good for any cache in between. No cookie, no
//! count, nothing of the visitor is read here.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, ETAG,
    IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::App;
use super::answer::CROSS_ORIGIN_RESOURCE_POLICY;
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::model::account::Site;
use crate::model::catalog::Catalog;
use crate::model::consent::Posture;
use crate::model::id::SiteKey;

const SOURCE: &str = include_str!("../../../assets/sdk.js");
/// Ten minutes without this server pass unnoticed behind a cache; a day with a
/// server that fails does.
const SHORT: &str =
    "public, max-age=60, s-maxage=60, stale-while-revalidate=600, stale-if-error=86400";
const FOREVER: &str = "public, max-age=31536000, immutable";
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

/// The SDK as it is served.
struct Sdk {
    hash: String,
    plain: Bytes,
    /// None where compressing failed; then it goes out plain.
    brotli: Option<Bytes>,
}

static SDK: LazyLock<Sdk> = LazyLock::new(|| Sdk {
    hash: token::content_hash(SOURCE.as_bytes()),
    plain: Bytes::from_static(SOURCE.as_bytes()),
    brotli: compress(SOURCE.as_bytes()).map(Bytes::from),
});

fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::new();
    let mut writer =
        brotli::CompressorWriter::new(&mut compressed, 4_096, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(plain).and_then(|()| writer.flush()).ok()?;
    drop(writer);
    Some(compressed)
}

/// `GET /sdk.js`.
pub async fn current(request: HttpRequest) -> HttpResponse {
    script(&request, SHORT)
}

/// `GET /sdk.<hash>.js`.
pub async fn pinned(request: HttpRequest, hash: Path<String>) -> HttpResponse {
    if *hash == SDK.hash {
        script(&request, FOREVER)
    } else {
        not_found(
            "text/plain; charset=utf-8",
            "There is no such version of the script.\n",
        )
    }
}

fn script(request: &HttpRequest, cache: &'static str) -> HttpResponse {
    let brotli = SDK.brotli.as_ref().filter(|_| takes_brotli(request));
    let (body, etag) = match brotli {
        Some(compressed) => (compressed, format!("\"{}-br\"", SDK.hash)),
        None => (&SDK.plain, format!("\"{}\"", SDK.hash)),
    };
    let mut response = cacheable(request, &etag, cache);
    response.insert_header((VARY, "Accept-Encoding"));
    if brotli.is_some() {
        response.insert_header((CONTENT_ENCODING, "br"));
    }
    finish(
        request,
        response,
        "text/javascript; charset=utf-8",
        &etag,
        body.clone(),
    )
}

/// `GET /config/<site key>.json`.
pub async fn config(request: HttpRequest, app: Data<App>, key: Path<String>) -> HttpResponse {
    let catalog = app.store.catalog();
    let site = key
        .parse::<SiteKey>()
        .ok()
        .and_then(|key| catalog.site(&key.to_string()));
    let Some(site) = site else {
        return not_found("application/json", "{}");
    };
    let body = site_config(&catalog, site, app.clock.now());
    let etag = format!("\"{}\"", token::content_hash(body.as_bytes()));
    let response = cacheable(&request, &etag, SHORT);
    finish(&request, response, "application/json", &etag, body.into())
}

#[derive(Serialize)]
struct Config<'a> {
    site: SiteKey,
    posture: Posture,
    goals: BTreeSet<&'a str>,
}

/// What the SDK must know of a site; nothing where no campaign runs.
fn site_config(catalog: &Catalog, site: &Site, now: Timestamp) -> String {
    let goals: BTreeSet<&str> = catalog
        .campaigns_of(site.id)
        .filter(|campaign| campaign.settings.is_running())
        .flat_map(|campaign| campaign.settings.goals.iter())
        .map(|goal| goal.name.as_str())
        .collect();
    if goals.is_empty() || catalog.collecting(site.account, now).is_none() {
        return "{}".to_owned();
    }
    let config = Config {
        site: site.settings.key,
        posture: site.settings.posture,
        goals,
    };
    serde_json::to_string(&config).unwrap_or_else(|_| "{}".to_owned())
}

/// An answer that caches keep, 304 where the asker has it already.
fn cacheable(request: &HttpRequest, etag: &str, cache: &'static str) -> HttpResponseBuilder {
    let status = if is_known(request, etag) {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let mut response = HttpResponse::build(status);
    response
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"));
    response
}

fn finish(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    content_type: &'static str,
    etag: &str,
    body: Bytes,
) -> HttpResponse {
    if is_known(request, etag) {
        return response.finish();
    }
    response.content_type(content_type).body(body)
}

fn not_found(content_type: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(content_type)
        .body(body)
}

fn takes_brotli(request: &HttpRequest) -> bool {
    header(request, ACCEPT_ENCODING.as_str())
        .split(',')
        .any(|offer| match offer.trim().split_once(';') {
            None => offer.trim() == "br",
            Some((name, weight)) => name.trim() == "br" && !is_zero(weight),
        })
}

fn is_zero(weight: &str) -> bool {
    weight
        .trim()
        .strip_prefix("q=")
        .and_then(|number| number.trim().parse::<f32>().ok())
        == Some(0.0)
}

/// Whether `If-None-Match` names this very content.
fn is_known(request: &HttpRequest, etag: &str) -> bool {
    header(request, IF_NONE_MATCH.as_str())
        .split(',')
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == etag || known == "*")
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> &'r str {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "sdk_tests.rs"]
mod tests;
