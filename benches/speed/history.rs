//! A store that holds many hits already. It is made once, through the product's own
//! code (rows collapsed, encoded, sealed and committed as settling does it, a day at a
//! time), kept, and copied for whoever changes it. Tallies and conversions reach back
//! twelve months; the trail as far as it is kept by default.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pixelkeep::clock::Clock;
use pixelkeep::model::conversion::{Amounts, Conversion, ConversionBody, Credit, Status};
use pixelkeep::model::hit::{EventId, HitId, Kind, VisitorId};
use pixelkeep::model::id::ConversionId;
use pixelkeep::model::money::Currency;
use pixelkeep::model::personal::Personal;
use pixelkeep::model::reason::Notes;
use pixelkeep::model::tally::{Dimensions, Measures, TallyRow};
use pixelkeep::model::trail::TrailRow;
use pixelkeep::segment::{Class, encode_counted, encode_tally, encode_trail};
use pixelkeep::store::{AccountBatch, DataFolder, NewConversion, Settled, Store};

use crate::Outcome;
use crate::made::{self, Made, Sale};
use crate::tracker::{Setting, Tracker};

/// Another number where what is made changes, so that no older store is taken for it.
const MADE_AS: u32 = 4;
pub const DAYS: u32 = 365;
/// Days of the trail that are kept by default.
const TRAIL_DAYS: u32 = 90;

/// Where the store lies, and what is in it.
pub struct History {
    folder: PathBuf,
    pub setting: Setting,
    pub hits: u64,
    /// The first UTC day.
    pub first_day: u32,
}

impl History {
    /// Finds the store of this size, or makes it.
    pub fn prepare(beside: &Path, hits: u64) -> Outcome<History> {
        let folder = beside.join(format!("store-{MADE_AS}-{hits}"));
        let done = folder.join("setting.json");
        if let Ok(text) = std::fs::read(&done) {
            let (setting, first_day) = serde_json::from_slice(&text)?;
            return Ok(History {
                folder,
                setting,
                hits,
                first_day,
            });
        }
        // What an interrupted start has left.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let begun = Instant::now();
        let setting = Tracker::set_up(&folder.join("data"))?;
        let history = History {
            first_day: Clock::System.now().utc_day() - DAYS,
            folder,
            setting,
            hits,
        };
        history.write()?;
        std::fs::write(
            done,
            serde_json::to_vec(&(&history.setting, history.first_day))?,
        )?;
        println!(
            "a store of {hits} hits made in {:.0} s",
            begun.elapsed().as_secs_f64()
        );
        Ok(history)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A copy that may be changed; it goes with the folder.
    pub fn copy(&self) -> Outcome<tempfile::TempDir> {
        let parent = self.folder.parent().ok_or("the store has no place")?;
        let copy = tempfile::tempdir_in(parent)?;
        for entry in std::fs::read_dir(self.data())? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
            }
        }
        Ok(copy)
    }

    /// The days, oldest first, with the number of their first hit and how many there are.
    pub fn days(&self) -> impl Iterator<Item = (u32, u64, u64)> {
        let (days, hits, first) = (u64::from(DAYS), self.hits, self.first_day);
        (0..days).map(move |index| {
            let from = hits * index / days;
            (first + index as u32, from, hits * (index + 1) / days - from)
        })
    }

    /// Hits of which the trail is kept.
    pub fn trail_hits(&self) -> u64 {
        let days = self.days().filter(|&(day, ..)| self.keeps_trail(day));
        days.map(|(.., count)| count).sum()
    }

    fn keeps_trail(&self, day: u32) -> bool {
        day + TRAIL_DAYS >= self.first_day + DAYS
    }

    pub fn day_text(&self, day: u32) -> String {
        let at = jiff::Timestamp::from_second(i64::from(day) * 86_400).unwrap_or_default();
        at.strftime("%Y-%m-%d").to_string()
    }

    fn write(&self) -> Outcome<()> {
        let folder = DataFolder::take(&self.data(), false)?;
        let keys = folder.keys(&Default::default())?;
        let store = Store::open(folder, keys)?;
        let (journal, position) = store.settled_position()?;
        let ids = store.keys().conversion_ids(self.setting.account)?;
        for (day, first, count) in self.days() {
            let settling = store.settling()?;
            let batch = self.day(day, first, count, || {
                let seq = settling.next_seq();
                (seq, ids.make(seq))
            })?;
            settling.commit(&Settled {
                journal: journal.unwrap_or_default(),
                position,
                accounts: [(self.setting.account, batch)].into(),
            })?;
        }
        store.close()?;
        Ok(())
    }

    fn day(
        &self,
        day: u32,
        first: u64,
        count: u64,
        next_place: impl Fn() -> (i64, ConversionId),
    ) -> Outcome<AccountBatch> {
        let trail = self.keeps_trail(day);
        let mut batch = AccountBatch::default();
        let mut tally = Vec::with_capacity(count as usize);
        let mut rows = Vec::new();
        let mut counted = Vec::new();
        for made in made::day(day, first, count) {
            tally.push(self.tally_row(&made));
            let place = made.sale.map(|sale| (sale, next_place()));
            if let Some((sale, (seq, id))) = place {
                counted.push(made.dice.clone().bytes());
                let conversion = self.conversion(&made, sale, id);
                let new = NewConversion { seq, conversion };
                batch.conversions.push(new);
            }
            if trail {
                let conversion = place.map(|(_, (_, id))| id);
                rows.push(self.trail_row(made, conversion));
            }
        }
        batch.figures.settled = count;
        let mut add = |class, encoded| batch.segments.push((class, day, encoded));
        add(Class::Tally, encode_tally(&tally)?);
        add(Class::Counted, encode_counted(counted)?);
        if trail {
            add(Class::Trail, encode_trail(&rows)?);
        }
        Ok(batch)
    }

    fn dimensions(&self, made: &Made) -> Dimensions {
        let mut dimensions = Dimensions {
            campaign: Some(self.setting.campaigns[made.campaign]),
            publisher: made.publisher.map(|index| self.setting.publishers[index]),
            goal: made.sale.map(|sale| self.goal(made, sale)),
            origin: made.origin,
            landing: (made.kind == Kind::Click && made.consents).then_some(0),
            source: made.source.map(str::to_owned),
            ..Dimensions::default()
        };
        dimensions.params[0] = made.sub_id_text();
        dimensions
    }

    fn goal(&self, made: &Made, sale: Sale) -> pixelkeep::model::id::GoalId {
        self.setting.goals[made.campaign][sale.goal]
    }

    fn tally_row(&self, made: &Made) -> TallyRow {
        TallyRow {
            quarter: made.at.quarter(),
            dimensions: self.dimensions(made),
            measures: measures(made),
        }
    }

    fn trail_row(&self, mut made: Made, conversion: Option<ConversionId>) -> TrailRow {
        let detailed = made.consents;
        let page = (detailed && matches!(made.kind, Kind::View | Kind::Conversion)).then(|| {
            let page = made.dice.roll(400);
            Personal::new(format!("https://shop.example/beans/{page}?ref=home"))
        });
        let host = ["news.example", "blog.example", "search.example"][made.dice.roll(3) as usize];
        TrailRow {
            id: HitId::new(made.at, made.dice.bytes()),
            at: made.at,
            kind: made.kind,
            permits: made.permits(),
            site: Some(self.setting.site),
            campaign: Some(self.setting.campaigns[made.campaign]),
            publisher: made.publisher.map(|index| self.setting.publishers[index]),
            goal: made.sale.map(|sale| self.goal(&made, sale)),
            landing: (made.kind == Kind::Click && detailed).then_some(0),
            origin: made.origin,
            referrer_host: Some(host.to_owned()),
            source: made.source.map(str::to_owned),
            creative: (detailed && made.kind == Kind::Impression)
                .then(|| format!("banner-{}", made.number % 12)),
            params: (made.sub_id_text().into_iter())
                .map(|text| (0, Personal::new(text)))
                .collect(),
            subs: Vec::new(),
            url: page,
            referrer: detailed.then(|| Personal::new(format!("https://{host}/"))),
            visitor: detailed.then(|| visitor(made.visitor)),
            event: (detailed && made.kind == Kind::View).then(|| EventId(made.dice.bytes())),
            txn: (detailed && made.kind == Kind::Conversion)
                .then(|| Personal::new(format!("HC-{:08}", made.number))),
            conversion,
            outcome: None,
            notes: Notes::default(),
        }
    }

    fn conversion(&self, made: &Made, sale: Sale, id: ConversionId) -> Conversion {
        let body = ConversionBody {
            at: made.at,
            campaign: self.setting.campaigns[made.campaign],
            publisher: made.publisher.map(|index| self.setting.publishers[index]),
            goal: self.goal(made, sale),
            status: match sale.status {
                Sale::APPROVED => Status::Approved,
                Sale::PENDING => Status::Pending,
                _ => Status::Rejected,
            },
            credit: Credit::Unattributed,
            amounts: Some(Amounts {
                sale_minor: sale.amount,
                revenue_minor: sale.revenue(),
                payout_minor: sale.payout(),
            }),
            status_with_rate: None,
            original_minor: sale.amount,
            currency: Currency::EUR,
            dimensions: self.dimensions(made),
            txn: (made.consents).then(|| Personal::new(format!("HC-{:08}", made.number))),
            click: None,
            subs: Vec::new(),
            notes: Notes::default(),
        };
        Conversion {
            id,
            account: self.setting.account,
            body,
        }
    }
}

