//! The shop of these tests: its own pages on localhost, made here, with the
//! snippets that the API gave out. It stores nothing itself; what it knows of a
//! visitor it hands on from page to page in its own links.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use url::Url;

use crate::harness::account::{Account, COUPON, Shop};
use crate::harness::browser::Browser;
use crate::harness::eventually;
use crate::harness::origin::Origin;
use crate::harness::rows::Conversion;
use crate::harness::server::Folder;
use crate::harness::webdriver::Session;

/// How a sale is told to the tracker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Via {
    Image,
    Frame,
    Sdk,
}

/// What the visitor says about consent, on the page they land on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Nothing,
    Refusal,
    Consent,
}

/// A sale as it should be in the books.
pub struct Wanted<'a> {
    pub credit: &'a str,
    pub publisher: bool,
    /// Major and minor units as the shop writes them, and as minor units.
    pub amount: (&'a str, i64),
}

/// A tracker, a shop, and browsers.
pub struct Street {
    pub tracker: Shop,
    pub origin: Origin,
    pub browser: Browser,
}

/// What the pages need to know, once the tracker has told it.
struct Pages {
    tracker: String,
    campaign: String,
    goal: String,
    sdk: String,
}

impl Street {
    /// A shop whose site has this posture.
    pub fn open(posture: &str) -> Street {
        Street::open_with(posture, &["--listen", "127.0.0.1:0"])
    }

    pub fn open_with(posture: &str, serve: &[&str]) -> Street {
        let pages: Arc<OnceLock<Pages>> = Arc::default();
        let known = pages.clone();
        let origin = Origin::start(move |url| known.get().and_then(|pages| pages.page(url)));
        let folder = Folder::new();
        let server = folder.serve_with(serve);
        let account = Account::create(&folder, &server);
        let tracker = furnish(folder, server, account, posture, &origin);
        let path = format!(
            "campaigns/{}/snippets?publisher_id={}",
            tracker.campaign, tracker.publisher
        );
        let snippets = tracker.get(&path);
        let known = Pages {
            tracker: tracker.server.url(),
            campaign: tracker.campaign.clone(),
            goal: tracker.goal.clone(),
            sdk: snippets["sdk"].as_str().unwrap().to_owned(),
        };
        assert!(pages.set(known).is_ok());
        Street {
            tracker,
            origin,
            browser: Browser::start(),
        }
    }

    /// The tracking link, with more of a query.
    pub fn link(&self, more: &str) -> String {
        format!(
            "{}{}",
            self.tracker.server.url(),
            self.tracker.click_path(more)
        )
    }

    /// Follows the tracking link, answers the banner, and waits on the landing page.
    pub fn land(&self, visitor: &Session<'_>, link: &str, answer: Answer) {
        visitor.go(link);
        let landed = visitor.address();
        assert!(landed.starts_with(&self.origin.url()), "{landed}");
        loaded(visitor);
        match answer {
            Answer::Nothing => {}
            Answer::Refusal => visitor.click("#consent-refuse"),
            Answer::Consent => visitor.click("#consent-accept"),
        }
    }

    /// Buys on the page the visitor is on.
    pub fn buy(&self, visitor: &Session<'_>, via: Via, order: &str, amount: &str, coupon: &str) {
        let fill = format!(
            "for (const [id, text] of Object.entries({})) document.getElementById(id).value = text",
            json!({"order": order, "amount": amount, "coupon": coupon})
        );
        visitor.run(&fill);
        visitor.click(match via {
            Via::Image => "#buy-image",
            Via::Frame => "#buy-iframe",
            Via::Sdk => "#buy-sdk",
        });
        visitor.until(
            "the page after the order",
            "return document.title == 'Thank you' && document.readyState == 'complete'",
        );
    }

    /// The sale is in the books exactly once, as it should be.
    #[track_caller]
    pub fn booked(&self, wanted: &Wanted<'_>) -> Conversion {
        let of_amount = |list: Vec<Conversion>| -> Vec<Conversion> {
            let amount = wanted.amount.1;
            list.into_iter()
                .filter(|one| one.money("sale_amount_minor") == amount)
                .collect()
        };
        let what = format!("a sale of {}", wanted.amount.0);
        eventually(&what, || {
            (!of_amount(self.tracker.conversions()).is_empty()).then_some(())
        });
        self.tracker.wait_settled();
        let mut booked = of_amount(self.tracker.conversions());
        assert_eq!(booked.len(), 1, "{booked:#?}");
        let sale = booked.remove(0);
        let publisher = wanted.publisher.then(|| self.tracker.publisher.clone());
        assert_eq!(sale.id_of("publisher"), publisher, "{}", sale.0);
        assert_eq!(
            sale.id_of("campaign").as_ref(),
            Some(&self.tracker.campaign),
            "{}",
            sale.0
        );
        assert_eq!(
            sale.id_of("goal").as_ref(),
            Some(&self.tracker.goal),
            "{}",
            sale.0
        );
        assert_eq!(sale.credit(), wanted.credit, "{}", sale.0);
        // Ten percent, rounded half up, and two of the currency.
        assert_eq!(sale.number("revenue_minor"), (wanted.amount.1 + 5) / 10);
        assert_eq!(sale.number("payout_minor"), 200);
        sale
    }

