//! The console: what members of an account see and change in their browser, as
//! pages that work without script. Every room is one file with the noun of its
//! templates. No SQL, no key bytes, no figures worked out here.

mod account;
mod account_end;
mod alert;
mod around;
pub(super) mod asset;
mod audit;
mod audit_csv;
mod calendar;
mod campaign;
mod campaign_form;
#[cfg(test)]
mod campaign_form_tests;
mod certificate;
mod chart;
mod confirm;
mod conversion;
mod conversion_csv;
mod conversion_row;
mod document;
mod end_notice;
pub(super) mod fault;
pub(super) mod form;
mod join;
mod kit;
mod member;
mod operator;
mod operator_account;
mod operator_health;
mod operator_way;
pub(super) mod origin;
mod overview;
mod overview_content;
mod own_data;
mod own_sign_in;
pub(super) mod page;
mod password;
mod privacy;
mod privacy_request;
mod publisher;
mod report;
mod report_query;
mod report_table;
mod retention;
mod second_factor;
mod set_up;
mod sign_in;
mod site;
mod snippet;
mod support;
mod token;
pub(super) mod visit;
mod wording;

use super::route::Routes;
use crate::access::sign_in::Door;
use crate::model::action::Action;

pub use fault::not_found;

/// What the console keeps while the server runs.
#[derive(Debug, Default)]
pub struct Console {
    /// Where members sign in.
    door: Door,
}

impl Console {
    /// Where passwords are looked at.
    pub fn door(&self) -> &Door {
        &self.door
    }
}

