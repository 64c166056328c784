//! What counts, how often, and that it still does after a restart.

use std::collections::HashSet;

use super::*;
use crate::clock::DAY_MS;
use crate::ingest::merge::close_step;
use crate::model::consent::Consent;
use crate::model::consent::receipt::{KeptReceipt, Receipt, ReceiptId, Statement};
use crate::model::consent::signal::Way;
use crate::segment::{RECEIPT_COLUMNS, decode_receipts};

#[test]
fn a_transaction_counts_once_a_goal_across_restarts() {
    let house = House::build();
    let same = |house: &House| house.sale(|_, sale| sale.txn_key = Some([7; 16]));
    house.send(vec![same(&house), same(&house)]);
    let house = house.reopen();
    house.send(vec![same(&house)]);
    house.send(vec![house.sale(|_, _| {}), house.sale(|_, _| {})]);
    assert_eq!(house.conversions().len(), 3);
    assert_eq!(house.not_counted("duplicate"), 2);
    let many = |house: &House, numbers: std::ops::Range<u8>| {
        for number in numbers {
            house.send(vec![
                house.sale(|_, sale| sale.txn_key = Some([100 + number; 16])),
            ]);
        }
    };
    many(&house, 0..20);
    while crate::ingest::merge::merge_step(&house.store).unwrap() {}
    let house = house.reopen();
    many(&house, 0..22);
    assert_eq!(house.conversions().len(), 25);
    assert_eq!(house.not_counted("duplicate"), 22);
}

#[test]
fn a_step_with_many_orders_writes_all_of_them_or_none() {
    let house = House::build();
    let orders = || (0..700).map(|_| house.sale(|_, _| {}));
    let broken = entry(house.hit(Kind::Conversion));
    house.send(orders().chain([broken]).collect());
    assert!(house.conversions().is_empty());

    let house = House::build();
    house.send((0..700).map(|_| house.sale(|_, _| {})).collect());
    let ids: HashSet<_> = house.conversions().iter().map(|it| it.id).collect();
    assert_eq!((ids.len(), house.totals().conversions()), (700, 700));
}

#[test]
fn without_a_transaction_one_click_counts_once_a_goal() {
    let house = House::build();
    let (click, touch) = house.click(1);
    house.send(vec![entry(click)]);
    for _ in 0..3 {
        house.send(vec![house.sale(|_, sale| sale.click = Some(touch))]);
    }
    assert_eq!(
        (house.conversions().len(), house.not_counted("duplicate")),
        (1, 2)
    );
}

#[test]
fn another_currency_waits_for_its_rate_and_then_counts() {
    let house = House::build();
    house.send(vec![
        house.sale(|_, sale| sale.currency = "USD".parse().ok()),
    ]);
    let waiting = house.totals();
    assert_eq!((waiting.pending, waiting.pending_sale_amount_minor), (1, 0));
    assert!(
        house.conversions()[0]
            .body
            .notes
            .contains(Note::RateMissing)
    );
    house
        .store
        .update_account(act(Action::ChangeAccount), house.account, |settings| {
            settings
                .rates
                .insert("USD".to_owned(), Rate::parse("0.92")?);
            Ok(())
        })
        .unwrap();
    let counted = house.totals();
    assert_eq!((counted.pending, counted.approved), (0, 1));
    assert_eq!(
        (counted.sale_amount_minor, counted.revenue_minor),
        (9_200, 1_150)
    );
}

#[test]
fn a_visitor_is_unique_once_a_day_and_campaign_also_after_a_restart() {
    let house = House::build();
    house.send(vec![entry(house.click(1).0), entry(house.click(1).0)]);
    let house = house.reopen();
    let mut unknown = house.click(1).0;
    unknown.visitor = None;
    house.send(vec![
        entry(house.click(1).0),
        entry(house.click(2).0),
        entry(unknown),
    ]);
    let totals = house.totals();
    assert_eq!(
        (
            totals.clicks,
            totals.unique_clicks,
            totals.unidentified_clicks
        ),
        (5, 2, 1)
    );
}

#[test]
fn a_repeated_event_counts_once_also_after_a_restart() {
    let house = House::build();
    let event = |house: &House| {
        let mut hit = house.hit(Kind::View);
        hit.event = Some(EventId([3; 16]));
        entry(hit)
    };
    let verdicts = house.send(vec![event(&house), event(&house)]);
    assert_eq!(verdicts, [Verdict::Stored, Verdict::Duplicate]);
    let house = house.reopen();
    house.send(vec![event(&house)]);
    assert_eq!(
        (house.totals().views, house.not_counted("duplicate")),
        (1, 1)
    );
}

#[test]
fn a_changed_conversion_moves_the_figures_of_its_own_day() {
    let house = House::build();
    house.send(vec![house.sale(|_, _| {})]);
    let id = house.conversions()[0].id;
    let change = |status: Status| {
        house
            .store
            .change_conversion(act(Action::ChangeConversion), house.account, id, |body| {
                body.status = status;
                Ok(())
            })
            .unwrap();
    };
    change(Status::Rejected);
    let totals = house.totals();
    assert_eq!(
        (totals.approved, totals.rejected, totals.sale_amount_minor),
        (0, 1, 0)
    );
    change(Status::Approved);
    assert_eq!(
        (house.totals().approved, house.totals().revenue_minor),
        (1, 1_250)
    );
}

