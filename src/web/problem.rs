//! Errors as HTTP: the one table from an error's kind to a status, and the API's
//! form for them, problem details (RFC 9457). Never in here: a cause shown to a
//! caller. Causes go to the log under a reference, and the caller gets that.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::crypto::token;
use crate::error::{Error, Kind};
use crate::model::id::encode_base32;

/// The status that an error of this kind answers with.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Usage | Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::NotAllowed => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Busy | Kind::Full => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Config
        | Kind::Damaged
        | Kind::PortInUse
        | Kind::CannotWrite
        | Kind::Io
        | Kind::Held
        | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Logs an error that is ours under a new reference, and returns the sentence
/// for the reader; an error of the caller's is that sentence already.
pub fn sentence(error: &Error) -> String {
    if status(error.kind()) != StatusCode::INTERNAL_SERVER_ERROR {
        return error.message().to_owned();
    }
    let reference = encode_base32(token::random_u64(), 8);
    tracing::error!(%reference, %error, "a request failed");
    if error.kind() == Kind::Damaged {
        let what = error.message();
        return format!("{what}. The server's log tells more under reference {reference}.");
    }
    format!("Something went wrong on this server. Its log tells more under reference {reference}.")
}

/// An error answer of the API.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    allow: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Problem {
            status,
            detail: detail.into(),
            allow: None,
        }
    }

    /// 405 with the methods that the path takes, such as `GET, POST`.
    pub fn wrong_method(allow: &str) -> Self {
        Problem {
            allow: Some(allow.to_owned()),
            ..Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("This address takes {allow} only."),
            )
        }
    }

    /// The JSON of it.
    pub fn text(&self) -> String {
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }

    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"pixelkeep\""));
            }
            StatusCode::FORBIDDEN => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\""));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            _ => {}
        }
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        response
            .content_type("application/problem+json")
            .body(self.text())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Problem::new(status(error.kind()), sentence(&error))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;

    use super::*;

    fn text(problem: &Problem) -> String {
        let bytes = problem.response().into_body().try_into_bytes().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_cause_never_reaches_the_caller() {
        let problem = Problem::from(Error::internal("table x").because("disk y"));
        assert!(!text(&problem).contains("table x") && !text(&problem).contains("disk y"));
        assert!(text(&problem).contains("reference"));
    }

    #[test]
    fn a_problem_names_its_status_and_says_what_to_do() {
        let problem = Problem::from(Error::invalid("name needs a text."));
        let body: serde_json::Value = serde_json::from_str(&text(&problem)).unwrap();
        assert_eq!(body["status"], 400);
        assert_eq!(body["title"], "Bad Request");
        assert_eq!(body["detail"], "name needs a text.");
        assert_eq!(body["type"], "about:blank");
    }

    #[test]
    fn who_did_not_say_who_they_are_is_asked() {
        let response = Problem::from(Error::new(Kind::Unauthenticated, "Send a token.")).response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().contains_key(WWW_AUTHENTICATE));
    }
}
