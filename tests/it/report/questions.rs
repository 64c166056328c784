//! What may be asked, what comes back, and what is refused.

use serde_json::{Value, json};

use crate::harness::account::{COUPON, Shop, token};
use crate::harness::rows::MEASURES;

const DIMENSIONS: [&str; 22] = [
    "day",
    "hour",
    "campaign",
    "publisher",
    "goal",
    "country",
    "device",
    "os",
    "browser",
    "source",
    "landing_page",
    "referrer_host",
    "p1",
    "p2",
    "p3",
    "p4",
    "p5",
    "p6",
    "p7",
    "p8",
    "p9",
    "p10",
];

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/// A shop where a little of everything has happened.
fn busy() -> Shop {
    let shop = Shop::strict();
    for n in 0..4 {
        let click = shop.click(&format!("&consent=1&source=s{}", n % 2));
        shop.pixel(&format!(
            "&consent=1&txn_id=c{n}&sale_amount={n}0&click_id={click}"
        ));
    }
    shop.click("");
    shop.pixel(&format!("&txn_id=k&sale_amount=7&coupon_code={COUPON}"));
    let imp = format!("/imp?campaign_id={}", shop.campaign);
    let request = shop.server.client.request("GET", imp);
    request
        .header("user-agent", PHONE)
        .header("referer", "https://news.example/page")
        .send()
        .is(200, "stored");
    shop.wait_settled();
    shop
}

#[test]
fn every_dimension_adds_up_alone_and_with_others() {
    let shop = busy();
    let totals = shop.report("").0["totals"].clone();
    assert_eq!(totals["conversions"], 5);
    assert_eq!(totals["clicks"], 5);
    for (n, one) in DIMENSIONS.iter().enumerate() {
        let second = DIMENSIONS[(n + 3) % DIMENSIONS.len()];
        let third = DIMENSIONS[(n + 7) % DIMENSIONS.len()];
        for asked in [
            (*one).to_owned(),
            format!("{one},{second}"),
            format!("{one},{second},{third}"),
        ] {
            let report = shop.report(&format!("&group_by={asked}"));
            report.adds_up();
            assert_eq!(report.0["totals"], totals, "{asked}");
            for dimension in asked.split(',') {
                assert!(
                    report.rows()[0].get(dimension).is_some(),
                    "{dimension} of {asked}"
                );
            }
        }
    }
}

#[test]
fn a_row_is_one_flat_object_with_names_where_there_are_ids() {
    let shop = busy();
    let report = shop.report("&group_by=campaign,publisher,goal");
    for row in report.rows() {
        assert_eq!(
            row["campaign"],
            json!({"id": shop.campaign, "name": "Spring"})
        );
        let publisher = &row["publisher"];
        assert!(publisher.is_null() || publisher["name"] == "Blog", "{row}");
        let goal = &row["goal"];
        assert!(
            goal.is_null() || *goal == json!({"id": shop.goal, "name": "sale"}),
            "{row}"
        );
        let members = row.as_object().unwrap().len();
        assert_eq!(members, 3 + MEASURES.len(), "{row}");
    }
    assert_eq!(
        report.0["totals"].as_object().unwrap().len(),
        MEASURES.len()
    );
}

#[test]
fn what_a_browser_says_of_itself_becomes_families() {
    let shop = busy();
    let report = shop.report("&group_by=device,os,browser");
    let phone = report.row("device", Some("mobile"));
    assert_eq!(
        (&phone["os"], &phone["browser"]),
        (&json!("iOS"), &json!("Safari"))
    );
    assert_eq!(phone["impressions"], 1);
    let desktop = report.row("device", Some("desktop"));
    assert_eq!(
        (&desktop["os"], &desktop["browser"]),
        (&json!("Windows"), &json!("Chrome"))
    );
    let hosts = shop.report("&group_by=referrer_host");
    assert_eq!(
        hosts.row("referrer_host", Some("news.example"))["impressions"],
        1
    );
    assert_eq!(
        shop.report("&group_by=country")
            .row("country", Some("unknown"))["clicks"],
        5
    );
}

