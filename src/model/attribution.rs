//! Which campaign, goal and publisher a conversion belongs to. Pure: what the
//! request carried and the catalog decide; no later click ever moves it.
//!
//! In this order: the request's click id or shared token, the sealed cookie's
//! click, the coupon's publisher, an impression where the campaign allows it,
//! nobody.

use crate::clock::{DAY_MS, QUARTER_MS, Timestamp};
use crate::model::campaign::{Campaign, Goal};
use crate::model::catalog::Catalog;
use crate::model::conversion::Credit;
use crate::model::hit::{Hit, Sale, SharedTouch, Touch};
use crate::model::id::{AccountId, CampaignId, PublisherId};
use crate::model::reason::{Note, Notes, Reason};

/// How far a click may seem to lie after its conversion: the instants of hits
/// without consent are cut to the quarter of an hour.
const SLACK_MS: i64 = QUARTER_MS;

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution<'a> {
    pub campaign: &'a Campaign,
    pub goal: &'a Goal,
    pub publisher: Option<PublisherId>,
    pub credit: Credit,
    /// The click itself, where it may be joined to the conversion.
    pub click: Option<Touch>,
    pub notes: Notes,
}

/// Decides where a conversion belongs.
///
/// # Errors
/// [`Reason::CampaignUnknown`] or [`Reason::GoalUnknown`] where it belongs nowhere.
pub fn attribute<'a, T: AsRef<str>>(
    catalog: &'a Catalog,
    account: AccountId,
    hit: &Hit<T>,
    sale: &Sale<T>,
) -> Result<Attribution<'a>, Reason> {
    let mut notes = Notes::default();
    let candidate = Candidate::choose(catalog, account, hit, sale, &mut notes);
    let campaign = match (&candidate, hit.campaign) {
        (Some(candidate), _) => candidate.campaign,
        (None, Some(id)) => own(catalog, account, id).ok_or(Reason::UnknownCampaign)?,
        (None, None) => only_campaign(catalog, hit, sale)?,
    };
    let goal = goal(campaign, sale).ok_or(Reason::GoalUnknown)?;
    let mut attribution = Attribution {
        campaign,
        goal,
        publisher: None,
        credit: Credit::Unattributed,
        click: None,
        notes,
    };
    match candidate {
        Some(candidate) => {
            attribution.publisher = candidate.publisher;
            attribution.credit = candidate.credit;
            attribution.click = candidate.click;
        }
        None => credit_without_click(&mut attribution, hit, sale),
    }
    Ok(attribution)
}

/// A click that matches.
struct Candidate<'a> {
    campaign: &'a Campaign,
    publisher: Option<PublisherId>,
    credit: Credit,
    click: Option<Touch>,
}

impl<'a> Candidate<'a> {
    fn choose<T: AsRef<str>>(
        catalog: &'a Catalog,
        account: AccountId,
        hit: &Hit<T>,
        sale: &Sale<T>,
        notes: &mut Notes,
    ) -> Option<Self> {
        let fits = |touched: CampaignId, when: When| {
            let campaign = own(catalog, account, touched)?;
            fit(campaign, hit, sale, when)
        };
        let mut keep = |outcome: Option<Result<&'a Campaign, Note>>| match outcome {
            Some(Ok(campaign)) => Some(campaign),
            Some(Err(note)) => {
                notes.add(note);
                None
            }
            None => None,
        };
        if let Some(touch) = sale.click
            && let Some(campaign) = keep(fits(touch.campaign, When::At(touch.id.at())))
        {
            return Some(Candidate::of_click(campaign, touch, Credit::ClickId));
        }
        if let Some(shared) = sale.shared
            && let Some(campaign) = keep(fits(shared.campaign, When::Month(shared.month)))
        {
            return Some(Candidate::of_shared(campaign, shared));
        }
        sale.cookie_clicks.iter().find_map(|&touch| {
            // The cookie holds clicks of other campaigns by design; that is no note.
            let campaign = fits(touch.campaign, When::At(touch.id.at()))?.ok()?;
            Some(Candidate::of_click(campaign, touch, Credit::Cookie))
        })
    }

    fn of_click(campaign: &'a Campaign, touch: Touch, credit: Credit) -> Self {
        Candidate {
            campaign,
            publisher: touch.publisher,
            credit,
            click: Some(touch),
        }
    }

    fn of_shared(campaign: &'a Campaign, shared: SharedTouch) -> Self {
        Candidate {
            campaign,
            publisher: shared.publisher,
            credit: Credit::SharedToken,
            click: None,
        }
    }
}

