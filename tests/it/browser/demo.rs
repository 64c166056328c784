//! The demo as a newcomer clicks through it, in a browser that keeps foreign
//! cookies away.

use serde_json::Value;

use crate::harness::browser::{Browser, kept_at};
use crate::harness::eventually;
use crate::harness::process::Process;
use crate::harness::server::{Folder, executable};
use crate::harness::webdriver::Session;

const LANDED: &str = "return location.pathname.endsWith('/landing')";
const ASKED: &str = "return document.querySelector('.banner') !== null";
const ORDERING: &str = "return !!document.querySelector('[name=order]')?.value";
const COUNTED: &str = "return document.getElementById('status')?.dataset.state == 'counted'";

struct Demo {
    process: Process,
    tracker: String,
    shop: String,
    browser: Browser,
    _folder: Folder,
}

impl Demo {
    fn start() -> Demo {
        let folder = Folder::new();
        let command = executable(&["demo", "--port", "0", "--shop-port", "0"]);
        let mut process = Process::start(command, &folder.logs(), "demo");
        let said = eventually("demo to be ready", || {
            assert!(process.ended().is_none(), "{}", process.stderr());
            let said = process.stdout();
            said.contains("Ctrl-C").then_some(said)
        });
        let address = |label: &str| {
            let line = said.lines().find(|line| line.starts_with(label)).unwrap();
            line.rsplit(' ').next().unwrap().to_owned()
        };
        Demo {
            tracker: address("console"),
            shop: address("shop"),
            process,
            browser: Browser::start(),
            _folder: folder,
        }
    }

    /// Follows a link of the front page.
    fn follow(&self, visitor: &Session<'_>, link: &str) {
        visitor.go(&self.shop);
        visitor.click(link);
        visitor.until("the shop", LANDED);
    }

    fn checkout(&self, visitor: &Session<'_>) {
        visitor.click(".hero a.button");
        visitor.until(
            "the product",
            "return location.pathname.endsWith('/product')",
        );
        visitor.click("#buy");
        visitor.until("the checkout", ORDERING);
    }

    /// The row of this amount in the console's list, once it is there.
    fn row(&self, owner: &Session<'_>, amount: &str) -> String {
        eventually(amount, || {
            owner.go(&format!("{}/conversions", self.tracker));
            let rows = owner.run(
                "return [...document.querySelectorAll('tbody tr')]
                    .map(row => row.innerText.replace(/\\s+/g, ' '))",
            );
            let row = rows.as_array()?.iter().filter_map(Value::as_str);
            row.into_iter()
                .find(|row| row.contains(amount))
                .map(str::to_owned)
        })
    }
}

impl Drop for Demo {
    /// Ended in order, it removes its folder.
    fn drop(&mut self) {
        self.process.terminate();
        eventually("demo to end", || self.process.ended());
    }
}

fn set_amount(visitor: &Session<'_>, amount: &str) {
    visitor.run(&format!(
        "document.getElementById('amount').value = '{amount}'"
    ));
}

fn sign_in(demo: &Demo, owner: &Session<'_>) {
    owner.go(&demo.shop);
    let said = owner.run("return document.getElementById('credentials').textContent");
    let (email, password) = said.as_str().unwrap().split_once(" / ").unwrap();
    owner.click("#open-console");
    owner.until("the sign-in", "return location.pathname == '/signin'");
    owner.run(&format!(
        "document.querySelector('[type=email]').value = '{email}';
         document.querySelector('[type=password]').value = '{password}'"
    ));
    owner.click("form [type=submit]");
    owner.until("the overview", "return location.pathname == '/'");
}

#[test]
fn a_newcomer_sees_sales_of_both_shops_in_the_console() {
    let demo = Demo::start();
    let owner = demo.browser.careful_visitor();
    sign_in(&demo, &owner);
    let ways = [
        ("strict", Some("#consent-accept"), "#via-sdk", "501.01"),
        ("strict", Some("#consent-refuse"), "#via-iframe", "502.02"),
        ("strict", None, "#via-image", "503.03"),
        ("open", None, "#via-image", "504.04"),
    ];
    for (shop, answer, via, amount) in ways {
        let visitor = demo.browser.careful_visitor();
        demo.follow(&visitor, &format!("#follow-{shop}"));
        if shop == "strict" {
            visitor.until("the banner", ASKED);
            answer.iter().for_each(|button| visitor.click(button));
        }
        demo.checkout(&visitor);
        set_amount(&visitor, amount);
        visitor.click(via);
        visitor.click("#pay");
        visitor.until("the sale to be counted", COUNTED);
        let row = demo.row(&owner, amount);
        let (campaign, publisher) = match shop {
            "strict" => ("Autumn roast sale", "Bean Blog by click"),
            _ => ("Espresso club sale", "Morning Mail by click"),
        };
        assert!(row.contains(campaign) && row.contains(publisher), "{row}");
        let consents = shop == "open" || answer == Some("#consent-accept");
        assert_eq!(row.contains("Order HC-"), consents, "{row}");
        // Without consent only the quarter of an hour was kept, and it says so.
        assert_eq!(row.contains('–'), !consents, "{row}");
        if !consents {
            assert!(visitor.cookies().is_empty());
            let kept = kept_at(&visitor, &demo.shop);
            assert!(kept.is_empty(), "{kept:?}");
        }
    }
}

#[test]
fn an_objection_outlasts_a_page_that_is_loaded_again() {
    let demo = Demo::start();
    let visitor = demo.browser.careful_visitor();
    demo.follow(&visitor, "#follow-open");
    visitor.until("the SDK to remember", "return localStorage.length > 0");
    visitor.click("#consent-change");
    visitor.until("the SDK to forget", "return localStorage.length == 0");
    visitor.run("window.old = true; location.reload()");
    visitor.until(
        "the SDK on the page loaded again",
        "return !window.old && typeof pixelkeep.track == 'function' && pixelkeep('click') != null",
    );
    let again = "return [localStorage.length, document.getElementById('consent-change').hidden]";
    assert_eq!(visitor.run(again), serde_json::json!([0, true]));
}

#[test]
fn what_is_no_amount_cannot_be_paid() {
    let demo = Demo::start();
    let visitor = demo.browser.careful_visitor();
    visitor.go(&format!("{}/open/checkout", demo.shop));
    visitor.until("the checkout", ORDERING);
    for (amount, valid) in [
        ("abc", false),
        ("-5", false),
        ("", false),
        ("49.90", true),
        ("1.299,00", true),
    ] {
        set_amount(&visitor, amount);
        let said = visitor.run("return document.getElementById('checkout').checkValidity()");
        assert_eq!(said, valid, "{amount}");
    }
}
