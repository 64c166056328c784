//! Answers, each in the medium that was asked for: an image, a frame's page, a
//! redirect, a page for people. An answer is told part by part, so that it goes out the same
//! by way of the router and without it. Never in here: the decision what to answer.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use url::Url;

use super::outcome::Outcome;
use crate::web::problem::Problem;

pub const X_PIXELKEEP: HeaderName = HeaderName::from_static("x-pixelkeep");
pub const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Headers of one medium, in lower case: one by one, and as the lines that they are.
#[derive(Debug)]
struct Fixed {
    each: &'static [(&'static str, &'static str)],
    lines: &'static str,
}

macro_rules! fixed {
    ($($name:literal: $value:literal),+ $(,)?) => {
        &Fixed {
            each: &[$(($name, $value)),+],
            lines: concat!($($name, ": ", $value, "\r\n"),+),
        }
    };
}

const IMAGE: &Fixed = fixed! {
    "content-type": "image/gif",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
};
const PAGE: &Fixed = fixed! {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
};
const REDIRECT: &Fixed = fixed! {
    "cache-control": "no-store",
};
const JSON: &Fixed = fixed! {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
};
const VERDICTS: &Fixed = fixed! {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": "*",
};
const PROBLEM: &Fixed = fixed! {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": "*",
};

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

/// An answer of this room.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    outcome: Outcome,
    fixed: &'static Fixed,
    cookie: Option<String>,
    location: Option<String>,
    body: Cow<'static, [u8]>,
}

impl Answer {
    fn new(outcome: Outcome, fixed: &'static Fixed, body: impl Into<Cow<'static, [u8]>>) -> Answer {
        Answer {
            status: outcome.status(),
            outcome,
            fixed,
            cookie: None,
            location: None,
            body: body.into(),
        }
    }

    /// An image, whatever the outcome: a page must not show a broken one.
    pub fn image(outcome: Outcome, cookie: Option<String>) -> Answer {
        Answer {
            cookie,
            ..Answer::new(outcome, IMAGE, &GIF[..])
        }
    }

    /// The page in an iframe.
    pub fn frame(outcome: Outcome, cookie: Option<String>) -> Answer {
        Answer {
            cookie,
            ..Answer::new(outcome, PAGE, FRAME_PAGE.as_bytes())
        }
    }

    /// A redirect to a landing page. The referrer is left as the publisher's page sends
    /// it: shops want to see it.
    pub fn redirect(location: String, outcome: Outcome, cookie: Option<String>) -> Answer {
        let Some(location) = header_safe(location) else {
            return Answer::page(outcome);
        };
        Answer {
            status: StatusCode::FOUND,
            cookie,
            location: Some(location),
            ..Answer::new(outcome, REDIRECT, &[][..])
        }
    }

    /// A page for the person who followed a link that leads nowhere.
    pub fn page(outcome: Outcome) -> Answer {
        let status = match outcome.status() {
            StatusCode::OK => StatusCode::NOT_FOUND,
            other => other,
        };
        Answer {
            status,
            ..Answer::new(outcome, PAGE, DEAD_LINK_PAGE.as_bytes())
        }
    }

    /// JSON for a program.
    pub fn json(outcome: Outcome, body: String) -> Answer {
        Answer::new(outcome, JSON, body.into_bytes())
    }

    /// What became of events, readable by the page that sent them.
    pub fn verdicts(body: String) -> Answer {
        Answer::new(Outcome::Stored, VERDICTS, body.into_bytes())
    }

    /// Events that were refused as a whole, and why.
    pub fn problem(outcome: Outcome) -> Answer {
        let detail = match outcome {
            Outcome::NotStored(reason) => reason.meaning(),
            Outcome::Stored | Outcome::Unconfirmed => "",
        };
        let text = Problem::new(outcome.status(), detail).text();
        Answer::new(outcome, PROBLEM, text.into_bytes())
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The headers that every answer in this medium has, as the lines that they are.
    pub fn fixed_lines(&self) -> &'static str {
        self.fixed.lines
    }

    /// The others with their values, but for those that every server adds by itself.
    pub fn each_own_header(&self, mut tell: impl FnMut(&'static str, &[u8])) {
        tell("x-pixelkeep", self.outcome.header().as_bytes());
        if let Some(seconds) = self.outcome.retry_after() {
            tell("retry-after", seconds.to_string().as_bytes());
        }
        if let Some(cookie) = &self.cookie {
            tell("set-cookie", cookie.as_bytes());
        }
        if let Some(location) = &self.location {
            tell("location", location.as_bytes());
        }
    }
}

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> HttpResponse {
        let mut response = HttpResponse::build(answer.status);
        for header in answer.fixed.each {
            response.insert_header(*header);
        }
        answer.each_own_header(|name, value| {
            response.insert_header((name, value));
        });
        response.body(answer.body.into_owned())
    }
}

/// An address as a header takes it; other scripts are percent-encoded.
fn header_safe(location: String) -> Option<String> {
    let is_safe = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_safe(&location) {
        return Some(location);
    }
    let url = String::from(Url::parse(&location).ok()?);
    is_safe(&url).then_some(url)
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
            let response = HttpResponse::from(Answer::image(outcome, None));
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
        let landing = "https://shop.example/größe".to_owned();
        let response = HttpResponse::from(Answer::redirect(landing, Outcome::Stored, None));
        let location = response.headers().get("location").unwrap();
        assert_eq!(location, "https://shop.example/gr%C3%B6%C3%9Fe");
    }

    #[test]
    fn an_address_that_no_header_takes_ends_on_a_page() {
        let answer = Answer::redirect("ö\r\nx: y".to_owned(), Outcome::Stored, None);
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}
