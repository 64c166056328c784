//! One line of the trail: a hit in all the detail that its consent allows, and
//! what became of it. Kept short, read for the hit log and for people's requests.

use crate::clock::Timestamp;
use crate::model::consent::Permits;
use crate::model::hit::{EventId, HitId, Kind, Origin, VisitorId};
use crate::model::id::{CampaignId, ConversionId, GoalId, PublisherId, SiteId};
use crate::model::personal::Personal;
use crate::model::reason::{Notes, Reason};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRow {
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
    pub referrer_host: Option<String>,
    pub source: Option<String>,
    pub creative: Option<String>,
    /// `p1`..`p10` by index 0..9; only those present, in order.
    pub params: Vec<(u8, Personal<String>)>,
    /// `sub1`..`sub15` by index 0..14; only those present, in order.
    pub subs: Vec<(u8, Personal<String>)>,
    pub url: Option<Personal<String>>,
    pub referrer: Option<Personal<String>>,
    pub visitor: Option<Personal<VisitorId>>,
    pub event: Option<EventId>,
    pub txn: Option<Personal<String>>,
    /// The conversion it became.
    pub conversion: Option<ConversionId>,
    /// Why it was not counted, where it was not.
    pub outcome: Option<Reason>,
    pub notes: Notes,
}