#[test]
fn many_small_steps_merge_into_few_segments_with_the_same_sums() {
    let house = House::build();
    for visitor in 0..20 {
        house.send(vec![entry(house.click(visitor).0)]);
    }
    let before = house.totals();
    while crate::ingest::merge::merge_step(&house.store).unwrap() {}
    let snapshot = house.store.snapshot().unwrap();
    for class in [Class::Tally, Class::Trail] {
        let left = snapshot
            .segments(house.account, class, 0..=u32::MAX)
            .unwrap();
        assert!(left.len() <= 6, "{class:?}: {}", left.len());
    }
    assert_eq!(house.totals(), before);
    assert_eq!(before.clicks, 20);
}

#[test]
fn receipts_merge_and_one_that_comes_again_later_is_still_known() {
    let answer = |id: ReceiptId, at: i64| {
        let receipt = Receipt {
            at: Timestamp::from_millis(at),
            site: None,
            posture: Posture::Strict,
            consent: Consent::default(),
            way: Way::Sdk,
            privacy_control: false,
            notice: 0,
        };
        let withdrawn = None;
        Entry::Statement(Box::new(Statement {
            id,
            receipt,
            withdrawn,
        }))
    };
    let given = |id: u8| ReceiptId([id; 16]);
    let house = House::build();
    for id in 1..=20 {
        house.send(vec![
            answer(given(id), NOW - i64::from(id)),
            answer(ReceiptId::NONE, NOW),
        ]);
    }
    let kept = |house: &House| -> Vec<KeptReceipt> {
        while crate::ingest::merge::merge_step(&house.store).unwrap() {}
        let snapshot = house.store.snapshot().unwrap();
        let days = 0..=u32::MAX;
        let keys = snapshot
            .segments(house.account, Class::Consent, days)
            .unwrap();
        assert!(keys.len() <= 7, "{}", keys.len());
        let opened = keys.iter().flat_map(|key| {
            let columns = snapshot.columns(key, RECEIPT_COLUMNS).unwrap();
            decode_receipts(&snapshot.header(key).unwrap(), &columns).unwrap()
        });
        opened.collect()
    };
    assert_eq!(kept(&house).len(), 40);
    let house = house.reopen();
    house.send(vec![answer(given(7), NOW), answer(given(21), NOW)]);
    let receipts = kept(&house);
    let sevens = receipts.iter().filter(|kept| kept.id == Some(given(7)));
    assert_eq!((receipts.len(), sevens.count()), (41, 1));

    // What is taken back is taken back, even under an id that is known already.
    let Entry::Statement(mut taken_back) = answer(given(7), NOW) else {
        unreachable!()
    };
    taken_back.withdrawn = Some(Personal::new(VisitorId([3; 16])));
    house.send(vec![Entry::Statement(taken_back)]);
    assert_eq!(kept(&house).len(), 41);
    assert!(house.store.has_withdrawals().unwrap());
}

#[test]
fn what_is_left_of_a_day_that_is_over_becomes_one_segment() {
    let house = House::build();
    for visitor in 0..5 {
        house.send(vec![entry(house.click(visitor).0)]);
    }
    let before = house.totals();
    let left = |class| {
        let snapshot = house.store.snapshot().unwrap();
        let days = 0..=u32::MAX;
        snapshot.segments(house.account, class, days).unwrap().len()
    };
    let close = |days| {
        let now = Timestamp::from_millis(NOW + days * DAY_MS);
        while close_step(&house.store, now).unwrap() {}
    };
    close(1);
    assert_eq!((left(Class::Tally), left(Class::Trail)), (5, 5));
    close(2);
    assert_eq!((left(Class::Tally), left(Class::Trail)), (1, 1));
    assert_eq!(house.totals(), before);
    // A hit that is told late closes with the next one.
    for visitor in 5..7 {
        house.send(vec![entry(house.click(visitor).0)]);
        close(2);
    }
    assert_eq!((left(Class::Tally), left(Class::Trail)), (2, 2));
    assert_eq!(house.totals().clicks, 7);
}

#[test]
fn what_was_not_counted_survives_a_restart() {
    let house = House::build();
    let clock = Clock::manual(Timestamp::from_millis(NOW));
    let (engine, _failures) = Engine::start(&house.store, clock).unwrap();
    for _ in 0..3 {
        engine
            .journal()
            .count(house.account, crate::model::reason::Reason::Bot);
    }
    engine.stop();
    let house = house.reopen();
    assert_eq!(house.not_counted("bot"), 3);
}

#[test]
fn what_is_not_counted_shows_at_once_and_once() {
    let house = House::build();
    let clock = Clock::manual(Timestamp::from_millis(NOW));
    let shown = |journal: &Journal| {
        let figures = intake(&house.store, journal, house.account).unwrap();
        figures.not_counted.get("bad_amount").copied()
    };
    for so_far in 0..3 {
        let (engine, _failures) = Engine::start(&house.store, clock.clone()).unwrap();
        let journal = engine.journal();
        journal.count(house.account, Reason::BadAmount);
        assert_eq!(shown(&journal), Some(so_far + 1));
        engine.stop();
        assert_eq!(shown(&journal), Some(so_far + 1));
        assert_eq!(journal.not_counted(house.account), []);
    }
    assert_eq!(house.not_counted("bad_amount"), 3);
}
