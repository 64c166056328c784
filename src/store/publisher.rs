//! Publishers and their coupon codes.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Store, row};
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::account::{Publisher, PublisherSettings};
use crate::model::action::Act;
use crate::model::id::{AccountId, PublisherId};

impl Store {
    /// # Errors
    /// [`Kind::Conflict`] where another publisher holds one of the coupon codes.
    pub fn create_publisher(
        &self,
        act: Act,
        account: AccountId,
        settings: PublisherSettings,
    ) -> Result<Arc<Publisher>> {
        let id = self.write_catalog(act, account, |transaction| {
            let random = || PublisherId::from_random(token::random_u64()).row();
            let id = row::free_id(transaction, "publisher", random)?;
            self.check_coupons(account, PublisherId::from_row(id), &settings)?;
            self.put_row(transaction, "publisher", account, id, &settings)?;
            Ok(PublisherId::from_row(id))
        })?;
        self.publisher(account, id)
    }

    pub fn update_publisher(
        &self,
        act: Act,
        account: AccountId,
        id: PublisherId,
        change: impl FnOnce(&mut PublisherSettings) -> Result<()>,
    ) -> Result<Arc<Publisher>> {
        self.write_catalog(act, account, |transaction| {
            let mut settings = self.publisher(account, id)?.settings.clone();
            change(&mut settings)?;
            self.check_coupons(account, id, &settings)?;
            self.put_row(transaction, "publisher", account, id.row(), &settings)
        })?;
        self.publisher(account, id)
    }

    fn publisher(&self, account: AccountId, id: PublisherId) -> Result<Arc<Publisher>> {
        let catalog = self.catalog();
        let publisher = catalog
            .publishers
            .get(&id)
            .filter(|publisher| publisher.account == account);
        publisher
            .cloned()
            .ok_or_else(|| Error::not_found("publisher"))
    }

    fn check_coupons(
        &self,
        account: AccountId,
        id: PublisherId,
        settings: &PublisherSettings,
    ) -> Result<()> {
        let catalog = self.catalog();
        let taken = settings.coupon_codes.iter().find(|code| {
            catalog
                .coupon(account, code)
                .is_some_and(|holder| holder != id)
        });
        match taken {
            Some(code) => Err(Error::new(
                Kind::Conflict,
                format!("Another publisher holds the coupon code {code}."),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn load_publishers(&self, connection: &Connection) -> Result<Vec<Publisher>> {
        self.load_rows(connection, "publisher", |stored, sealer| {
            Ok(Publisher {
                id: PublisherId::from_row(stored.id),
                account: stored.account,
                settings: row::open(sealer, "publisher", stored.id, &stored.body)?,
            })
        })
    }
}
