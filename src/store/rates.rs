//! Exchange rates entered later: what waited for one is converted and counted.

use rusqlite::Connection;

use super::Store;
use crate::error::Result;
use crate::model::account::AccountSettings;
use crate::model::campaign::Goal;
use crate::model::conversion::{Amounts, ConversionBody};
use crate::model::id::AccountId;
use crate::model::reason::Note;

impl Store {
    pub(super) fn convert_waiting(
        &self,
        connection: &Connection,
        account: AccountId,
        settings: &AccountSettings,
    ) -> Result<()> {
        let catalog = self.catalog();
        for mut stored in self.waiting_conversions(connection, account)? {
            let before = stored.conversion.body.clone();
            let body = &mut stored.conversion.body;
            let goal = catalog.campaigns.get(&body.campaign).and_then(|campaign| {
                campaign
                    .settings
                    .goals
                    .iter()
                    .find(|goal| goal.id == body.goal)
            });
            if let Some(goal) = goal
                && convert(body, goal, settings)
            {
                self.rewrite_conversion(connection, &stored, &before)?;
            }
        }
        Ok(())
    }
}

/// Fills the amounts where a rate is known now; its status becomes what it would
/// have been with the rate.
fn convert(body: &mut ConversionBody, goal: &Goal, settings: &AccountSettings) -> bool {
    let rate = settings.rates.get(body.currency.code());
    let Some(sale_minor) =
        rate.and_then(|rate| rate.convert(body.original_minor, body.currency, settings.currency))
    else {
        return false;
    };
    body.amounts = Some(Amounts {
        sale_minor,
        revenue_minor: goal.revenue.amount(sale_minor),
        payout_minor: goal.payout.amount(sale_minor),
    });
    body.notes.remove(Note::RateMissing);
    if let Some(status) = body.status_with_rate.take() {
        body.status = status;
    }
    true
}
