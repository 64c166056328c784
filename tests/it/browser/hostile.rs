//! What strangers and members type, on every page of the console in a real browser: no
//! script of theirs runs, no dialog opens, nothing of theirs becomes an element, and no
//! page grows wider than the window. Reaches into the product for the list of its routes.

use pixelkeep::model::action::Action;
use pixelkeep::model::role::Party;
use pixelkeep::web::server::routes;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::harness::account::{Account, PASSWORD, Shop};
use crate::harness::browser::Browser;
use crate::harness::server::Folder;
use crate::harness::webdriver::Session;

/// Widths of a phone and of a desk, in pixels.
const WIDTHS: [u32; 2] = [390, 1_280];

/// Breaks out of attributes, elements, titles, comments and scripts; longer than a line.
const NAME: &str = "\"><svg/onload=canary()>'</title></script><script>canary()</script>\
                    WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
/// The same for what may not have blanks or capitals, and runs right to left.
const WORD: &str = "\u{202e}\"autofocus/onfocus=canary()//<img/src=x/onerror=canary()>";
const ADDRESS: &str = "javascript:canary()//\"><img/src=x/onerror=canary()>{{7*7}}";
const EMAIL: &str = "\"><svg/onload=canary()>@shop.example";

/// Set before any script of a page: what runs of theirs says so.
const CANARY: &str = "
    window.ran = [];
    window.canary = () => window.ran.push('a script ran');
    for (const name of ['alert', 'confirm', 'prompt', 'print'])
      window[name] = () => window.ran.push('a dialog: ' + name);
    addEventListener('securitypolicyviolation', (event) =>
      window.ran.push('policy: ' + event.violatedDirective + ' ' + event.blockedURI), true);";

/// What is wrong with the page that is shown.
const FAULTS: &str = "
    const LINKS = ['href', 'src', 'action', 'formaction', 'xlink:href'];
    const faults = [...(window.ran ?? ['the canary is not there'])];
    for (const element of document.querySelectorAll('*'))
      for (const attribute of element.attributes)
        if (attribute.name.startsWith('on')
            || (LINKS.includes(attribute.name) && /^\\s*(javascript|data):/i.test(attribute.value)))
          faults.push('an attribute: ' + element.tagName + ' ' + attribute.name);
    for (const script of document.scripts)
      if (!script.src.startsWith(location.origin + '/assets/')) faults.push('a script element');
    if (document.querySelector('img, iframe, object, embed') !== null)
      faults.push('an element of theirs');
    const width = document.documentElement.scrollWidth;
    if (width > innerWidth) faults.push('as wide as ' + width + ' in ' + innerWidth);
    return faults;";

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// A shop in which everything that can be named is named by an attacker, and whose hits
/// carry hostile strings in every field.
fn hostile_shop() -> Shop {
    let folder = Folder::new();
    let server = folder.serve();
    let more = ["--timezone", "UTC"];
    let account = Account::create_with(&folder, &server, &more, NAME, EMAIL);
    let api = &account.api;
    let (site, site_key) = api.create_site(NAME, &["shop.example"], "optout");
    let mut goal = crate::harness::account::goal(NAME);
    goal["approval"] = json!("pending");
    let campaign = crate::harness::account::campaign(NAME, &site, &[goal]);
    let (campaign, goals) = api.create_campaign(campaign);
    let publisher = api.create_publisher(NAME, &[WORD]);
    let shop = Shop {
        goal: goals[0].clone(),
        server,
        account,
        site,
        site_key,
        campaign,
        publisher,
        folder,
    };
    send_hits(&shop);
    shop
}

fn send_hits(shop: &Shop) {
    let subs: Vec<(String, &str)> = (1..=10)
        .map(|n| (format!("p{n}"), NAME))
        .chain((1..=15).map(|n| (format!("sub{n}"), ADDRESS)))
        .collect();
    let mut pairs: Vec<(&str, &str)> = subs
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    pairs.extend([("source", NAME), ("creative", ADDRESS), ("consent", "1")]);
    let send = |path: String| {
        shop.server
            .client
            .request("GET", path)
            .header(
                "referer",
                "https://evil.example/%22><svg/onload=canary()>?x=<script>canary()</script>",
            )
            .header(
                "user-agent",
                "Mozilla/5.0 \"><svg/onload=canary()><script>canary()</script>",
            )
            .send()
    };
    let click = send(shop.click_path(&format!("&{}", encoded(&pairs))));
    let click_id = click.landing_parameter("click_id").unwrap_or_default();
    for (n, currency) in ["EUR", "USD"].into_iter().enumerate() {
        let order = format!("{NAME}{n}");
        let mut sale = pairs.clone();
        sale.extend([
            ("txn_id", order.as_str()),
            ("sale_amount", "80.00"),
            ("currency", currency),
            ("click_id", click_id.as_str()),
            ("coupon_code", WORD),
            ("url", ADDRESS),
        ]);
        let stored = send(shop.pixel_path(&format!("&{}", encoded(&sale))));
        assert!(stored.is_stored(), "{stored:?}");
    }
    let page = format!("https://shop.example/{NAME}?{NAME}#{NAME}");
    shop.send_events(&[json!({
        "id": crate::harness::marks::event_id(), "type": "view", "age_ms": 0,
        "url": page, "referrer": format!("https://evil.example/{NAME}"), "sub1": ADDRESS,
    })]);
    shop.settled_conversions(2);
}

