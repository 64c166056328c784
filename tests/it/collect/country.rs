//! Countries from a database that the operator names: by flag, environment or file,
//! in the shapes in which such databases come.

use crate::harness::account::{Account, Shop};
use crate::harness::mmdb::{Database, Tree, Value, map};
use crate::harness::server::{Folder, text};

const HOME: ([u8; 4], usize) = ([127, 0, 0, 0], 8);
const ELSEWHERE: ([u8; 4], usize) = ([192, 0, 2, 0], 24);

fn record(name: &'static str, code: &'static str) -> Value {
    map(name, map("iso_code", Value::Text(code)))
}

/// A database in the folder that knows two networks, this machine's among them.
fn database(folder: &Folder, name: &str, tree: Tree, home: &Value) -> String {
    let bytes = Database::new(tree)
        .network(ELSEWHERE.0, ELSEWHERE.1, &record("country", "JP"))
        .network(HOME.0, HOME.1, home)
        .bytes();
    let path = folder.own().join(name);
    std::fs::write(&path, bytes).unwrap();
    text(&path).to_owned()
}

/// A shop without any database, with one click.
fn shop() -> Shop {
    let shop = Shop::strict();
    shop.click("");
    shop
}

/// The same served with these options and this environment, with one click more.
fn click_with(shop: Shop, args: &[&str], environment: &[(&str, &str)]) -> Shop {
    let args = [&["--listen", "127.0.0.1:0"], args].concat();
    let shop = shop.served_by(
        |server, _| assert_eq!(server.stop(), 0),
        |folder| folder.serve_in(&args, environment),
    );
    shop.click("");
    shop
}

#[track_caller]
fn clicks_by_country(shop: &Shop, wanted: &[(&str, i64)]) {
    let total = wanted.iter().map(|(_, clicks)| clicks).sum();
    shop.wait_clicks(total);
    let report = shop.report("&group_by=country");
    for (country, clicks) in wanted {
        assert_eq!(
            report.row("country", Some(country))["clicks"],
            *clicks,
            "{country}"
        );
    }
    assert_eq!(report.rows().len(), wanted.len(), "{}", report.0);
}

#[test]
fn the_country_of_a_hit_is_what_the_database_says_of_its_address() {
    let folder = Folder::new();
    let file = database(&folder, "v6.mmdb", Tree::V6, &record("country", "AT"));
    let server = folder.serve_with(&["--listen", "127.0.0.1:0", "--geoip", &file]);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    shop.click("");
    shop.click("&consent=1");
    shop.pixel("&sale_amount=10");
    shop.server
        .client
        .get(format!("/imp?campaign_id={}", shop.campaign))
        .is(200, "stored");
    shop.wait_settled();
    clicks_by_country(&shop, &[("AT", 2)]);
    let report = shop.report("&group_by=country");
    let row = report.row("country", Some("AT"));
    assert_eq!(
        (&row["conversions"], &row["impressions"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn flag_environment_and_file_name_the_database() {
    let mut shop = shop();
    let at = database(&shop.folder, "at.mmdb", Tree::V6, &record("country", "AT"));
    let de = database(&shop.folder, "de.mmdb", Tree::V6, &record("country", "DE"));
    let config = shop
        .folder
        .write("pixelkeep.toml", &format!("geoip = {at:?}\n"));
    let config = text(&config).to_owned();
    shop = click_with(shop, &["--geoip", &at], &[]);
    shop = click_with(shop, &[], &[("PIXELKEEP_GEOIP", &at)]);
    shop = click_with(shop, &["--config", &config], &[]);
    // The environment goes before the file, and the flag before both.
    shop = click_with(shop, &["--config", &config], &[("PIXELKEEP_GEOIP", &de)]);
    shop = click_with(shop, &["--geoip", &de], &[("PIXELKEEP_GEOIP", &at)]);
    clicks_by_country(&shop, &[("AT", 3), ("DE", 2), ("unknown", 1)]);
}

#[test]
fn every_common_shape_of_a_record_is_understood() {
    let city = Value::Map(vec![
        ("city", map("names", map("en", Value::Text("Graz")))),
        ("country", map("geoname_id", Value::U32(2_782_113))),
        ("registered_country", map("iso_code", Value::Text("CH"))),
    ]);
    let empty = Value::Map(vec![
        ("country", map("iso_code", Value::Text(""))),
        ("registered_country", map("iso_code", Value::Text("CH"))),
    ]);
    let flat = Value::Map(vec![
        ("country", Value::Text("Italy")),
        ("country_code", Value::Text("IT")),
    ]);
    let shapes = [
        (Tree::V4, record("country", "at")),
        (Tree::V6, city),
        (Tree::V6, empty),
        (Tree::V6, flat),
        (Tree::V4, map("country", Value::Text("FR"))),
        (Tree::V6, map("continent", Value::Text("Europe"))),
        (Tree::V6, Value::Text("AT")),
    ];
    let mut shop = shop();
    for (n, (tree, home)) in shapes.iter().enumerate() {
        let file = database(&shop.folder, &format!("{n}.mmdb"), *tree, home);
        shop = click_with(shop, &["--geoip", &file], &[]);
    }
    clicks_by_country(
        &shop,
        &[("AT", 1), ("CH", 2), ("FR", 1), ("IT", 1), ("unknown", 3)],
    );
}

#[test]
fn a_file_that_is_no_database_ends_with_78_and_touches_nothing() {
    let folder = Folder::new();
    let whole = Database::new(Tree::V6).network(HOME.0, HOME.1, &record("country", "AT"));
    let mut cut = whole.bytes();
    cut.truncate(cut.len() / 2);
    let own = folder.own();
    std::fs::write(own.join("cut.mmdb"), cut).unwrap();
    folder.write("words.mmdb", "country,AT\n");
    folder.write("empty.mmdb", "");
    std::fs::create_dir(own.join("folder.mmdb")).unwrap();
    for name in [
        "cut.mmdb",
        "words.mmdb",
        "empty.mmdb",
        "folder.mmdb",
        "missing.mmdb",
    ] {
        let path = own.join(name);
        let outcome = folder.command(&["serve", "--listen", "127.0.0.1:0", "--geoip", text(&path)]);
        outcome.failed_with(78);
        assert!(outcome.stderr.contains(text(&path)), "{outcome:?}");
        assert!(outcome.stderr.contains("MMDB"), "{outcome:?}");
        assert!(!outcome.stderr.contains("setup"), "{outcome:?}");
        assert!(!folder.data().exists(), "{name}: a folder was made");
    }
}
