//! How a member signs in: password and second factor. Whatever changes one of them
//! ends the member's sessions in the same transaction, and stands in the audit.

use super::Store;
use super::database::failed;
use crate::error::{Error, Result};
use crate::model::account::{Member, MemberProfile};
use crate::model::action::Act;
use crate::model::audit::{Detail, Subject};
use crate::model::id::MemberId;
use crate::model::second_factor::SecondFactor;

impl Store {
    /// Changes how a member signs in, and ends all their sessions. `note` says what was
    /// changed.
    pub fn change_sign_in(
        &self,
        act: Act,
        member: MemberId,
        note: &str,
        change: impl FnOnce(&mut MemberProfile) -> Result<()>,
    ) -> Result<Member> {
        let account = self.own_member(member)?.account;
        self.write_about(act, account, |transaction| {
            let changed = self.change_member(transaction, account, member, |profile| {
                change(profile)?;
                profile.epoch += 1;
                Ok(())
            })?;
            transaction
                .execute("DELETE FROM session WHERE member = ?1", [member.row()])
                .map_err(failed)?;
            let detail = Detail::of(Subject::Member(member)).with_note(note);
            Ok((changed, detail))
        })
    }

    /// Lets a code of the second factor be used up. What `spend` returns is what was
    /// used, in words; either way it stands in the audit. False: it was no code.
    pub fn spend_code(
        &self,
        act: Act,
        member: MemberId,
        spend: impl FnOnce(&mut SecondFactor) -> Option<&'static str>,
    ) -> Result<bool> {
        let account = self.own_member(member)?.account;
        self.write_about(act, account, |transaction| {
            let mut used = None;
            self.change_member(transaction, account, member, |profile| {
                used = profile.second_factor.as_mut().and_then(spend);
                Ok(())
            })?;
            let note = used.unwrap_or("a wrong code of the second factor was refused");
            let detail = Detail::of(Subject::Member(member)).with_note(note);
            Ok((used.is_some(), detail))
        })
    }

    /// Replaces a verifier by a stronger one of the same password.
    pub fn renew_verifier(&self, act: Act, member: MemberId, old: &str, new: String) -> Result<()> {
        let account = self.own_member(member)?.account;
        self.write_about(act, account, |transaction| {
            self.change_member(transaction, account, member, |profile| {
                if profile.password_hash == old {
                    profile.password_hash = new;
                }
                Ok(())
            })?;
            let note = "the password's verifier was renewed";
            Ok(((), Detail::of(Subject::Member(member)).with_note(note)))
        })
    }

    fn own_member(&self, member: MemberId) -> Result<Member> {
        self.member(member)?
            .ok_or_else(|| Error::not_found("member"))
    }
}