fn visitor(number: u64) -> Personal<VisitorId> {
    let mut bytes = [0; 16];
    let spread = number.wrapping_mul(0x2545_f491_4f6c_dd1d);
    bytes[..8].copy_from_slice(&spread.to_be_bytes());
    bytes[8..].copy_from_slice(&spread.rotate_left(29).to_be_bytes());
    Personal::new(VisitorId(bytes))
}

fn measures(made: &Made) -> Measures {
    let mut measures = Measures::default();
    match made.kind {
        Kind::Impression => measures.impressions = 1,
        Kind::View => measures.views = 1,
        Kind::Click => {
            measures.clicks = 1;
            measures.unique_clicks = i64::from(made.unique);
            measures.unidentified_clicks = i64::from(!made.consents);
        }
        Kind::Conversion => {}
    }
    match made.sale {
        Some(sale) if sale.status == Sale::APPROVED => {
            measures.approved = 1;
            measures.sale_amount_minor = sale.amount;
            measures.revenue_minor = sale.revenue();
            measures.payout_minor = sale.payout();
        }
        Some(sale) if sale.status == Sale::PENDING => {
            measures.pending = 1;
            measures.pending_sale_amount_minor = sale.amount;
            measures.pending_revenue_minor = sale.revenue();
            measures.pending_payout_minor = sale.payout();
        }
        Some(_) => measures.rejected = 1,
        None => {}
    }
    measures
}

/// For the plain rows beside it: the measures of a hit in their order.
pub fn counts(made: &Made) -> [i64; Measures::COUNT] {
    measures(made).to_array()
}
