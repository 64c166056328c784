//! An account ready to collect: made by the commands, furnished by the API.

use std::ops::Deref;

use serde_json::{Value, json};

use super::api::{Api, member};
use super::server::{Folder, Server, text};

pub const PASSWORD: &str = "correct horse battery staple";

/// An account and a way to talk to it.
pub struct Account {
    pub id: String,
    pub api: Api,
}

impl Account {
    /// `account create` and `token create` beside a running server.
    #[track_caller]
    pub fn create(folder: &Folder, server: &Server) -> Account {
        Account::create_in(folder, server, "UTC")
    }

    #[track_caller]
    pub fn create_in(folder: &Folder, server: &Server, zone: &str) -> Account {
        let email = format!("owner{}@shop.example", super::marks::random_letters(8));
        Account::create_with(folder, server, &["--timezone", zone], "A shop", &email)
    }

    #[track_caller]
    pub fn create_with(
        folder: &Folder,
        server: &Server,
        more: &[&str],
        name: &str,
        email: &str,
    ) -> Account {
        let password = folder.write("password", &format!("{PASSWORD}\n"));
        let basic = [
            "account",
            "create",
            "--name",
            name,
            "--owner",
            email,
            "--password-file",
            text(&password),
        ];
        let currency: &[&str] = match more.contains(&"--currency") {
            true => &[],
            false => &["--currency", "EUR"],
        };
        let made = folder.json(&[&basic[..], currency, more].concat());
        let id = member(&made, "id");
        let api = token(folder, server, &id, "write");
        Account { id, api }
    }
}

/// A further token of an account.
#[track_caller]
pub fn token(folder: &Folder, server: &Server, account: &str, scope: &str) -> Api {
    let made = folder.json(&["token", "create", "--account", account, "--scope", scope]);
    assert!(made["id"].is_string(), "{made}");
    Api {
        client: server.client.clone(),
        token: member(&made, "token"),
    }
}

/// A server, an account, a site, a campaign with one goal, a publisher: what most
/// tests begin with.
pub struct Shop {
    pub server: Server,
    pub account: Account,
    pub site: String,
    pub site_key: String,
    pub campaign: String,
    pub goal: String,
    pub publisher: String,
    pub folder: Folder,
}

impl Deref for Shop {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.account.api
    }
}

pub const HOST: &str = "shop.example";
pub const LANDING: &str = "https://shop.example/landing?lang=en";
pub const COUPON: &str = "SPRING-24";

/// A goal whose revenue is 10 percent and whose payout is 2.00.
pub fn goal(name: &str) -> Value {
    json!({
        "name": name,
        "revenue": {"kind": "percent", "percent": 10},
        "payout": {"kind": "fixed", "amount_minor": 200},
        "approval": "auto",
    })
}

pub fn campaign(name: &str, site: &str, goals: &[Value]) -> Value {
    json!({
        "name": name,
        "site_id": site,
        "landing_url": LANDING,
        "attribution_days": 30,
        "goals": goals,
    })
}

impl Shop {
    /// A shop whose site asks for consent first.
    #[track_caller]
    pub fn strict() -> Shop {
        Shop::open(Folder::new(), "strict", "UTC")
    }

    /// A shop whose site takes silence for consent.
    #[track_caller]
    pub fn optout() -> Shop {
        Shop::open(Folder::new(), "optout", "UTC")
    }

    #[track_caller]
    pub fn open(folder: Folder, posture: &str, zone: &str) -> Shop {
        let server = folder.serve();
        let account = Account::create_in(&folder, &server, zone);
        Shop::furnish(folder, server, account, posture)
    }

    #[track_caller]
    pub fn furnish(folder: Folder, server: Server, account: Account, posture: &str) -> Shop {
        let api = &account.api;
        let (site, site_key) = api.create_site("The shop", &[HOST], posture);
        let (campaign, goals) = api.create_campaign(campaign("Spring", &site, &[goal("sale")]));
        let publisher = api.create_publisher("Blog", &[COUPON]);
        Shop {
            goal: goals[0].clone(),
            server,
            account,
            site,
            site_key,
            campaign,
            publisher,
            folder,
        }
    }

    /// The same folder served by a new process, after a clean stop.
    #[track_caller]
    pub fn restarted(self) -> Shop {
        self.served_anew(|server, _| assert_eq!(server.stop(), 0))
    }

    /// Ends the server in this way and serves the same folder by a new process.
    #[track_caller]
    pub fn served_anew(self, end: impl FnOnce(Server, &Folder)) -> Shop {
        self.served_by(end, Folder::serve)
    }

    /// The same, and the new process begins in this way.
    #[track_caller]
    pub fn served_by(
        self,
        end: impl FnOnce(Server, &Folder),
        begin: impl FnOnce(&Folder) -> Server,
    ) -> Shop {
        let Shop {
            server,
            mut account,
            folder,
            ..
        } = self;
        end(server, &folder);
        let server = begin(&folder);
        account.api.client = server.client.clone();
        Shop {
            server,
            account,
            folder,
            ..self
        }
    }

    /// `/click` of this campaign and publisher, with more of a query.
    pub fn click_path(&self, more: &str) -> String {
        let Shop {
            campaign,
            publisher,
            ..
        } = self;
        format!("/click?campaign_id={campaign}&pub_id={publisher}{more}")
    }

    /// `/pixel` of this campaign, with more of a query.
    pub fn pixel_path(&self, more: &str) -> String {
        format!("/pixel?campaign_id={}{more}", self.campaign)
    }

    /// Follows the tracking link; gives the click id of the landing page.
    #[track_caller]
    pub fn click(&self, more: &str) -> String {
        let answer = self.server.client.get(self.click_path(more));
        answer.is_redirect();
        answer.landing_parameter("click_id").expect("no click id")
    }

    /// Fires the pixel, which must be stored.
    #[track_caller]
    pub fn pixel(&self, more: &str) {
        let answer = self.server.client.get(self.pixel_path(more));
        answer.is(200, "stored");
    }

    /// A body for `/event` of this site with consent and a visitor.
    pub fn events(&self, hits: &[Value]) -> Value {
        json!({"site": self.site_key, "consent": "granted", "visitor": "0123456789abcdef0123456789abcdef", "hits": hits})
    }

    /// Sends these hits, all of which must be stored.
    #[track_caller]
    pub fn send_events(&self, hits: &[Value]) {
        for some in hits.chunks(100) {
            let answer = self.server.client.event(&self.events(some));
            assert_eq!(answer.status, 200, "{answer:?}");
            for verdict in answer.json()["verdicts"].as_array().unwrap() {
                assert_eq!(verdict["verdict"], "stored", "{verdict}");
            }
        }
    }
}