#[derive(Clone, Copy)]
enum When {
    At(Timestamp),
    /// Some instant of this month, counted from January 1970 in UTC.
    Month(u16),
}

impl When {
    /// Whether this can lie within so many days before `at`.
    fn within(self, at: Timestamp, days: u16) -> bool {
        let (earliest, latest) = match self {
            When::At(instant) => (instant, instant),
            When::Month(month) => (month_start(month), month_start(month.saturating_add(1))),
        };
        let window = i64::from(days) * DAY_MS;
        earliest <= at.plus_ms(SLACK_MS) && latest.plus_ms(window) >= at
    }
}

/// The campaign of a touch, if this hit may belong to it; or why not.
fn fit<'a, T: AsRef<str>>(
    campaign: &'a Campaign,
    hit: &Hit<T>,
    sale: &Sale<T>,
    when: When,
) -> Option<Result<&'a Campaign, Note>> {
    let same_campaign = match (hit.campaign, hit.site) {
        (Some(named), _) => named == campaign.id,
        (None, Some(site)) => campaign.settings.site == site,
        (None, None) => true,
    };
    if !same_campaign || goal(campaign, sale).is_none() {
        return Some(Err(Note::OtherCampaign));
    }
    if when.within(hit.at, campaign.settings.attribution_days) {
        Some(Ok(campaign))
    } else {
        Some(Err(Note::OutsideWindow))
    }
}

fn credit_without_click<T>(attribution: &mut Attribution<'_>, hit: &Hit<T>, sale: &Sale<T>) {
    if let Some(publisher) = sale.coupon {
        attribution.publisher = Some(publisher);
        attribution.credit = Credit::Coupon;
        return;
    }
    let days = attribution.campaign.settings.view_through_days;
    let seen = sale.cookie_impressions.iter().find(|touch| {
        touch.campaign == attribution.campaign.id
            && days > 0
            && When::At(touch.id.at()).within(hit.at, days)
    });
    if let Some(touch) = seen {
        attribution.publisher = touch.publisher;
        attribution.credit = Credit::Impression;
    }
}

fn own(catalog: &Catalog, account: AccountId, id: CampaignId) -> Option<&Campaign> {
    catalog
        .campaigns
        .get(&id)
        .map(AsRef::as_ref)
        .filter(|campaign| campaign.account == account)
}

fn goal<'a, T: AsRef<str>>(campaign: &'a Campaign, sale: &Sale<T>) -> Option<&'a Goal> {
    match &sale.goal {
        Some(text) => campaign.settings.goal(text.as_ref()),
        None => campaign.settings.goals.first(),
    }
}

/// The site's only running campaign with that goal.
fn only_campaign<'a, T: AsRef<str>>(
    catalog: &'a Catalog,
    hit: &Hit<T>,
    sale: &Sale<T>,
) -> Result<&'a Campaign, Reason> {
    let site = hit.site.ok_or(Reason::CampaignUnknown)?;
    let mut with_goal = catalog
        .campaigns_of(site)
        .filter(|campaign| campaign.settings.is_running() && goal(campaign, sale).is_some());
    match (with_goal.next(), with_goal.next()) {
        (Some(only), None) => Ok(only.as_ref()),
        _ => Err(Reason::CampaignUnknown),
    }
}

fn month_start(month: u16) -> Timestamp {
    let year = 1970 + (month / 12) as i16;
    let date = jiff::civil::Date::new(year, (month % 12 + 1) as i8, 1).unwrap_or_default();
    date.to_zoned(jiff::tz::TimeZone::UTC)
        .map(|start| Timestamp::from_millis(start.timestamp().as_millisecond()))
        .unwrap_or_default()
}
