//! The API, version 1: everything a program may do for an account, with a token in
//! the header. JSON in, JSON out, problem details for every refusal. Never in here:
//! a rule of the product, a page, or another account's anything.

pub(in crate::web) mod account;
mod account_end;
mod audit;
mod caller;
pub(in crate::web) mod campaign;
mod conversion;
pub(in crate::web) mod conversion_view;
mod document;
mod fields;
mod goal;
mod intake;
mod member;
pub(in crate::web) mod period;
mod privacy;
pub(in crate::web) mod publisher;
mod query;
mod receipt;
mod report;
pub(in crate::web) mod retention;
pub(in crate::web) mod site;
mod token;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::problem::Problem;
use super::route::Routes;
use crate::model::action::Action;

/// Where every path of the API begins; errors below it are problem details.
pub const ROOT: &str = "/api/";

pub fn routes(routes: &mut Routes) {
    use Action::*;
    routes.get(ReadSites, "/api/v1/sites", site::list);
    routes.post(ChangeSite, "/api/v1/sites", site::create);
    routes.get(ReadSites, "/api/v1/sites/{id}", site::read);
    routes.patch(ChangeSite, "/api/v1/sites/{id}", site::update);
    routes.get(ReadCampaigns, "/api/v1/campaigns", campaign::list);
    routes.post(ChangeCampaign, "/api/v1/campaigns", campaign::create);
    routes.get(ReadCampaigns, "/api/v1/campaigns/{id}", campaign::read);
    routes.patch(ChangeCampaign, "/api/v1/campaigns/{id}", campaign::update);
    routes.get(
        ReadCampaigns,
        "/api/v1/campaigns/{id}/snippets",
        campaign::read_snippets,
    );
    routes.get(ReadPublishers, "/api/v1/publishers", publisher::list);
    routes.post(ChangePublisher, "/api/v1/publishers", publisher::create);
    routes.get(ReadPublishers, "/api/v1/publishers/{id}", publisher::read);
    routes.patch(
        ChangePublisher,
        "/api/v1/publishers/{id}",
        publisher::update,
    );
    routes.get(ReadConversions, "/api/v1/conversions", conversion::list);
    routes.get(
        ReadConversions,
        "/api/v1/conversions/{id}",
        conversion::read,
    );
    routes.patch(
        ChangeConversion,
        "/api/v1/conversions/{id}",
        conversion::update,
    );
    routes.get(ReadMembers, "/api/v1/members", member::list);
    routes.get(ReadMembers, "/api/v1/members/{id}", member::read);
    routes.patch(ChangeMembers, "/api/v1/members/{id}", member::update);
    routes.delete(ChangeMembers, "/api/v1/members/{id}", member::remove);
    routes.get(ReadMembers, "/api/v1/invites", member::list_invites);
    routes.post(ChangeMembers, "/api/v1/invites", member::invite);
    routes.delete(ChangeMembers, "/api/v1/invites/{id}", member::revoke_invite);
    routes.get(ReadTokens, "/api/v1/tokens", token::list);
    routes.post(CreateToken, "/api/v1/tokens", token::create);
    routes.delete(RevokeToken, "/api/v1/tokens/{id}", token::revoke);
    routes.get(ReadAccount, "/api/v1/account", account::read);
    routes.patch(ChangeAccount, "/api/v1/account", account::update);
    routes.get(ReadDocuments, "/api/v1/consent-receipts", receipt::list);
    let requests = "/api/v1/privacy/requests";
    routes.get(
        ManagePrivacy,
        "/api/v1/privacy/discovery",
        privacy::discovery,
    );
    routes.get(ManagePrivacy, requests, privacy::list);
    routes.post(ManagePrivacy, requests, privacy::create);
    let request = "/api/v1/privacy/requests/{id}";
    routes.get(ManagePrivacy, request, privacy::read);
    routes.delete(ManagePrivacy, request, privacy::cancel);
    routes.get(
        ManagePrivacy,
        "/api/v1/privacy/requests/{id}/results",
        privacy::results,
    );
    routes.get(
        ManagePrivacy,
        "/api/v1/privacy/requests/{id}/receipt",
        privacy::receipt,
    );
    routes.get(ReadDocuments, "/api/v1/inventory", document::read_inventory);
    routes.get(ReadDocuments, "/api/v1/documents", document::list);
    routes.get(
        ReadDocuments,
        "/api/v1/documents/facts",
        document::read_facts,
    );
    routes.patch(
        ChangeDocuments,
        "/api/v1/documents/facts",
        document::update_facts,
    );
    routes.get(ReadDocuments, "/api/v1/documents/{name}", document::read);
    routes.get(ReadIntake, "/api/v1/intake", intake::read);
    routes.get(ReadAudit, "/api/v1/audit", audit::list);
    routes.get(ReadAudit, "/api/v1/audit/checkpoint", audit::checkpoint);
    routes.get(ReadReport, "/api/v1/report", report::read);
    routes.get(ReadRetention, "/api/v1/retention", retention::read);
    routes.patch(ChangeRetention, "/api/v1/retention", retention::update);
    routes.get(ExportAccount, "/api/v1/account/export", account_end::export);
    let deletion = "/api/v1/account/deletion";
    routes.get(ReadAccount, deletion, account_end::read_deletion);
    routes.post(EndAccount, deletion, account_end::request_deletion);
    routes.delete(EndAccount, deletion, account_end::cancel_deletion);
}

/// The answer below [`ROOT`] where there is no route.
pub fn not_found() -> HttpResponse {
    let detail = "There is nothing at this address of the API.";
    Problem::new(StatusCode::NOT_FOUND, detail).response()
}
