//! How the account is set up, as the API shows it, its people, and its documents.

use std::io::Write;

use serde_json::{Value, json};

use super::Whole;
use super::archive::Archive;
use crate::error::Result;
use crate::model::document::{Document, Kind};
use crate::web::{api, document};

pub fn write(whole: &Whole<'_>, archive: &mut Archive<impl Write>) -> Result<()> {
    let (catalog, account) = (&whole.catalog, whole.account.id);
    let own = api::account::View::of(&whole.account, whole.now);
    archive.json("settings/account.json", &own)?;
    archive.json("settings/sites.json", &api::site::all(catalog, account))?;
    let campaigns = api::campaign::all(catalog, account);
    archive.json("settings/campaigns.json", &campaigns)?;
    let publishers = api::publisher::all(catalog, account);
    archive.json("settings/publishers.json", &publishers)?;
    archive.json("settings/members.json", &members(whole)?)?;
    archive.json("settings/tokens.json", &tokens(whole)?)?;
    let retention = whole.store.retention(account)?;
    archive.json(
        "settings/retention.json",
        &api::retention::rules(&retention),
    )?;
    documents(whole, archive)
}

fn members(whole: &Whole<'_>) -> Result<Vec<Value>> {
    let members = whole.store.members(whole.account.id)?;
    let shown = members.iter().map(|member| {
        let role = member.profile.role;
        json!({
            "id": member.id, "email": member.profile.email, "role": role.word(),
            "publisher": role.publisher(),
            "second_factor": member.profile.second_factor.is_some(),
        })
    });
    Ok(shown.collect())
}

fn tokens(whole: &Whole<'_>) -> Result<Vec<Value>> {
    let tokens = whole.store.tokens(whole.account.id)?;
    let shown = tokens.iter().map(|token| {
        json!({
            "id": token.id, "scope": token.scope, "created_at": token.created_at.to_string(),
            "expires_at": token.expires_at.map(|at| at.to_string()),
        })
    });
    Ok(shown.collect())
}

fn documents(whole: &Whole<'_>, archive: &mut Archive<impl Write>) -> Result<()> {
    let facts = document::facts(whole.store, &whole.catalog, whole.account.id, whole.now)?;
    for kind in Kind::ALL {
        let name = format!("documents/{}.json", kind.name());
        archive.json(&name, &Document::write(kind, &facts))?;
    }
    Ok(())
}
