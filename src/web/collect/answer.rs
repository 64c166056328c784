//! Answers, each in the medium that was asked for: an image, a frame's page, a
//! redirect, a page for people. Never in here: the decision what to answer.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use url::Url;

use super::outcome::Outcome;

pub const X_PIXELKEEP: HeaderName = HeaderName::from_static("x-pixelkeep");
pub const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");
const NOTHING_RUNS: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// A transparent GIF of one pixel, 43 bytes.
const GIF: [u8; 43] = [
    b'G', b'I', b'F', b'8', b'9', b'a', // signature and version
    1, 0, 1, 0, 0x80, 0, 0, // one by one, a colour table of two
    0, 0, 0, 0, 0, 0, // both black
    0x21, 0xf9, 4, 1, 0, 0, 0, 0, // colour 0 is transparent
    0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, // the image covers all
    2, 2, 0x44, 1, 0,    // its one pixel, compressed
    0x3b, // end
];

const FRAME_PAGE: &str =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Pixel</title></html>\n";

/// What every answer of this room has.
fn begin(status: StatusCode, outcome: Outcome, cookie: Option<String>) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((X_PIXELKEEP, outcome.header()))
        .insert_header((CACHE_CONTROL, NO_STORE));
    if let Some(seconds) = outcome.retry_after() {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if let Some(cookie) = cookie {
        response.insert_header((SET_COOKIE, cookie));
    }
    response
}

/// What keeps an answer from being anything but what it says it is.
fn harmless(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response
        .insert_header((X_CONTENT_TYPE_OPTIONS, NOSNIFF))
        .insert_header((CONTENT_SECURITY_POLICY, NOTHING_RUNS))
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, CROSS_ORIGIN))
}

/// An image, whatever the outcome: a page must not show a broken one.
pub fn image(outcome: Outcome, cookie: Option<String>) -> HttpResponse {
    let mut response = begin(outcome.status(), outcome, cookie);
    harmless(&mut response)
        .content_type("image/gif")
        .body(Bytes::from_static(&GIF))
}

/// The page in an iframe.
pub fn frame(outcome: Outcome, cookie: Option<String>) -> HttpResponse {
    let mut response = begin(outcome.status(), outcome, cookie);
    harmless(&mut response)
        .content_type("text/html; charset=utf-8")
        .body(Bytes::from_static(FRAME_PAGE.as_bytes()))
}

/// A redirect to a landing page. The referrer is left as the publisher's page sends
/// it: shops want to see it.
pub fn redirect(location: String, outcome: Outcome, cookie: Option<String>) -> HttpResponse {
    match header_safe(location) {
        Some(location) => begin(StatusCode::FOUND, outcome, cookie)
            .insert_header((LOCATION, location))
            .finish(),
        None => page(outcome),
    }
}

/// An address as a header takes it; other scripts are percent-encoded.
fn header_safe(location: String) -> Option<HeaderValue> {
    if location.is_ascii()
        && let Ok(value) = HeaderValue::from_str(&location)
    {
        return Some(value);
    }
    let url = Url::parse(&location).ok()?;
    HeaderValue::from_str(url.as_str()).ok()
}

/// A page for the person who followed a link that leads nowhere.
pub fn page(outcome: Outcome) -> HttpResponse {
    let status = match outcome.status() {
        StatusCode::OK => StatusCode::NOT_FOUND,
        other => other,
    };
    let mut response = begin(status, outcome, None);
    harmless(&mut response)
        .content_type("text/html; charset=utf-8")
        .body(Bytes::from_static(DEAD_LINK_PAGE.as_bytes()))
}

const DEAD_LINK_PAGE: &str = "\
<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>This link leads nowhere</title>
<h1>This link leads nowhere</h1>
<p>The offer behind it has ended, or the link was not copied whole.</p>
</html>
";

/// JSON for a program.
pub fn json(status: StatusCode, outcome: Outcome, body: String) -> HttpResponse {
    let mut response = begin(status, outcome, None);
    response
        .insert_header((X_CONTENT_TYPE_OPTIONS, NOSNIFF))
        .content_type("application/json")
        .body(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Reason;

    #[test]
    fn the_image_is_a_gif_of_43_bytes() {
        assert_eq!(GIF.len(), 43);
        assert!(GIF.starts_with(b"GIF89a") && GIF.ends_with(&[0x3b]));
    }

    #[test]
    fn an_image_answers_as_an_image_whatever_the_outcome() {
        for (outcome, status) in [
            (Outcome::Stored, 200),
            (Outcome::NotStored(Reason::Bot), 200),
            (Outcome::NotStored(Reason::BadAmount), 400),
            (Outcome::NotStored(Reason::UnknownCampaign), 404),
            (Outcome::NotStored(Reason::RateLimited), 429),
            (Outcome::NotStored(Reason::Overloaded), 503),
        ] {
            let response = image(outcome, None);
            assert_eq!(response.status().as_u16(), status);
            let headers = response.headers();
            assert_eq!(headers.get("content-type").unwrap(), "image/gif");
            assert_eq!(headers.get("cache-control").unwrap(), "no-store");
            assert!(!headers.contains_key("etag"));
            assert_eq!(
                headers.contains_key("retry-after"),
                status == 429 || status == 503
            );
        }
    }

    #[test]
    fn an_address_in_another_script_still_redirects() {
        let response = redirect(
            "https://shop.example/größe".to_owned(),
            Outcome::Stored,
            None,
        );
        let location = response.headers().get(LOCATION).unwrap();
        assert_eq!(location, "https://shop.example/gr%C3%B6%C3%9Fe");
    }

    #[test]
    fn an_address_that_no_header_takes_ends_on_a_page() {
        let response = redirect("ö\r\nx: y".to_owned(), Outcome::Stored, None);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}