#[test]
fn filters_narrow_and_several_must_all_hold() {
    let shop = busy();
    let by_source = shop.report("&filter=source:s1");
    assert_eq!(
        by_source.totals(["clicks", "conversions", "sale_amount_minor"]),
        [2, 2, 4_000]
    );
    let both = format!("&filter=source:s1&filter=publisher:{}", shop.publisher);
    assert_eq!(shop.report(&both).total("conversions"), 2);
    let none = "&filter=source:s1&filter=device:mobile";
    assert_eq!(shop.report(none).totals(["clicks", "conversions"]), [0, 0]);
    let campaign = format!("&group_by=source&filter=campaign:{}", shop.campaign);
    shop.report(&campaign).adds_up();
}

#[test]
fn clicks_of_one_visitor_are_unique_once_and_those_of_nobody_unidentified() {
    let shop = Shop::strict();
    let first = shop.server.client.get(shop.click_path("&consent=1"));
    let cookie = first.cookie().unwrap();
    for _ in 0..2 {
        let request = shop
            .server
            .client
            .request("GET", shop.click_path("&consent=1"));
        request
            .header("cookie", cookie.clone())
            .send()
            .is_redirect();
    }
    shop.click("&consent=1");
    shop.click("");
    shop.click("");
    shop.wait_clicks(6);
    let wanted = ["clicks", "unique_clicks", "unidentified_clicks"];
    assert_eq!(shop.report("").totals(wanted), [6, 2, 2]);
}

#[test]
fn params_are_kept_in_reports_where_the_campaign_declares_them() {
    let shop = Shop::strict();
    let path = format!("campaigns/{}", shop.campaign);
    shop.patch(&path, json!({"report_params": ["p2"]}));
    shop.click("&consent=1&p1=undeclared&p2=declared");
    shop.wait_clicks(1);
    let second = shop.report("&group_by=p2");
    assert_eq!(second.row("p2", Some("declared"))["clicks"], 1);
    let first = shop.report("&group_by=p1");
    assert_eq!(first.row("p1", None)["clicks"], 1);
}

#[test]
fn without_consent_no_param_reaches_a_report() {
    let shop = Shop::strict();
    shop.click("&p1=told&source=told");
    shop.click("&consent=0&p1=told&source=told");
    shop.wait_clicks(2);
    let report = shop.report("&group_by=p1,p2");
    assert_eq!(report.row("p1", None)["clicks"], 2);
}

#[test]
fn a_question_that_makes_no_sense_is_a_problem_that_says_so() {
    let shop = Shop::strict();
    for query in [
        "report",
        "report?from=2026-01-01",
        "report?from=2026-01-02&to=2026-01-01",
        "report?from=2026-02-30&to=2026-03-01",
        "report?from=yesterday&to=today",
        "report?from=2026-01-01&to=2026-01-02&group_by=colour",
        "report?from=2026-01-01&to=2026-01-02&group_by=day,hour,os,browser",
        "report?from=2026-01-01&to=2026-01-02&filter=colour:red",
        "report?from=2026-01-01&to=2026-01-02&filter=day",
    ] {
        let answer = shop.call("GET", query, None);
        answer.is_one_of(&[400, 422]);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{query}"
        );
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status, "{problem}");
        let said = problem["detail"].as_str().or(problem["title"].as_str());
        assert!(said.is_some_and(|text| text.len() > 10), "{problem}");
    }
}

#[test]
fn a_period_without_hits_has_no_rows_and_totals_of_zero() {
    let shop = busy();
    let report = shop.report_between("2020-01-01", "2020-12-31", "&group_by=day");
    assert!(report.rows().is_empty());
    assert!(MEASURES.iter().all(|measure| report.total(measure) == 0));
}

