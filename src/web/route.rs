//! The one way to add a route: with the action it performs. A method that a path
//! does not know is answered 405 with `Allow`.

use std::collections::BTreeMap;
use std::rc::Rc;

use actix_web::http::{Method, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Handler, HttpRequest, HttpResponse, Resource, Responder, guard};

use super::collect::{BODY_MAX, Call, Direct, Station};
use super::lane::Address;
use super::problem::Problem;
use super::{api, collect};
use crate::model::action::Action;
use crate::model::reason::Reason;

/// One route of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub method: Method,
    pub path: &'static str,
    pub action: Action,
}

/// Collects the routes of all rooms.
#[derive(Default)]
pub struct Routes {
    declared: Vec<Declared>,
    /// With whether its address has a place for any text.
    resources: Vec<(bool, Resource)>,
    lane: Vec<Address>,
}

macro_rules! method {
    ($name:ident, $method:ident) => {
        pub fn $name<F, Args>(&mut self, action: Action, path: &'static str, handler: F)
        where
            F: Handler<Args>,
            Args: actix_web::FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.add(Method::$method, action, path, handler);
        }
    };
}

impl Routes {
    method!(get, GET);
    method!(head, HEAD);
    method!(post, POST);
    method!(put, PUT);
    method!(patch, PATCH);
    method!(delete, DELETE);
    method!(options, OPTIONS);

    fn add<F, Args>(&mut self, method: Method, action: Action, path: &'static str, handler: F)
    where
        F: Handler<Args>,
        Args: actix_web::FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let resource = web::resource(path)
            .guard(guard::Method(method.clone()))
            .app_data(action)
            .to(handler);
        self.resources.push((path.contains('{'), resource));
        self.declared.push(Declared {
            method,
            path,
            action,
        });
    }

    /// An address so much asked for that plain requests to it are answered on the fast
    /// lane. The router knows it all the same.
    pub fn direct(&mut self, method: Method, action: Action, path: &'static str, answer: Direct) {
        let known = [("GET", Method::GET), ("POST", Method::POST)];
        let named = known.iter().find(|(_, known)| *known == method);
        if let Some(&(method, _)) = named {
            self.lane.push(Address {
                method,
                path,
                answer,
            });
        }
        self.add(method, action, path, move |request, body| {
            by_router(answer, request, body)
        });
    }

    /// What is answered on the fast lane.
    pub fn lane(&self) -> &[Address] {
        &self.lane
    }

    /// Every route, for tests that walk them all.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// Hands the routes to the server.
    pub fn install(mut self, config: &mut ServiceConfig) {
        // An address that is written out is compared faster than one with a place in it
        // is matched, and the router asks one after the other. The order among addresses
        // of one kind stays; of two kinds, one that is written out is meant.
        self.resources.sort_by_key(|(has_place, _)| *has_place);
        let mut allowed: BTreeMap<&'static str, Vec<Method>> = BTreeMap::new();
        for route in &self.declared {
            allowed
                .entry(route.path)
                .or_default()
                .push(route.method.clone());
        }
        for (_, resource) in self.resources {
            config.service(resource);
        }
        for (path, methods) in allowed {
            let allow = methods
                .iter()
                .map(Method::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            config.service(web::resource(path).to(move |request: HttpRequest| {
                let allow = allow.clone();
                collect::count_wrong_method(&request);
                async move {
                    if path.starts_with(api::ROOT) {
                        return Problem::wrong_method(&allow).response();
                    }
                    HttpResponse::MethodNotAllowed()
                        .insert_header((header::ALLOW, allow))
                        .insert_header(("X-Pixelkeep", "rejected; bad_method"))
                        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                        .content_type("text/plain; charset=utf-8")
                        .body("This address does not take that method.\n")
                }
            }));
        }
    }
}

/// A request that came by way of the router to what needs none.
async fn by_router(answer: Direct, request: HttpRequest, body: web::Payload) -> HttpResponse {
    let Some(station) = request.app_data::<Rc<Station>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    let body = match body.to_bytes_limited(BODY_MAX).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Reason::BadJson),
        Err(_) => Err(Reason::TooLarge),
    };
    let read = body
        .as_ref()
        .map(|body| &body[..])
        .map_err(|reason| *reason);
    let answering = {
        let call = Call::of(request.head(), read).read(station);
        answer(station, &call).start(station)
    };
    answering.answer().await.into()
}
