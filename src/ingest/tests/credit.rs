//! Whom a sale is credited to.

use super::*;

#[test]
fn a_sale_is_credited_to_its_click_and_takes_its_dimensions() {
    let house = House::build();
    let (click, touch) = house.click(1);
    house.send(vec![entry(click)]);
    // Another start: the click is found in the trail, not in memory.
    let house = house.reopen();
    house.send(vec![house.sale(|_, sale| sale.click = Some(touch))]);
    let conversions = house.conversions();
    let body = &conversions[0].body;
    assert_eq!(
        (body.credit, body.publisher),
        (Credit::ClickId, touch.publisher)
    );
    assert_eq!(body.dimensions.source.as_deref(), Some("newsletter"));
    assert_eq!(body.click, Some(touch.id));
    let totals = house.totals();
    assert_eq!(
        (totals.clicks, totals.unique_clicks, totals.approved),
        (1, 1, 1)
    );
    assert_eq!(
        (
            totals.sale_amount_minor,
            totals.revenue_minor,
            totals.payout_minor
        ),
        (10_000, 1_250, 300)
    );
}

#[test]
fn a_click_outside_the_window_does_not_match_and_the_reason_is_kept() {
    let house = House::build();
    let (mut click, mut touch) = house.click(1);
    let long_ago = Timestamp::from_millis(NOW - 31 * DAY_MS);
    click.at = long_ago;
    click.id = HitId::new(long_ago, [1; 10]);
    touch.id = click.id;
    house.send(vec![
        entry(click),
        house.sale(|_, sale| sale.click = Some(touch)),
    ]);
    let body = &house.conversions()[0].body;
    assert_eq!((body.credit, body.publisher), (Credit::Unattributed, None));
    assert!(body.notes.contains(Note::OutsideWindow));
}

#[test]
fn the_cookie_comes_after_the_click_id_and_the_coupon_after_the_cookie() {
    let house = House::build();
    let (click, touch) = house.click(1);
    house.send(vec![entry(click)]);
    let coupon = house.publisher.id;
    house.send(vec![
        house.sale(|_, sale| {
            sale.cookie_clicks = vec![touch];
            sale.coupon = Some(coupon);
        }),
        house.sale(|_, sale| sale.coupon = Some(coupon)),
        house.sale(|_, _| {}),
    ]);
    let credits: Vec<Credit> = house.conversions().iter().map(|c| c.body.credit).collect();
    assert_eq!(
        credits,
        [Credit::Unattributed, Credit::Coupon, Credit::Cookie]
    );
}

#[test]
fn a_shared_token_credits_campaign_and_publisher_without_any_click() {
    let house = House::build();
    let ids = ClickIds::new(house.store.keys().clone());
    let at = Timestamp::from_millis(NOW);
    let text = ids
        .shared(
            house.account,
            house.campaign.id,
            Some(house.publisher.id),
            at,
        )
        .unwrap();
    let shared = ids.open_shared(house.account, &text);
    house.send(vec![house.sale(|hit, sale| {
        hit.permits = Permits::default();
        sale.shared = shared;
        sale.txn = Some(Personal::new("A-1".to_owned()));
    })]);
    let body = &house.conversions()[0].body;
    assert_eq!(body.credit, Credit::SharedToken);
    assert_eq!(body.publisher, Some(house.publisher.id));
    assert_eq!((body.click, &body.txn), (None, &None));
    assert_eq!(body.at, at.quarter_start());
}

#[test]
fn a_site_alone_finds_its_only_campaign_and_is_unknown_with_two() {
    let house = House::build();
    let alone = |house: &House| house.sale(|hit, _| hit.campaign = None);
    house.send(vec![alone(&house)]);
    assert_eq!(house.conversions().len(), 1);
    let second = settings_of(&house.site, "Summer");
    house
        .store
        .create_campaign(act(Action::ChangeCampaign), house.account, second)
        .unwrap();
    house.send(vec![alone(&house)]);
    assert_eq!(
        (
            house.conversions().len(),
            house.not_counted("campaign_unknown")
        ),
        (1, 1)
    );
}
