//! The real program: `pixelkeep serve` on a folder with one account, its site,
//! campaigns and publishers, and what the account is told through the API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pixelkeep::model::id::{AccountId, CampaignId, GoalId, PublisherId, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Outcome;
use crate::made::{CAMPAIGNS, PUBLISHERS};
use crate::process::Running;
use crate::requests::Names;

/// Settling that takes longer than this is broken.
const SETTLED_MAX: Duration = Duration::from_secs(300);

/// The longest that an account may keep single events, in days.
const TRAIL_DAYS_MAX: u32 = 396;

/// The account of a store, and by what its requests are made.
#[derive(Serialize, Deserialize, Clone)]
pub struct Setting {
    pub account: AccountId,
    pub token: String,
    pub site: SiteId,
    pub site_key: String,
    pub campaigns: Vec<CampaignId>,
    /// Two of each campaign.
    pub goals: Vec<[GoalId; 2]>,
    pub publishers: Vec<PublisherId>,
}

impl Setting {
    /// Of its first campaign and publisher.
    pub fn names(&self) -> Names {
        Names {
            campaign: self.campaigns[0].to_string(),
            goal: self.goals[0][0].to_string(),
            publisher: self.publishers[0].to_string(),
            site_key: self.site_key.clone(),
        }
    }
}

/// A server, and the token by which it is asked.
pub struct Tracker {
    running: Running,
    token: String,
}

impl Tracker {
    /// Starts `serve` on a folder and waits until it listens.
    pub fn start(folder: &Path, token: &str) -> Outcome<Tracker> {
        Tracker::start_by(pixelkeep("serve", folder), token)
    }

    /// The same by another program that runs it.
    pub fn start_by(mut command: Command, token: &str) -> Outcome<Tracker> {
        command.args(["--listen", "127.0.0.1:0", "--rate-limit", "off"]);
        command.stderr(Stdio::null());
        Ok(Tracker {
            running: Running::start(command)?,
            token: token.to_owned(),
        })
    }

    /// Makes a folder with an account and everything that it needs.
    pub fn set_up(folder: &Path) -> Outcome<Setting> {
        std::fs::create_dir_all(folder)?;
        let starting = Tracker::start(folder, "")?;
        starting.stop()?;
        let password = folder.with_extension("password");
        std::fs::write(&password, "bench only, on loopback\n")?;
        let account = make_account(folder, &password);
        std::fs::remove_file(&password)?;
        let account = account?;
        let scope = ["create", "--account", &account, "--scope", "write"];
        let token = text(&run(pixelkeep("token", folder).args(scope))?, "/token")?;
        let tracker = Tracker::start(folder, &token)?;
        let setting = tracker.furnish(&account)?;
        tracker.stop()?;
        Ok(setting)
    }

    fn furnish(&self, account: &str) -> Outcome<Setting> {
        // Or the rare sub-ids of older days would be folded while reports are compared.
        let days = json!({"trail": TRAIL_DAYS_MAX});
        ureq::patch(self.url("retention"))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .send(days.to_string())?;
        let site = json!({"name": "Shop", "hosts": ["shop.example"], "posture": "strict"});
        let site = self.post("sites", &site)?;
        let mut setting = Setting {
            account: account.parse()?,
            token: self.token.clone(),
            site: text(&site, "/id")?.parse()?,
            site_key: text(&site, "/key")?,
            campaigns: Vec::new(),
            goals: Vec::new(),
            publishers: Vec::new(),
        };
        for number in 0..PUBLISHERS {
            let publisher = json!({"name": format!("Publisher {number:02}")});
            let publisher = self.post("publishers", &publisher)?;
            setting.publishers.push(text(&publisher, "/id")?.parse()?);
        }
        for number in 0..CAMPAIGNS {
            let campaign = self.post("campaigns", &campaign(number, setting.site))?;
            setting.campaigns.push(text(&campaign, "/id")?.parse()?);
            let goal = |at: usize| text(&campaign, &format!("/goals/{at}/id"));
            setting.goals.push([goal(0)?.parse()?, goal(1)?.parse()?]);
        }
        Ok(setting)
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub fn process(&self) -> &Running {
        &self.running
    }

    /// `kill -9`.
    pub fn kill(self) -> Outcome<()> {
        self.running.kill()
    }

    pub fn stop(self) -> Outcome<()> {
        self.running.stop()
    }

    /// Waits until nothing waits, and says how long that took.
    pub fn settled(&self) -> Outcome<Duration> {
        let start = Instant::now();
        while self.intake("/waiting")? > 0 {
            if start.elapsed() > SETTLED_MAX {
                return Err("settling does not come to an end".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(start.elapsed())
    }

    /// One of the account's figures: `/accepted`, `/settled`, `/waiting`.
    pub fn intake(&self, pointer: &str) -> Outcome<u64> {
        let figures: Value = serde_json::from_str(&self.get("intake")?)?;
        let figure = figures.pointer(pointer).and_then(Value::as_u64);
        Ok(figure.ok_or_else(|| format!("{pointer} is missing"))?)
    }

    pub fn get(&self, path: &str) -> Outcome<String> {
        let answer = ureq::get(self.url(path))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()?
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()?;
        Ok(answer)
    }

    fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let answer = ureq::post(self.url(path))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .send(body.to_string())?
            .body_mut()
            .read_to_string()?;
        Ok(serde_json::from_str(&answer)?)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1/{path}", self.address())
    }
}

fn campaign(number: usize, site: SiteId) -> Value {
    let goal = |name: &str| {
        json!({
            "name": name,
            "revenue": {"kind": "percent", "percent": 10},
            "payout": {"kind": "fixed", "amount_minor": 100},
            "approval": "auto",
        })
    };
    json!({
        "name": format!("Campaign {number:02}"),
        "site_id": site,
        "landing_url": "https://shop.example/?c={click_id}&p={publisher_id}&s={source}",
        "attribution_days": 30,
        "goals": [goal("sale"), goal("lead")],
        "report_params": ["p1"],
    })
}

/// The program with one of its commands.
pub fn pixelkeep(command: &str, folder: &Path) -> Command {
    let mut pixelkeep = Command::new(program());
    // The first word is the command; flags may follow anywhere.
    pixelkeep.arg(command).arg("--data-dir").arg(folder);
    pixelkeep
}

/// `SPEED_PROGRAM` puts another build in the place of this one, to compare them.
pub fn program() -> PathBuf {
    std::env::var_os("SPEED_PROGRAM").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_pixelkeep")),
        PathBuf::from,
    )
}

fn make_account(folder: &Path, password: &Path) -> Outcome<String> {
    let mut command = pixelkeep("account", folder);
    command.args(["create", "--name", "Bench", "--owner", "bench@example.org"]);
    let account = run(command.arg("--password-file").arg(password))?;
    text(&account, "/id")
}

/// Runs a command and reads its JSON.
fn run(command: &mut Command) -> Outcome<Value> {
    let output = command.arg("--json").output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn text(value: &Value, pointer: &str) -> Outcome<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found
        .ok_or_else(|| format!("{pointer} is missing"))?
        .to_owned())
}