#[test]
fn the_api_is_closed_without_a_token_and_a_reader_cannot_write() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    let paths = [
        "report?from=2026-01-01&to=2026-01-02",
        "intake",
        "account",
        "sites",
        "conversions",
    ];
    for path in paths {
        let bare = client.get(format!("/api/v1/{path}"));
        assert_eq!(bare.status, 401, "{path}: {bare:?}");
        assert_eq!(
            bare.header("content-type"),
            Some("application/problem+json")
        );
        assert!(bare.header("www-authenticate").is_some(), "{bare:?}");
    }
    let reader = token(&shop.folder, &shop.server, &shop.account.id, "read");
    reader.intake();
    let body = json!({"name": "Mine"});
    for (method, path) in [
        ("POST", "publishers".to_owned()),
        ("PATCH", "account".to_owned()),
        ("PATCH", format!("campaigns/{}", shop.campaign)),
    ] {
        let refused = reader.call(method, &path, Some(&body));
        assert_eq!(refused.status, 403, "{method} {path}: {refused:?}");
    }
}

#[test]
fn what_belongs_to_another_account_does_not_exist() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=1&sale_amount=1");
    let conversion = shop.only_conversion().id();
    let other = crate::harness::account::Account::create(&shop.folder, &shop.server);
    let rename = json!({"name": "Taken"});
    let reject = json!({"status": "rejected"});
    let attempts: [(&str, String, Option<&Value>); 7] = [
        ("GET", format!("campaigns/{}", shop.campaign), None),
        (
            "PATCH",
            format!("campaigns/{}", shop.campaign),
            Some(&rename),
        ),
        ("GET", format!("sites/{}", shop.site), None),
        ("GET", format!("publishers/{}", shop.publisher), None),
        (
            "PATCH",
            format!("publishers/{}", shop.publisher),
            Some(&rename),
        ),
        ("PATCH", format!("conversions/{conversion}"), Some(&reject)),
        ("GET", format!("campaigns/{}/snippets", shop.campaign), None),
    ];
    for (method, path, body) in attempts {
        let answer = other.api.call(method, &path, body);
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
    }
    let foreign = crate::harness::account::campaign("Mine", &shop.site, &[]);
    other
        .api
        .call("POST", "campaigns", Some(&foreign))
        .is_one_of(&[400, 404, 422]);
    let filtered = other
        .api
        .report(&format!("&filter=campaign:{}", shop.campaign));
    assert_eq!(filtered.total("conversions"), 0);
    assert_eq!(shop.only_conversion().status(), "approved");
}

#[test]
fn a_repeated_coupon_code_is_a_conflict() {
    let shop = Shop::strict();
    let body = json!({"name": "Copycat", "coupon_codes": [COUPON.to_lowercase()]});
    let answer = shop.call("POST", "publishers", Some(&body));
    assert_eq!(answer.status, 409, "{answer:?}");
}

#[test]
fn snippets_name_this_server_the_campaign_and_the_publisher() {
    let shop = Shop::strict();
    let path = format!(
        "campaigns/{}/snippets?publisher_id={}",
        shop.campaign, shop.publisher
    );
    let snippets = shop.get(&path);
    let link = snippets["tracking_link"].as_str().unwrap();
    let path = link
        .strip_prefix(&shop.server.url())
        .unwrap_or_else(|| panic!("{link}"));
    shop.server.client.get(path).is_redirect();
    for (name, address) in [
        ("impression_pixel", "/imp?"),
        ("image_pixel", "/pixel?"),
        ("iframe_pixel", "/pixel?"),
        ("sdk", "/sdk.js"),
    ] {
        let html = snippets[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {snippets}"));
        assert!(
            html.contains(&shop.server.url()) && html.contains(address),
            "{html}"
        );
    }
    assert!(snippets["sdk"].as_str().unwrap().contains(&shop.site_key));
}
