//! A disk that stalls: the visitor is sent on all the same, and the click is stored
//! later, once. The stall is another holder of the journal's file, which makes the
//! writer wait as a slow disk does.

use rusqlite::Connection;

use crate::harness::account::Shop;
use crate::harness::eventually_is;

/// Keeps the journal from being written until it is dropped.
struct Stall(Connection);

impl Stall {
    fn of(shop: &Shop) -> Stall {
        let connection = Connection::open(shop.folder.data().join("journal.db")).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Stall(connection)
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn a_redirect_does_not_wait_for_a_stalled_disk_and_its_click_is_stored_later() {
    let shop = Shop::strict();
    let stall = Stall::of(&shop);
    let answer = shop.server.client.get(shop.click_path(""));
    answer.is(302, "unconfirmed");
    assert!(answer.header("location").is_some());
    drop(stall);
    let api = &shop.account.api;
    eventually_is("the click to be stored", 1, || api.intake().accepted);
    let intake = api.wait_settled();
    assert_eq!((intake.accepted, intake.refused("unconfirmed")), (1, 0));
    api.wait_clicks(1);
    let shop = shop.restarted();
    assert_eq!(shop.account.api.wait_settled().accepted, 1);
}

#[test]
fn a_pixel_is_not_acknowledged_before_a_stalled_disk_has_it() {
    let shop = Shop::strict();
    let stall = Stall::of(&shop);
    let (client, path) = (shop.server.client.clone(), shop.pixel_path(""));
    let pixel = std::thread::spawn(move || client.get(path));
    // A redirect gives up on the disk after a while; the pixel asked before it.
    shop.server
        .client
        .get(shop.click_path(""))
        .is(302, "unconfirmed");
    assert!(
        !pixel.is_finished(),
        "answered while nothing could be written"
    );
    drop(stall);
    pixel.join().unwrap().is(200, "stored");
    let api = &shop.account.api;
    eventually_is("both to be stored", 2, || api.intake().accepted);
}
