//! The shared hand-over of an event loop.

use super::*;

fn on_event_loop<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

#[test]
fn everyone_gets_the_verdicts_of_their_own_entries() {
    let house = House::build();
    let clock = Clock::manual(Timestamp::from_millis(NOW));
    let (engine, _failures) = Engine::start(&house.store, clock).unwrap();
    let journal = engine.journal();
    let event = |number: u8| {
        let mut hit = house.hit(Kind::View);
        hit.event = Some(EventId([number; 16]));
        entry(hit)
    };
    on_event_loop(async {
        let tasks: Vec<_> = (0..40u8)
            .map(|number| {
                let journal = journal.clone();
                let account = house.account;
                let entries = vec![event(number), event(number / 2), event(100 + number)];
                tokio::task::spawn_local(async move {
                    journal.store_in_turn(account, &entries).await.unwrap()
                })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            // Number n comes first of all with task n; n / 2 was there before,
            // but for nought itself, which comes twice in its own entries.
            let expected = [Verdict::Stored, Verdict::Duplicate, Verdict::Stored];
            assert_eq!(*task.await.unwrap(), expected, "task {number}");
        }
        assert!(
            journal
                .store_in_turn::<String>(house.account, &[])
                .await
                .unwrap()
                .is_empty()
        );
    });
    engine.stop();
    assert_eq!(house.totals().views, 80);
}

#[test]
fn a_caller_who_goes_away_takes_nothing_back() {
    let house = House::build();
    let clock = Clock::manual(Timestamp::from_millis(NOW));
    let (engine, _failures) = Engine::start(&house.store, clock).unwrap();
    let journal = engine.journal();
    on_event_loop(async {
        let entries = [entry(house.hit(Kind::View))];
        let storing = journal.store_in_turn(house.account, &entries);
        tokio::select! {
            biased;
            _ = storing => panic!("stored before the writer could have seen it"),
            () = std::future::ready(()) => {}
        }
        let later = [entry(house.hit(Kind::View))];
        journal.store_in_turn(house.account, &later).await.unwrap();
    });
    engine.stop();
    assert_eq!(house.totals().views, 2);
}

#[test]
fn a_journal_that_closes_refuses_instead_of_forgetting() {
    let house = House::build();
    let clock = Clock::manual(Timestamp::from_millis(NOW));
    let (engine, _failures) = Engine::start(&house.store, clock).unwrap();
    let journal = engine.journal();
    engine.stop();
    on_event_loop(async {
        let entries = [entry(house.hit(Kind::View))];
        let refused = journal.store_in_turn(house.account, &entries).await;
        assert_eq!(refused.unwrap_err().kind(), crate::error::Kind::Busy);
    });
    assert_eq!(house.totals().views, 0);
}
