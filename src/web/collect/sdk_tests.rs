//! The SDK's files as caches and browsers see them.

use actix_web::body::MessageBody;
use actix_web::test::TestRequest;

use super::*;
use crate::web::collect::scene::{self, Scene};

fn asking(headers: &[(&'static str, String)]) -> HttpRequest {
    let mut request = TestRequest::get();
    for (name, value) in headers {
        request = request.insert_header((*name, value.as_str()));
    }
    request.to_http_request()
}

fn body(response: HttpResponse) -> Vec<u8> {
    response.into_body().try_into_bytes().unwrap().to_vec()
}

#[test]
fn the_compressed_script_fits_its_budget_and_unpacks_to_the_plain_one() {
    let compressed = SDK.brotli.clone().unwrap();
    assert!(compressed.len() <= 2_500, "{} bytes", compressed.len());
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut compressed.as_ref(), &mut plain).unwrap();
    assert_eq!(plain, SOURCE.as_bytes());
}

#[test]
fn a_browser_that_takes_brotli_gets_it_under_its_own_tag() {
    let plain = script(&asking(&[]), SHORT);
    let packed = script(
        &asking(&[("accept-encoding", "gzip, deflate, br".into())]),
        SHORT,
    );
    assert!(!plain.headers().contains_key(CONTENT_ENCODING));
    assert_eq!(packed.headers().get(CONTENT_ENCODING).unwrap(), "br");
    assert_eq!(packed.headers().get(VARY).unwrap(), "Accept-Encoding");
    assert_ne!(plain.headers().get(ETAG), packed.headers().get(ETAG));
    assert_eq!(body(plain), SOURCE.as_bytes());
    let refused = script(
        &asking(&[("accept-encoding", "br;q=0, gzip".into())]),
        SHORT,
    );
    assert!(!refused.headers().contains_key(CONTENT_ENCODING));
}

#[test]
fn who_has_it_already_gets_nothing_but_a_304() {
    let etag = format!("\"{}\"", SDK.hash);
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"x\", {etag}"),
        "*".into(),
    ] {
        let response = script(&asking(&[("if-none-match", known)]), SHORT);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers().get(ETAG).unwrap(), etag.as_str());
        assert!(body(response).is_empty());
    }
    let other = script(&asking(&[("if-none-match", "\"x\"".into())]), SHORT);
    assert_eq!(other.status(), StatusCode::OK);
}

#[test]
fn a_config_names_posture_and_goals_and_is_the_same_each_time() {
    let scene = Scene::new();
    let config = |key: SiteKey| {
        let site = scene.catalog.site(&key.to_string()).unwrap();
        site_config(&scene.catalog, site, scene::now())
    };
    let expected = format!(
        "{{\"site\":\"{}\",\"posture\":\"strict\",\"goals\":[\"lead\",\"sale\"]}}",
        scene::site_key()
    );
    assert_eq!(config(scene::site_key()), expected);
    assert_eq!(config(scene::site_key()), expected);
    assert!(config(scene::optout_site_key()).contains("\"posture\":\"optout\""));
    assert_eq!(config(scene::bare_site_key()), "{}");
}
