//! Whether the recovery kit may be shown in the console: once, soon after set-up, and
//! with an entry in the instance's log. The words themselves are not the store's.

use super::{AuditQuery, Store};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Actor};
use crate::model::id::AccountId;
use crate::model::instance::Kit;

impl Store {
    /// Whether the kit is shown now.
    pub fn kit(&self, now: Timestamp) -> Result<Kit> {
        let shown_at = self.instance_settings()?.kit_shown_at;
        Ok(Kit::of(self.set_up_at()?, shown_at, now))
    }

    /// When somebody used the one-time set-up address, as the instance's log has it.
    fn set_up_at(&self) -> Result<Option<Timestamp>> {
        let query = AuditQuery {
            actor: Some(Actor::SetUp.word().to_owned()),
            limit: 1,
            ..AuditQuery::default()
        };
        let (entries, _) = self.audit_entries(AccountId::INSTANCE, &query)?;
        Ok(entries.first().map(|entry| entry.at))
    }

    /// Uses up the one time that the kit is shown.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where it was shown, or set-up is too long ago.
    pub fn take_kit(&self, act: Act) -> Result<()> {
        let set_up_at = self.set_up_at()?;
        self.update_instance(act, |instance| {
            let kit = Kit::of(set_up_at, instance.kit_shown_at, act.at);
            if !matches!(kit, Kit::Open(_)) {
                return Err(Error::new(
                    Kind::Conflict,
                    "The recovery kit is shown here once, within a day of set-up. Print it at the \
                     shell of the server: pixelkeep key kit.",
                ));
            }
            instance.kit_shown_at = Some(act.at);
            Ok(())
        })
    }
}
