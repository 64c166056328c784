//! Fills every field there is with a mark of its own.

use serde_json::json;

use crate::harness::account::token;
use crate::harness::api::{Api, member};
use crate::harness::marks::{event_id, random_letters};
use crate::harness::raw;
use crate::harness::server::{Folder, Server, text};

/// Marks by the field they were entered in.
#[derive(Default)]
pub struct Marks(Vec<(String, String)>);

impl Marks {
    /// A new mark: letters that occur nowhere else.
    pub fn new_mark(&mut self, field: &str) -> String {
        let mark = random_letters(16);
        self.0.push((field.to_owned(), mark.clone()));
        mark
    }

    /// A secret that the product itself gave out.
    fn secret(&mut self, field: &str, value: &str) {
        assert!(value.len() >= 12, "{field}: {value}");
        self.0.push((field.to_owned(), value.to_owned()));
    }

    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(field, mark)| (field.as_str(), mark.as_str()))
    }
}

/// What the marked account has.
pub struct Marked {
    pub api: Api,
    site_key: String,
    campaign: String,
    goal: String,
    publisher: String,
    host: String,
    coupon: String,
    security_token: String,
}

/// An account with marks in everything that a customer enters.
pub fn furnish(folder: &Folder, server: &Server, marks: &mut Marks) -> Marked {
    let password = folder.write("marked-password", &marks.new_mark("password"));
    let email = format!(
        "{}@{}.example",
        marks.new_mark("e-mail"),
        marks.new_mark("e-mail host")
    );
    let made = folder.json(&[
        "account",
        "create",
        "--name",
        &marks.new_mark("account name"),
        "--owner",
        &email,
        "--password-file",
        text(&password),
        "--timezone",
        "UTC",
        "--currency",
        "EUR",
    ]);
    let id = member(&made, "id");
    let api = token(folder, server, &id, "write");
    marks.secret("API token", &api.token);
    let host = format!("{}.example", marks.new_mark("host"));
    let (site, site_key) = api.create_site(&marks.new_mark("site name"), &[&host], "strict");
    let landing = format!(
        "https://{host}/{}?l={}&p={{p1}}",
        marks.new_mark("landing path"),
        marks.new_mark("landing query")
    );
    let goal = marks.new_mark("goal name");
    let (campaign, _) = api.create_campaign(json!({
        "name": marks.new_mark("campaign name"),
        "site_id": site,
        "landing_url": landing,
        "attribution_days": 30,
        "goals": [{"name": goal, "approval": "auto",
            "revenue": {"kind": "percent", "percent": 10},
            "payout": {"kind": "fixed", "amount_minor": 200}}],
    }));
    let coupon = marks.new_mark("coupon code");
    let publisher = api.create_publisher(&marks.new_mark("publisher name"), &[&coupon]);
    let opened = api.patch(
        "account",
        json!({"acquisition": true, "name": marks.new_mark("new name")}),
    );
    let security_token = member(&opened, "security_token");
    marks.secret("security token", &security_token);
    Marked {
        api,
        site_key,
        campaign,
        goal,
        publisher,
        host,
        coupon,
        security_token,
    }
}

/// A visit with marks in everything that a browser sends, with consent and without.
pub fn visit(server: &Server, shop: &Marked, marks: &mut Marks) {
    for consent in ["1", "0"] {
        let (click, cookie) = click(server, shop, marks, consent);
        marks.secret("click id", &click);
        let mut path = format!(
            "/pixel?campaign_id={}&consent={consent}&sale_amount=9&click_id={click}",
            shop.campaign
        );
        for name in ["txn_id", "source", "creative", "url"] {
            path += &format!("&{name}={}", marks.new_mark(name));
        }
        (1..=15).for_each(|n| path += &format!("&sub{n}={}", marks.new_mark(&format!("sub{n}"))));
        request(server, marks, path, cookie.as_deref()).is(200, "stored");
        let path = format!("/imp?campaign_id={}&consent={consent}", shop.campaign);
        request(server, marks, path, cookie.as_deref()).is(200, "stored");
        sdk(server, shop, marks, consent);
    }
    let path = format!(
        "/acquisition?campaign_id={}&security_token={}&txn_id={}&sale_amount=1&consent=1",
        shop.campaign,
        shop.security_token,
        marks.new_mark("txn_id by acquisition")
    );
    server.client.get(path).is(200, "stored");
}

fn click(
    server: &Server,
    shop: &Marked,
    marks: &mut Marks,
    consent: &str,
) -> (String, Option<String>) {
    let mut path = format!(
        "/click?campaign_id={}&pub_id={}&consent={consent}&source={}&creative={}",
        shop.campaign,
        shop.publisher,
        marks.new_mark("source"),
        marks.new_mark("creative")
    );
    (1..=10).for_each(|n| path += &format!("&p{n}={}", marks.new_mark(&format!("p{n}"))));
    path += &format!(
        "&url=https%3A%2F%2F{}%2F{}",
        shop.host,
        marks.new_mark("deep link")
    );
    let answer = request(server, marks, path, None);
    answer.is_redirect();
    let click = answer.landing_parameter("click_id").unwrap();
    if let Some((_, value)) = answer
        .cookie()
        .as_deref()
        .and_then(|cookie| cookie.split_once('='))
    {
        marks.secret("sealed cookie", value);
    }
    (click, answer.cookie())
}