    /// Both hosts, as places where something may have been left.
    pub fn hosts(&self) -> [String; 2] {
        [
            format!("{}/empty", self.origin.url()),
            format!("{}/sdk.js", self.tracker.server.url()),
        ]
    }

    #[track_caller]
    pub fn nothing_is_left(&self, visitor: &Session<'_>) {
        let [shop, tracker] = self.hosts();
        crate::harness::browser::nothing_is_left(visitor, &[&shop, &tracker]);
    }
}

/// Waits until the SDK has replaced its stub.
pub fn loaded(visitor: &Session<'_>) {
    visitor.until(
        "the SDK to load",
        "return typeof pixelkeep.track == 'function'",
    );
}

fn furnish(
    folder: Folder,
    server: crate::harness::server::Server,
    account: Account,
    posture: &str,
    origin: &Origin,
) -> Shop {
    let api = &account.api;
    let (site, site_key) = api.create_site("The shop", &["localhost"], posture);
    let goal: Value = crate::harness::account::goal("sale");
    let mut body = crate::harness::account::campaign("Spring", &site, &[goal]);
    body["landing_url"] = json!(format!("{}/landing", origin.url()));
    let (campaign, goals) = api.create_campaign(body);
    let publisher = api.create_publisher("Blog", &[COUPON]);
    Shop {
        goal: goals[0].clone(),
        server,
        account,
        site,
        site_key,
        campaign,
        publisher,
        folder,
    }
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

impl Pages {
    fn page(&self, url: &Url) -> Option<String> {
        match url.path() {
            "/landing" => Some(self.landing(url)),
            "/thanks" => Some(self.thanks(url)),
            "/empty" => Some("<!doctype html><title>Empty</title>".to_owned()),
            _ => None,
        }
    }

    /// The SDK's snippet, and the answer that an earlier page was given.
    fn head(&self, url: &Url) -> String {
        let told = match parameter(url, "consent").as_str() {
            "1" => "<script>pixelkeep('consent', 'granted')</script>",
            "0" => "<script>pixelkeep('consent', 'denied')</script>",
            _ => "",
        };
        format!("{}{told}", self.sdk)
    }

    /// A product, a consent banner, and an order form that hands on what the
    /// landing address carried.
    fn landing(&self, url: &Url) -> String {
        let hidden: String = ["click_id", "hand", "consent"]
            .map(|name| {
                let value = escaped(&parameter(url, name));
                format!("<input type=hidden id={name} name={name} value=\"{value}\">")
            })
            .concat();
        let buttons: String = ["image", "iframe", "sdk"]
            .map(|via| format!("<button id=buy-{via} name=via value={via}>Buy by {via}</button>"))
            .concat();
        format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><title>Shoes</title>{sdk}</head><body>\
             <p id=banner><button id=consent-accept type=button>Accept</button>\
             <button id=consent-refuse type=button>Refuse</button></p>\
             <form action=/thanks>{hidden}<input id=order name=order><input id=amount name=amount>\
             <input id=coupon name=coupon>{buttons}</form><script>\
             const answer = (said, word) => {{ pixelkeep('consent', said); consent.value = word; banner.remove(); }};\
             document.getElementById('consent-accept').onclick = () => answer('granted', '1');\
             document.getElementById('consent-refuse').onclick = () => answer('denied', '0');\
             </script></body></html>",
            sdk = self.head(url)
        )
    }

    fn thanks(&self, url: &Url) -> String {
        let get = |name| parameter(url, name);
        let via = get("via");
        let head = if via == "sdk" {
            self.head(url)
        } else {
            String::new()
        };
        let order = match via.as_str() {
            "sdk" => self.track(url),
            "iframe" => format!(
                "<iframe id=pixel src=\"{}\"></iframe>",
                escaped(&self.pixel(url))
            ),
            _ => format!(
                "<img id=pixel alt=\"\" src=\"{}\">",
                escaped(&self.pixel(url))
            ),
        };
        format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><title>Thank you</title>{head}</head>\
             <body><p>Thank you.</p>{order}</body></html>"
        )
    }

    /// The pixel as the snippet has it, filled in; `hand=0` keeps the click id back.
    fn pixel(&self, url: &Url) -> String {
        let mut pixel = Url::parse(&format!("{}/pixel", self.tracker)).unwrap();
        let get = |name| parameter(url, name);
        pixel
            .query_pairs_mut()
            .append_pair("campaign_id", &self.campaign)
            .append_pair("goal_id", &self.goal)
            .append_pair("txn_id", &get("order"))
            .append_pair("sale_amount", &get("amount"))
            .append_pair("currency", "EUR")
            .append_pair("coupon_code", &get("coupon"))
            .append_pair("consent", &get("consent"));
        if get("hand") != "0" {
            pixel
                .query_pairs_mut()
                .append_pair("click_id", &get("click_id"));
        }
        pixel.into()
    }

    fn track(&self, url: &Url) -> String {
        let mut sale = json!({"txn_id": parameter(url, "order"),
            "sale_amount": parameter(url, "amount"), "currency": "EUR"});
        let coupon = parameter(url, "coupon");
        if !coupon.is_empty() {
            sale["coupon_code"] = json!(coupon);
        }
        let sale = sale.to_string().replace('<', "\\u003c");
        format!("<script>pixelkeep('track', 'sale', {sale})</script>")
    }
}
