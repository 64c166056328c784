//! A cache in front, nginx from the distribution, goes on serving the SDK and the
//! configuration after the origin is gone, as their headers allow it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::harness::account::Shop;
use crate::harness::http::{Answer, Client};
use crate::harness::process::Process;
use crate::harness::{eventually, free_port};

const NGINX: &str = "/usr/sbin/nginx";
/// A little more than `s-maxage` of the configuration.
const STALE_AFTER: Duration = Duration::from_secs(64);

/// A cache that keeps what the origin's headers allow, and nothing of its own mind.
fn configuration(folder: &Path, port: u16, origin: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};", folder.display()))
        .join("\n  ");
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\n\
         error_log {folder}/nginx.log;\nevents {{ worker_connections 64; }}\n\
         http {{\n  access_log off;\n  {temporary}\n  \
         proxy_cache_path {folder}/cache keys_zone=pixelkeep:1m;\n  \
         server {{\n    listen 127.0.0.1:{port};\n    location / {{\n      \
         proxy_pass {origin};\n      proxy_cache pixelkeep;\n      \
         proxy_connect_timeout 2s;\n      \
         add_header X-Cache $upstream_cache_status always;\n    }}\n  }}\n}}\n",
        folder = folder.display(),
    )
}

/// nginx in front of this shop's server.
fn cache(shop: &Shop) -> (Process, Client) {
    assert!(
        Path::new(NGINX).exists(),
        "{NGINX} is missing: run tests/run, which installs it"
    );
    let port = free_port();
    let folder = shop.folder.own();
    let file = shop.folder.write(
        "nginx.conf",
        &configuration(&folder, port, &shop.server.url()),
    );
    let mut command = Command::new(NGINX);
    command.arg("-p").arg(&folder).arg("-c").arg(&file);
    let mut process = Process::start(command, &folder, "nginx");
    eventually("nginx to listen", || {
        assert!(process.ended().is_none(), "{}", process.stderr());
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    (process, Client::new(([127, 0, 0, 1], port).into()))
}

#[track_caller]
fn served(answer: &Answer, wanted: &[&str], original: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let state = answer.header("x-cache").unwrap_or_default();
    assert!(wanted.contains(&state), "{state} is none of {wanted:?}");
    assert!(answer.body == original.body, "other bytes");
    assert_eq!(answer.header("etag"), original.header("etag"));
}

#[test]
fn sdk_and_configuration_are_served_while_the_origin_is_away() {
    let shop = Shop::strict();
    let (_nginx, front) = cache(&shop);
    let hash = shop.server.client.get("/sdk.js");
    let hash = hash
        .header("etag")
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned();
    let paths = [
        "/sdk.js".to_owned(),
        format!("/sdk.{hash}.js"),
        format!("/config/{}.json", shop.site_key),
    ];
    let originals: Vec<Answer> = paths
        .iter()
        .map(|path| shop.server.client.get(path.clone()))
        .collect();
    for (path, original) in paths.iter().zip(&originals) {
        served(&front.get(path.clone()), &["MISS"], original);
        served(&front.get(path.clone()), &["HIT"], original);
    }
    let pixel = shop.pixel_path("&txn_id=1&sale_amount=1");
    for _ in 0..2 {
        let answer = front.get(pixel.clone());
        answer.is(200, "stored");
        assert_ne!(
            answer.header("x-cache"),
            Some("HIT"),
            "a cache kept a pixel"
        );
    }
    shop.wait_refused("duplicate", 1);
    let Shop {
        server,
        folder: _folder,
        ..
    } = shop;
    assert_eq!(server.stop(), 0);
    for (path, original) in paths.iter().zip(&originals) {
        served(&front.get(path.clone()), &["HIT"], original);
    }
    // Only time makes the copies stale; nothing that could be asked tells when.
    std::thread::sleep(STALE_AFTER);
    for _ in 0..2 {
        for (path, original) in paths.iter().zip(&originals) {
            served(
                &front.get(path.clone()),
                &["HIT", "STALE", "UPDATING"],
                original,
            );
        }
    }
    let config = front.get(paths[2].clone());
    assert_ne!(
        config.header("x-cache"),
        Some("HIT"),
        "kept beyond a minute"
    );
}