/// A request with marks in every header that tells of a visitor.
fn request(
    server: &Server,
    marks: &mut Marks,
    path: String,
    cookie: Option<&str>,
) -> crate::harness::http::Answer {
    let agent = format!(
        "{} {}",
        crate::harness::http::BROWSER,
        marks.new_mark("user agent")
    );
    let referrer = format!(
        "https://{}.example/{}?q={}",
        marks.new_mark("referrer host"),
        marks.new_mark("referrer path"),
        marks.new_mark("referrer query")
    );
    let other = format!("own={}", marks.new_mark("foreign cookie"));
    let cookies = [cookie.unwrap_or("a=b"), &other].join("; ");
    server
        .client
        .request("GET", path)
        .header("user-agent", agent)
        .header("referer", referrer)
        .header("cookie", cookies)
        .header("accept-language", marks.new_mark("language"))
        .header("x-forwarded-for", marks.new_mark("forwarded address"))
        .send()
}

fn sdk(server: &Server, shop: &Marked, marks: &mut Marks, consent: &str) {
    let page = |marks: &mut Marks, what: &str| {
        format!(
            "https://{}/{}?q={}",
            shop.host,
            marks.new_mark(what),
            marks.new_mark(what)
        )
    };
    let visitor = event_id();
    marks.secret("visitor id", &visitor);
    let mut sale = json!({"id": event_id(), "type": "conversion", "age_ms": 1_000,
        "goal": shop.goal, "txn_id": marks.new_mark("txn_id of the SDK"), "sale_amount": "5",
        "coupon_code": shop.coupon, "url": page(marks, "url"), "referrer": page(marks, "referrer")});
    for n in 1..=15 {
        sale[format!("sub{n}")] = json!(marks.new_mark(&format!("sub{n} of the SDK")));
    }
    let view = json!({"id": event_id(), "type": "view", "age_ms": 0,
        "url": page(marks, "view"), "referrer": page(marks, "view's referrer")});
    let mut body = json!({"site": shop.site_key, "consent": consent, "hits": [view, sale]});
    if consent == "1" {
        body["visitor"] = json!(visitor);
    }
    let answer = server.client.event(&body);
    for verdict in answer.json()["verdicts"].as_array().unwrap() {
        assert_eq!(verdict["verdict"], "stored", "{answer:?}");
    }
}

/// Mistakes and attacks with marks in them: what is refused must not be logged.
pub fn misuse(server: &Server, shop: &Marked, marks: &mut Marks) {
    let campaign = &shop.campaign;
    let long = marks.new_mark("a value too long").repeat(60);
    for path in [
        format!("/pixel?campaign_id={}", marks.new_mark("unknown campaign")),
        format!(
            "/pixel?campaign_id={campaign}&sale_amount={}",
            marks.new_mark("bad amount")
        ),
        format!(
            "/pixel?campaign_id={campaign}&currency={}",
            marks.new_mark("bad currency")
        ),
        format!(
            "/pixel?campaign_id={campaign}&goal_id={}",
            marks.new_mark("unknown goal")
        ),
        format!(
            "/pixel?campaign_id={campaign}&coupon_code={}",
            marks.new_mark("unknown coupon")
        ),
        format!(
            "/pixel?campaign_id={campaign}&status={}",
            marks.new_mark("bad status")
        ),
        format!("/pixel?campaign_id={campaign}&sub1={long}"),
        format!(
            "/click?campaign_id={campaign}&url=https%3A%2F%2F{}.example",
            marks.new_mark("bad url")
        ),
        format!("/config/{}.json", marks.new_mark("unknown site")),
        format!("/{}", marks.new_mark("unknown path")),
        format!("/setup?token={}", marks.new_mark("guessed set-up token")),
        format!("/api/v1/{}", marks.new_mark("unknown API path")),
    ] {
        assert!(server.client.get(path).status < 500);
    }
    let invalid = [
        format!(
            "/pixel?campaign_id={campaign}&txn_id={}",
            marks.new_mark("bad UTF-8")
        )
        .as_bytes(),
        b"%ff",
    ]
    .concat();
    assert!(raw::get(server.address, &invalid).status < 500);
    let bodies = [
        format!("{{\"site\":\"{}\"", marks.new_mark("broken JSON")),
        format!(
            "{{\"site\":\"{}\",\"hits\":[]}}",
            marks.new_mark("unknown site in JSON")
        ),
    ];
    for body in bodies {
        assert!(
            server
                .client
                .request("POST", "/event")
                .body(body)
                .send()
                .status
                < 500
        );
    }
    let form = format!(
        "email={}%40x.example&password={}",
        marks.new_mark("sign-in e-mail"),
        marks.new_mark("sign-in password")
    );
    let answer = server
        .client
        .request("POST", "/signin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send();
    assert!(answer.status < 500, "{answer:?}");
    let bearer = format!("Bearer {}", marks.new_mark("wrong API token"));
    let answer = server
        .client
        .request("GET", "/api/v1/intake")
        .header("authorization", bearer)
        .send();
    assert_eq!(answer.status, 401);
    let body = json!({"name": marks.new_mark("name of a refused site"), "hosts": [format!("{} {}", marks.new_mark("bad host"), "x")], "posture": "strict"});
    assert!(shop.api.call("POST", "sites", Some(&body)).status < 500);
}
