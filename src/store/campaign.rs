//! Campaigns, their goals with them.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Store, row};
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::action::Act;
use crate::model::campaign::{Campaign, CampaignSettings};
use crate::model::catalog::Catalog;
use crate::model::id::{AccountId, CampaignId};

impl Store {
    /// # Errors
    /// [`crate::error::Kind::NotFound`] where the site is not the account's.
    pub fn create_campaign(
        &self,
        act: Act,
        account: AccountId,
        settings: CampaignSettings,
    ) -> Result<Arc<Campaign>> {
        let id = self.write_catalog(act, account, |transaction| {
            check(&self.catalog(), account, &settings)?;
            let random = || CampaignId::from_random(token::random_u64()).row();
            let id = row::free_id(transaction, "campaign", random)?;
            self.put_row(transaction, "campaign", account, id, &settings)?;
            Ok(CampaignId::from_row(id))
        })?;
        self.campaign(account, id)
    }

    pub fn update_campaign(
        &self,
        act: Act,
        account: AccountId,
        id: CampaignId,
        change: impl FnOnce(&mut CampaignSettings) -> Result<()>,
    ) -> Result<Arc<Campaign>> {
        self.write_catalog(act, account, |transaction| {
            let mut settings = self.campaign(account, id)?.settings.clone();
            change(&mut settings)?;
            check(&self.catalog(), account, &settings)?;
            self.put_row(transaction, "campaign", account, id.row(), &settings)
        })?;
        self.campaign(account, id)
    }

    fn campaign(&self, account: AccountId, id: CampaignId) -> Result<Arc<Campaign>> {
        let catalog = self.catalog();
        let campaign = catalog
            .campaigns
            .get(&id)
            .filter(|campaign| campaign.account == account);
        campaign
            .cloned()
            .ok_or_else(|| Error::not_found("campaign"))
    }

    pub(super) fn load_campaigns(&self, connection: &Connection) -> Result<Vec<Campaign>> {
        self.load_rows(connection, "campaign", |stored, sealer| {
            Ok(Campaign {
                id: CampaignId::from_row(stored.id),
                account: stored.account,
                settings: row::open(sealer, "campaign", stored.id, &stored.body)?,
            })
        })
    }
}

fn check(catalog: &Catalog, account: AccountId, settings: &CampaignSettings) -> Result<()> {
    let site = catalog.sites.get(&settings.site);
    if site.is_none_or(|site| site.account != account) {
        return Err(Error::not_found("site"));
    }
    settings.check()
}
