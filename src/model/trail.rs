//! One line of the trail: a hit in all the detail that its consent allows, and
//! what became of it. Kept short, read for the hit log and for people's requests. Its
//! texts are of a type `T`, as a hit's are.

use crate::clock::Timestamp;
use crate::model::consent::Permits;
use crate::model::hit::{EventId, HitId, Kind, Origin, VisitorId};
use crate::model::id::{CampaignId, ConversionId, GoalId, PublisherId, SiteId};
use crate::model::personal::Personal;
use crate::model::reason::{Notes, Reason};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRow<T = String> {
    pub id: HitId,
    pub at: Timestamp,
    pub kind: Kind,
    pub permits: Permits,
    pub site: Option<SiteId>,
    pub campaign: Option<CampaignId>,
    pub publisher: Option<PublisherId>,
    pub goal: Option<GoalId>,
    pub landing: Option<u8>,
    pub origin: Origin,
    pub referrer_host: Option<T>,
    pub source: Option<T>,
    pub creative: Option<T>,
    /// `p1`..`p10` by index 0..9; only those present, in order.
    pub params: Vec<(u8, Personal<T>)>,
    /// `sub1`..`sub15` by index 0..14; only those present, in order.
    pub subs: Vec<(u8, Personal<T>)>,
    pub url: Option<Personal<T>>,
    pub referrer: Option<Personal<T>>,
    pub visitor: Option<Personal<VisitorId>>,
    pub event: Option<EventId>,
    pub txn: Option<Personal<T>>,
    /// The conversion it became.
    pub conversion: Option<ConversionId>,
    /// Why it was not counted, where it was not.
    pub outcome: Option<Reason>,
    pub notes: Notes,
}

impl TrailRow {
    /// The same row with texts that lie in this one.
    pub fn borrowed(&self) -> TrailRow<&str> {
        TrailRow {
            id: self.id,
            at: self.at,
            kind: self.kind,
            permits: self.permits,
            site: self.site,
            campaign: self.campaign,
            publisher: self.publisher,
            goal: self.goal,
            landing: self.landing,
            origin: self.origin,
            referrer_host: self.referrer_host.as_deref(),
            source: self.source.as_deref(),
            creative: self.creative.as_deref(),
            params: borrowed(&self.params),
            subs: borrowed(&self.subs),
            url: self.url.as_ref().map(Personal::borrowed),
            referrer: self.referrer.as_ref().map(Personal::borrowed),
            visitor: self.visitor.clone(),
            event: self.event,
            txn: self.txn.as_ref().map(Personal::borrowed),
            conversion: self.conversion,
            outcome: self.outcome,
            notes: self.notes,
        }
    }
}

fn borrowed(texts: &[(u8, Personal<String>)]) -> Vec<(u8, Personal<&str>)> {
    let texts = texts.iter();
    texts
        .map(|(index, text)| (*index, text.borrowed()))
        .collect()
}
