//! When a page cannot be shown: an error page in the console's look, or the way to
//! the sign-in. Causes go to the log; the reader gets a sentence and a reference.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use super::asset;
use super::page::{guarded, see_other};
use crate::error::Error;
use crate::web::problem::{sentence, status};

/// Why a page is not shown.
#[derive(Debug)]
pub enum Fault {
    /// Nobody is signed in; the path to come back to.
    SignIn(String),
    /// This page is not for the asker, but another is.
    GoTo(&'static str),
    /// A page that refreshes itself found nobody signed in.
    Ended,
    /// The password is asked for once more, on this page.
    Confirm(String),
    Error(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Error(error)
    }
}

#[derive(Template)]
#[template(path = "error/page.html")]
struct ErrorPage {
    status: u16,
    title: &'static str,
    sentence: String,
}

impl ErrorPage {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "This page does not exist",
        StatusCode::FORBIDDEN => "This is not allowed",
        StatusCode::BAD_REQUEST => "This could not be understood",
        StatusCode::PAYLOAD_TOO_LARGE => "This was too long",
        StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
        StatusCode::SERVICE_UNAVAILABLE => "Too much at once",
        _ => "Something went wrong",
    }
}

fn error_page(status: StatusCode, sentence: String) -> HttpResponse {
    let page = ErrorPage {
        status: status.as_u16(),
        title: title(status),
        sentence,
    };
    guarded(status)
        .content_type("text/html; charset=utf-8")
        .body(page.render().unwrap_or_else(|_| page.sentence.clone()))
}

impl Fault {
    fn response(&self) -> HttpResponse {
        match self {
            Fault::SignIn(next) if next == "/" => see_other("/signin"),
            Fault::SignIn(next) => {
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                see_other(&format!("/signin?next={next}"))
            }
            Fault::GoTo(path) => see_other(path),
            Fault::Ended => guarded(StatusCode::UNAUTHORIZED).finish(),
            Fault::Confirm(page) => guarded(StatusCode::FORBIDDEN)
                .content_type("text/html; charset=utf-8")
                .body(page.clone()),
            Fault::Error(error) => error_page(status(error.kind()), sentence(error)),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl ResponseError for Fault {
    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

/// The page for an address that nothing stands behind.
pub async fn not_found() -> HttpResponse {
    error_page(
        StatusCode::NOT_FOUND,
        "Check the address, or start again from the overview.".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;

    use super::*;
    use crate::error::Kind;

    fn text(fault: Fault) -> (StatusCode, String) {
        let response = fault.response();
        let status = response.status();
        let body = response.into_body().try_into_bytes().unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn a_defect_of_ours_is_shown_by_reference_only() {
        let (status, text) = text(Error::internal("secret detail").because("cause").into());
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(text.contains("reference"));
        assert!(!text.contains("secret detail") && !text.contains("cause"));
    }

    #[test]
    fn what_a_caller_typed_is_escaped() {
        let (status, text) = text(Error::invalid("<script>alert(1)</script>").into());
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!text.contains("<script>"));
    }

    #[test]
    fn who_is_not_signed_in_comes_back_to_the_same_page() {
        let response = Fault::SignIn("/reports?from=1&to=2".to_owned()).response();
        let location = response.headers().get("location").unwrap();
        assert_eq!(location, "/signin?next=%2Freports%3Ffrom%3D1%26to%3D2");
    }

    #[test]
    fn a_foreign_thing_and_an_absent_one_look_the_same() {
        let absent = text(Error::new(Kind::NotFound, "There is no such campaign.").into());
        let foreign = text(
            "zzzzzzz!"
                .parse::<crate::model::id::CampaignId>()
                .unwrap_err()
                .into(),
        );
        assert_eq!(absent, foreign);
    }
}