/// Every page of the console that an owner opens, and some that are asked hostile things.
fn pages(shop: &Shop) -> Vec<String> {
    let mut pages = Vec::new();
    for route in routes().declared() {
        let is_page = route.method == "GET"
            && !matches!(route.action, Action::Collect | Action::ReadAsset)
            && (route.action.is_public() || route.action.allows(Party::Owner))
            && !route.path.starts_with("/api/")
            && !route.path.ends_with(".csv")
            && !route.path.ends_with("/checkpoint")
            // A part of the overview, which is on it.
            && !route.path.ends_with("/fragment")
            && route.path != "/setup";
        if is_page {
            let id = match route.path {
                path if path.starts_with("/sites") => &shop.site,
                path if path.starts_with("/campaigns") => &shop.campaign,
                _ => &shop.publisher,
            };
            let parts = route.path.split('/');
            let parts = parts.map(|part| if part.starts_with('{') { id } else { part });
            pages.push(parts.collect::<Vec<_>>().join("/"));
        }
    }
    assert!(pages.len() >= 15, "the router lost its pages: {pages:?}");
    let asked = |path: &str, pairs: &[(&str, &str)]| format!("{path}?{}", encoded(pairs));
    for group_by in [
        "source,referrer_host,landing_page",
        "campaign,publisher,goal",
        "p1,p2,p3",
        "browser,os,device",
    ] {
        pages.push(asked("/reports", &[("group_by", group_by)]));
    }
    let source = format!("source:{NAME}");
    pages.extend([
        asked(
            "/reports",
            &[
                ("filter", &source),
                ("filter", "landing_page:<b>"),
                ("group_by", "p1"),
            ],
        ),
        asked(
            "/reports",
            &[("from", NAME), ("to", ADDRESS), ("group_by", NAME)],
        ),
        asked(
            "/conversions",
            &[("from", NAME), ("status", NAME), ("before", NAME)],
        ),
        asked("/account", &[("rate", NAME), ("done", NAME)]),
        asked(
            "/snippets",
            &[("campaign", &shop.campaign), ("publisher", &shop.publisher)],
        ),
        asked("/sites", &[("done", NAME)]),
        asked("/setup", &[("token", NAME), ("email", NAME)]),
        asked(&format!("/{}", encoded(&[(NAME, NAME)])), &[]),
    ]);
    pages
}

/// What is wrong with the page that is shown, at each width.
fn faults(visitor: &Session<'_>, what: &str) -> Vec<String> {
    let mut found = Vec::new();
    for width in WIDTHS {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        visitor.cdp("Emulation.setDeviceMetricsOverride", size);
        let Value::Array(faults) = visitor.run(FAULTS) else {
            panic!("{what} was not looked at");
        };
        found.extend(
            faults
                .iter()
                .map(|fault| format!("{what} at {width}: {fault}")),
        );
    }
    found
}

fn open<'b>(browser: &'b Browser, shop: &Shop) -> Session<'b> {
    let visitor = browser.visitor();
    visitor.cdp("Page.enable", json!({}));
    visitor.cdp(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": CANARY}),
    );
    let inside = shop
        .server
        .client
        .request("POST", "/signin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&[("email", EMAIL), ("password", PASSWORD)]))
        .send();
    let cookie = inside
        .cookie()
        .unwrap_or_else(|| panic!("not signed in: {inside:?}"));
    for pair in cookie.split("; ") {
        let (name, value) = pair.split_once('=').unwrap();
        let cookie =
            json!({"name": name, "value": value, "url": shop.server.url(), "httpOnly": true});
        visitor.cdp("Network.setCookie", cookie);
    }
    visitor
}

#[test]
fn stored_xss_through_referrer_and_everything_else_runs_on_no_page() {
    let shop = hostile_shop();
    let browser = Browser::start();
    let visitor = open(&browser, &shop);
    let mut found = Vec::new();
    let mut shown = 0;
    for page in pages(&shop) {
        visitor.go(&format!("{}{page}", shop.server.url()));
        found.extend(faults(&visitor, &page));
        let text = visitor.run("return document.documentElement.textContent");
        shown += usize::from(text.as_str().is_some_and(|text| text.contains("canary()")));
    }
    assert!(shown >= 12, "the strings are shown on {shown} pages only");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_page_that_lets_a_stranger_in_is_noticed() {
    let shop = hostile_shop();
    let browser = Browser::start();
    let visitor = open(&browser, &shop);
    visitor.go(&format!("{}/sites", shop.server.url()));
    visitor.run(
        "const image = document.createElement('img');\
         image.setAttribute('oncanary', 'canary()'); image.src = 'https://evil.invalid/';\
         const wide = document.createElement('div'); wide.style.width = '3000px';\
         wide.style.height = '9px';\
         document.body.append(image, wide, document.createElement('script'));",
    );
    let found = faults(&visitor, "/sites").join("\n");
    for fault in [
        "an attribute",
        "a script element",
        "an element of theirs",
        "as wide as",
    ] {
        assert!(found.contains(fault), "{fault} was not seen: {found}");
    }
    let policy = "return window.ran.some((said) => said.startsWith('policy: '))";
    visitor.until("the policy to be broken", policy);
}
