//! The page on which visitors see to their own data, without a sign-in and without
//! script: what is held of this browser, a copy of it, correction, objection, deletion.
//! Whoever cannot be recognised learns nothing.

mod answer;
mod gate;
mod page;
mod subject;

use super::route::Routes;
use crate::model::action::Action;

pub use gate::Gate;

/// Where the page stands.
pub const PATH: &str = "/privacy";

pub fn routes(routes: &mut Routes) {
    let action = Action::SeeToOneself;
    routes.get(action, PATH, page::show);
    routes.post(action, "/privacy/find", page::find);
    routes.post(action, "/privacy/ask", answer::ask);
    routes.post(action, "/privacy/download", answer::download);
    routes.post(action, "/privacy/correct", answer::correct);
    routes.post(action, "/privacy/object", answer::object);
    routes.post(action, "/privacy/allow", answer::allow);
    routes.post(action, "/privacy/delete", answer::delete);
}
