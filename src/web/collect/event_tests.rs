//! Events as the WebSDK sends them, and as nobody should.

use super::*;
use crate::web::collect::batch::Batch;
use crate::web::collect::scene::{self, Scene};

const ID: &str = "0123456789abcdef0123456789abcdef";
const VISITOR: &str = "ffffffffffffffffffffffffffffffff";

fn visit(set_aside: Option<Reason>) -> Visit<'static> {
    Visit::for_test(scene::now(), set_aside)
}

struct Sent<'a> {
    key: String,
    consent: Option<&'a str>,
    set_aside: Option<Reason>,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Sent {
            key: scene::site_key().to_string(),
            consent: Some("granted"),
            set_aside: None,
        }
    }
}

impl Sent<'_> {
    fn hit(&self, scene: &Scene, event: &str) -> Result<Hit, Reason> {
        let body = format!("{{\"hits\":[{event}]}}");
        let batch: Batch<'_> = serde_json::from_str(&body).unwrap();
        let site = scene.catalog.site(&self.key).unwrap();
        let visit = visit(self.set_aside);
        let sender = Sender {
            click_ids: &scene.click_ids,
            catalog: &scene.catalog,
            account: &scene.catalog.accounts[&site.account],
            site,
            visit: &visit,
            consent: self.consent.map(Into::into),
            visitor: read_id(VISITOR).map(VisitorId),
            usual_terms: OnceCell::new(),
        };
        sender
            .hit(&batch.hits.events[0])
            .map(|hit| scene::journalled(&hit))
    }
}

fn event(fields: &str) -> String {
    format!("{{\"id\":\"{ID}\",{fields}}}")
}

#[test]
fn a_view_with_consent_keeps_page_referrer_and_visitor() {
    let event = event(
        r#""type":"view","age_ms":1500,"url":"https://shop.example/a?b","referrer":"https://news.example/x""#,
    );
    let hit = Sent::default().hit(&Scene::new(), &event).unwrap();
    assert_eq!(hit.kind, Kind::View);
    assert_eq!(hit.at, scene::now().minus_ms(1_500));
    assert_eq!(hit.url.unwrap().reveal(), "https://shop.example/a?b");
    assert_eq!(hit.referrer_host.as_deref(), Some("news.example"));
    assert!(hit.visitor.is_some() && hit.event.is_some());
}

#[test]
fn without_consent_a_view_is_a_count() {
    let sent = Sent {
        consent: None,
        ..Sent::default()
    };
    let event = event(r#""type":"view","age_ms":1500,"url":"https://shop.example/a""#);
    let hit = sent.hit(&Scene::new(), &event).unwrap();
    assert_eq!(hit.at, hit.at.quarter_start());
    assert!(hit.visitor.is_none() && hit.url.is_none());
}

#[test]
fn a_click_id_puts_a_view_under_its_campaign_and_publisher() {
    let scene = Scene::new();
    let publisher = Some(scene::publisher());
    let (_, click_id) = scene
        .click_ids
        .mint(
            scene::account(),
            scene::campaign(),
            publisher,
            0,
            scene::now(),
        )
        .unwrap();
    let event = event(&format!("\"type\":\"view\",\"click_id\":\"{click_id}\""));
    let hit = Sent::default().hit(&scene, &event).unwrap();
    assert_eq!(
        (hit.campaign, hit.publisher),
        (Some(scene::campaign()), publisher)
    );
    assert_eq!(hit.landing, Some(0));

    let elsewhere = Sent {
        key: scene::optout_site_key().to_string(),
        ..Sent::default()
    };
    let hit = elsewhere.hit(&scene, &event).unwrap();
    assert_eq!((hit.campaign, hit.publisher), (None, None));
    assert!(hit.notes.contains(Note::OtherCampaign));
}

#[test]
fn a_click_needs_a_campaign_that_runs() {
    let scene = Scene::new();
    let hit = |fields: &str| Sent::default().hit(&scene, &event(fields));
    assert_eq!(hit(r#""type":"click""#), Err(Reason::UnknownCampaign));
    for (campaign, outcome) in [
        (scene::campaign(), None),
        (scene::paused_campaign(), Some(Reason::Paused)),
        (scene::other_campaign(), Some(Reason::UnknownCampaign)),
    ] {
        let fields = format!("\"type\":\"click\",\"campaign_id\":\"{campaign}\"");
        assert_eq!(hit(&fields).err(), outcome, "{campaign}");
    }
}

#[test]
fn a_conversion_is_read_like_a_pixels() {
    let scene = Scene::new();
    let hit = |fields: &str| Sent::default().hit(&scene, &event(fields));
    let sale = hit(r#""type":"conversion","goal":"sale","txn_id":7,"sale_amount":"1,299.00""#)
        .unwrap()
        .sale
        .unwrap();
    assert_eq!(sale.amount_minor, 129_900);
    assert_eq!(sale.txn.unwrap().reveal(), "7");
    assert_eq!(
        hit(r#""type":"conversion","sale_amount":-1"#),
        Err(Reason::BadAmount)
    );
    assert_eq!(
        hit(r#""type":"conversion","goal":"x""#),
        Err(Reason::GoalUnknown)
    );
}

#[test]
fn events_that_cannot_be_used_are_refused_one_by_one() {
    let scene = Scene::new();
    let hit = |json: &str| Sent::default().hit(&scene, json).err();
    assert_eq!(hit(r#"{"type":"view"}"#), Some(Reason::BadId));
    assert_eq!(hit(r#"{"id":"xyz","type":"view"}"#), Some(Reason::BadId));
    assert_eq!(hit("7"), Some(Reason::BadJson));
    assert_eq!(hit(&event(r#""type":"dance""#)), Some(Reason::BadJson));
    assert_eq!(
        hit(&event(r#""type":"view","age_ms":604800001"#)),
        Some(Reason::TooOld)
    );
    assert_eq!(hit(&event(r#""type":"view","age_ms":604800000"#)), None);
    let long = format!("\"type\":\"view\",\"sub1\":\"{}\"", "x".repeat(513));
    assert_eq!(hit(&event(&long)), Some(Reason::TooLong));
}

#[test]
fn a_site_without_campaigns_and_a_robot_are_set_aside() {
    let scene = Scene::new();
    let bare = Sent {
        key: scene::bare_site_key().to_string(),
        ..Sent::default()
    };
    assert_eq!(
        bare.hit(&scene, &event(r#""type":"view""#)),
        Err(Reason::NoCampaign)
    );
    let robot = Sent {
        set_aside: Some(Reason::Bot),
        ..Sent::default()
    };
    assert_eq!(
        robot.hit(&scene, &event(r#""type":"view""#)),
        Err(Reason::Bot)
    );
}

#[test]
fn ids_are_hexadecimal_with_or_without_dashes() {
    assert!(read_id(ID).is_some());
    assert_eq!(read_id("01234567-89ab-cdef-0123-456789ABCDEF"), read_id(ID));
    for text in [
        "",
        "+123456789abcdef0123456789abcdef",
        "0123",
        "ä123456789abcdef0123456789abcde",
    ] {
        assert_eq!(read_id(text), None, "{text}");
    }
}
