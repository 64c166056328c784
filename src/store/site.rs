//! Sites.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Store, row};
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::{Site, SiteSettings};
use crate::model::action::Act;
use crate::model::consent::Chosen;
use crate::model::id::{AccountId, SiteId, SiteKey};

impl Store {
    pub fn create_site(
        &self,
        act: Act,
        account: AccountId,
        name: String,
        hosts: Vec<String>,
        chosen: impl Into<Chosen>,
    ) -> Result<Arc<Site>> {
        let chosen = chosen.into();
        let settings = SiteSettings {
            name,
            key: SiteKey::from_random(token::random_u64()),
            hosts,
            posture: chosen.posture,
            declaration: chosen.declaration,
        };
        settings.check_declared()?;
        let id = self.write_catalog(act, account, |transaction| {
            let random = || SiteId::from_random(token::random_u64()).row();
            let id = row::free_id(transaction, "site", random)?;
            self.put_row(transaction, "site", account, id, &settings)?;
            Ok(SiteId::from_row(id))
        })?;
        self.site(account, id)
    }

    pub fn update_site(
        &self,
        act: Act,
        account: AccountId,
        id: SiteId,
        change: impl FnOnce(&mut SiteSettings) -> Result<()>,
    ) -> Result<Arc<Site>> {
        self.write_catalog(act, account, |transaction| {
            let mut settings = self.site(account, id)?.settings.clone();
            change(&mut settings)?;
            settings.check_declared()?;
            self.put_row(transaction, "site", account, id.row(), &settings)
        })?;
        self.site(account, id)
    }

    fn site(&self, account: AccountId, id: SiteId) -> Result<Arc<Site>> {
        let catalog = self.catalog();
        let site = catalog
            .sites
            .get(&id)
            .filter(|site| site.account == account);
        site.cloned().ok_or_else(|| Error::not_found("site"))
    }

    pub(super) fn load_sites(&self, connection: &Connection) -> Result<Vec<Site>> {
        self.load_rows(connection, "site", |stored, sealer| {
            Ok(Site {
                id: SiteId::from_row(stored.id),
                account: stored.account,
                settings: row::open(sealer, "site", stored.id, &stored.body)?,
            })
        })
    }
}
