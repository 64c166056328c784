//! What a member does in the rooms, and what the rooms then show.

use std::time::{Duration, Instant};

use super::{Member, campaign_fields, id_after};
use crate::harness::server::Folder;

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn what_is_typed_comes_back_escaped_and_unchanged() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let name = "<script>alert(1)</script> & \"Söhne\"";
    let fields = [
        ("name", name),
        ("hosts", "https://www.shop.example/x"),
        ("consent", "optout"),
        ("countries", "US"),
        ("ground", "The law there lets visitors object."),
    ];
    assert_eq!(member.post("/sites/new", &fields).status, 303);
    let list = member.get("/sites").text();
    assert!(!list.contains("<script>alert"), "{list}");
    assert!(list.contains("www.shop.example"), "{list}");
    let form = member
        .get(&format!("/sites/{}", id_after(&list, "/sites/")))
        .text();
    assert!(
        form.contains("Söhne") && !form.contains("<script>alert"),
        "{form}"
    );
}

#[test]
fn a_form_that_is_not_taken_keeps_what_was_typed_and_says_why() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let site = member.site();
    let mut fields = campaign_fields(&site, "Kept as typed");
    fields[8].1 = "ten";
    let again = member.post("/campaigns/new", &fields);
    assert_eq!(again.status, 400);
    let page = again.text();
    assert!(
        page.contains("Kept as typed") && page.contains("value=\"ten\""),
        "{page}"
    );
    assert!(page.contains("What you earn for Sale"), "{page}");
    let more = [&fields[..], &[("more", "1")]].concat();
    let page = member.post("/campaigns/new", &more);
    assert_eq!(page.status, 200);
    assert_eq!(page.text().matches("name=\"goal_name\"").count(), 2);
}

#[test]
fn a_sale_that_waits_is_approved_in_the_list_and_then_earns() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let campaign = member.campaign(&member.site());
    let pixel = format!("/pixel?campaign_id={campaign}&txn_id=A1&sale_amount=80.00&consent=1");
    assert!(server.client.get(pixel).is_stored());
    let begun = Instant::now();
    let path = loop {
        let page = member.get("/conversions").text();
        if let Some((_, rest)) = page.split_once("action=\"/conversions/") {
            break format!("/conversions/{}", &rest[..16]);
        }
        assert!(begun.elapsed() < LIMIT, "{page}");
        std::thread::sleep(Duration::from_millis(100));
    };
    let waiting = member.get("/reports.csv?group_by=goal").text();
    assert!(waiting.contains(",0,0,0,8000,1000,200\n"), "{waiting}");
    let fields = [
        ("decision", "approve"),
        ("back", "/conversions?status=pending"),
    ];
    let done = member.post(&path, &fields);
    assert_eq!(
        done.header("location"),
        Some("/conversions?status=pending&done=approved")
    );
    let earned = member.get("/reports.csv?group_by=goal").text();
    assert!(earned.contains(",8000,1000,200,0,0,0\n"), "{earned}");
    assert!(member.get("/overview/fragment").text().contains("80.00"));
}