pub fn routes(routes: &mut Routes) {
    routes.get(Action::ReadAsset, "/assets/{hash}/{name}", asset::read);
    routes.get(Action::SetUp, "/setup", set_up::show);
    routes.post(Action::SetUp, "/setup", set_up::create);
    routes.get(Action::SignIn, "/signin", sign_in::show);
    routes.post(Action::SignIn, "/signin", sign_in::enter);
    routes.post(Action::SignIn, "/signin/code", sign_in::enter_code);
    routes.post(Action::SignOut, "/signout", sign_in::leave);
    routes.post(Action::Confirm, "/confirm", confirm::enter);
    routes.get(Action::ReadSelf, "/you", own_sign_in::show);
    routes.post(Action::ChangeSelf, "/you/sessions", own_sign_in::end);
    routes.get(Action::ReadSelf, "/you/data", own_data::show);
    routes.post(Action::ReadSelf, "/you/data/copy", own_data::copy);
    routes.post(Action::ChangeSelf, "/you/data/email", own_data::correct);
    routes.post(Action::ChangeSelf, "/you/data/erase", own_data::erase);
    routes.get(Action::ReadSelf, "/you/password", password::edit);
    routes.post(Action::ChangeSelf, "/you/password", password::update);
    routes.get(Action::ChangeSelf, visit::ENROL, second_factor::offer);
    routes.post(Action::ChangeSelf, visit::ENROL, second_factor::turn_on);
    routes.post(
        Action::ChangeSelf,
        "/you/second-factor/off",
        second_factor::turn_off,
    );
    routes.post(
        Action::ChangeSelf,
        "/you/second-factor/codes",
        second_factor::renew_codes,
    );
    routes.get(Action::Join, "/join", join::show);
    routes.post(Action::Join, "/join", join::accept);
    routes.get(Action::ReadOverview, "/", overview::show);
    routes.get(
        Action::ReadOverview,
        visit::FRAGMENT,
        overview::show_fragment,
    );
    routes.get(Action::ReadSites, "/sites", site::list);
    routes.get(Action::ChangeSite, "/sites/new", site::new);
    routes.post(Action::ChangeSite, "/sites/new", site::create);
    routes.get(Action::ReadSites, "/sites/{id}", site::edit);
    routes.post(Action::ChangeSite, "/sites/{id}", site::update);
    routes.get(Action::ReadCampaigns, "/campaigns", campaign::list);
    routes.get(Action::ChangeCampaign, "/campaigns/new", campaign::new);
    routes.post(Action::ChangeCampaign, "/campaigns/new", campaign::create);
    routes.get(Action::ReadCampaigns, "/campaigns/{id}", campaign::edit);
    routes.post(Action::ChangeCampaign, "/campaigns/{id}", campaign::update);
    routes.get(Action::ReadPublishers, "/publishers", publisher::list);
    routes.get(Action::ChangePublisher, "/publishers/new", publisher::new);
    routes.post(
        Action::ChangePublisher,
        "/publishers/new",
        publisher::create,
    );
    routes.get(Action::ReadPublishers, "/publishers/{id}", publisher::edit);
    routes.post(
        Action::ChangePublisher,
        "/publishers/{id}",
        publisher::update,
    );
    routes.get(Action::ReadCampaigns, "/snippets", snippet::show);
    routes.get(Action::ReadConversions, "/conversions", conversion::list);
    routes.post(
        Action::ChangeConversion,
        "/conversions/{id}",
        conversion::decide,
    );
    let manage = Action::ManagePrivacy;
    routes.get(manage, "/requests", privacy::list);
    routes.post(manage, "/requests", privacy::create);
    routes.get(manage, "/requests/{id}", privacy_request::show);
    routes.post(manage, "/requests/{id}", privacy_request::update);
    routes.post(manage, "/requests/{id}/export", privacy_request::export);
    routes.get(manage, "/requests/{id}/{name}", privacy_request::receipt);
    routes.get(
        Action::ReadConversions,
        "/conversions.csv",
        conversion_csv::download,
    );
    routes.get(Action::ReadReport, "/reports", report::show);
    routes.get(Action::ReadReport, "/reports.csv", report::download);
    let documents = "/documents";
    routes.get(Action::ReadDocuments, documents, document::list);
    routes.post(Action::ChangeDocuments, documents, document::update);
    routes.get(Action::ReadDocuments, "/documents/{name}", document::show);
    routes.get(
        Action::ReadDocuments,
        "/documents/{name}/{file}",
        document::download,
    );
    routes.get(Action::ReadRetention, "/retention", retention::show);
    routes.post(Action::ChangeRetention, "/retention", retention::update);
    routes.get(Action::ReadAudit, "/audit", audit::list);
    routes.get(Action::ReadAudit, "/audit.csv", audit_csv::download);
    routes.get(Action::ReadAudit, "/audit/checkpoint", audit::checkpoint);
    routes.get(Action::ReadMembers, "/members", member::list);
    routes.post(Action::ChangeMembers, "/members", member::invite);
    routes.post(
        Action::ChangeMembers,
        "/members/{id}/role",
        member::change_role,
    );
    routes.post(
        Action::ChangeMembers,
        "/members/{id}/reset",
        member::let_back_in,
    );
    routes.post(
        Action::ChangeMembers,
        "/members/{id}/remove",
        member::remove,
    );
    routes.post(
        Action::ChangeMembers,
        "/invites/{id}/revoke",
        member::revoke_invite,
    );
    routes.post(
        Action::ConfirmLink,
        "/invites/{id}/confirm",
        member::confirm_invite,
    );
    routes.get(Action::ReadTokens, "/tokens", token::list);
    routes.post(Action::CreateToken, "/tokens", token::create);
    routes.post(Action::RevokeToken, "/tokens/{id}/revoke", token::revoke);
    routes.get(Action::ReadGrants, "/support", support::show);
    routes.post(Action::GiveGrant, "/support", support::give);
    routes.post(Action::RevokeGrant, "/support/revoke", support::revoke);
    routes.post(Action::ChangeSelf, "/told", support::acknowledge);
    let see = Action::ReadInstance;
    routes.get(see, "/operator", operator::show);
    routes.get(see, "/operator/audit", audit::list_of_instance);
    routes.get(see, "/operator/audit.csv", audit_csv::download_of_instance);
    routes.get(
        see,
        "/operator/audit/checkpoint",
        audit::checkpoint_of_instance,
    );
    routes.get(see, "/operator/kit", kit::offer);
    routes.post(Action::ShowKit, "/operator/kit", kit::show);
    routes.post(
        Action::CreateAccount,
        "/operator/accounts",
        operator::create,
    );
    let account = "/operator/accounts/{id}";
    routes.get(Action::ReadInstance, account, operator_account::show);
    routes.post(
        Action::LabelAccount,
        "/operator/accounts/{id}/label",
        operator_account::label,
    );
    routes.post(
        Action::SuspendAccount,
        "/operator/accounts/{id}/suspend",
        operator_account::suspend,
    );
    routes.post(
        Action::ExpireAccount,
        "/operator/accounts/{id}/expire",
        operator_account::expire,
    );
    routes.post(
        Action::ReinstateAccount,
        "/operator/accounts/{id}/reinstate",
        operator_account::reinstate,
    );
    routes.post(
        Action::CreateAccount,
        "/operator/accounts/{id}/owner",
        operator_account::invite_owner,
    );
    routes.get(Action::ReadInstance, "/operator/way", operator_way::show);
    routes.post(Action::ChangeWay, "/operator/way", operator_way::change);
    routes.post(
        Action::EnterAccount,
        "/operator/accounts/{id}/enter",
        operator::enter,
    );
    routes.post(Action::LeaveAccount, "/operator/leave", operator::leave);
    routes.get(Action::ReadAccount, "/account", account::show);
    routes.post(Action::ChangeAccount, "/account", account::update);
    routes.post(
        Action::ChangeAccount,
        "/account/rates",
        account::update_rate,
    );
    routes.post(
        Action::ChangeAccount,
        "/account/server-to-server",
        account::update_server_to_server,
    );
    routes.post(
        Action::ChangeMembers,
        "/account/second-factor",
        account::update_second_factor,
    );
    routes.get(Action::ReadAccount, "/account/end", account_end::show);
    routes.post(
        Action::ExportAccount,
        "/account/export",
        account_end::export,
    );
    routes.post(
        Action::ConfirmEnd,
        "/account/end/read",
        account_end::confirm,
    );
    routes.post(manage, "/unlock", privacy::unlock);
    routes.get(
        Action::ReadInstance,
        "/operator/certificates",
        certificate::list,
    );
    routes.post(
        Action::ChangeInstance,
        "/operator/snapshots",
        certificate::update_snapshots,
    );
    routes.get(
        Action::ReadInstance,
        "/operator/certificates/{id}/{name}",
        certificate::download,
    );
    routes.post(Action::EndAccount, "/account/delete", account_end::delete);
    routes.post(
        Action::EndAccount,
        "/account/delete/cancel",
        account_end::cancel,
    );
}
