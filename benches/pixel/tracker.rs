//! The real program under load: `pixelkeep serve` on a folder of its own, with one
//! account, site and campaign.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Outcome;
use crate::bare::Running;

/// Settling that takes longer than this is broken.
const SETTLED_MAX: Duration = Duration::from_secs(120);

pub struct Tracker {
    // Before the folder: fields go in this order.
    running: Running,
    folder: tempfile::TempDir,
    token: String,
    campaign: String,
    goal: String,
}

impl Tracker {
    pub fn start() -> Outcome<Tracker> {
        // Beside the build, because /tmp is often memory and knows no durable write.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut command = pixelkeep("serve", folder.path());
        command.args(["--listen", "127.0.0.1:0", "--rate-limit", "off"]);
        command.stderr(std::process::Stdio::null());
        let running = Running::start(command)?;
        let password = folder.path().with_extension("password");
        std::fs::write(&password, "bench only, on loopback\n")?;
        let account = make_account(folder.path(), &password);
        std::fs::remove_file(&password)?;
        let account = account?;
        let token = run(pixelkeep("token", folder.path()).args([
            "create",
            "--account",
            &account,
            "--scope",
            "write",
        ]))?;
        let mut tracker = Tracker {
            running,
            token: text(&token, "/token")?,
            folder,
            campaign: String::new(),
            goal: String::new(),
        };
        tracker.make_campaign()?;
        Ok(tracker)
    }

    fn make_campaign(&mut self) -> Outcome<()> {
        let site = self.post(
            "sites",
            &json!({"name": "Shop", "hosts": ["shop.example"], "posture": "strict"}),
        )?;
        let campaign = self.post(
            "campaigns",
            &json!({
                "name": "Bench",
                "site_id": text(&site, "/id")?,
                "landing_url": "https://shop.example/",
                "attribution_days": 30,
                "goals": [{
                    "name": "sale",
                    "revenue": {"kind": "percent", "percent": 10},
                    "payout": {"kind": "fixed", "amount_minor": 100},
                    "approval": "auto",
                }],
            }),
        )?;
        self.campaign = text(&campaign, "/id")?;
        self.goal = text(&campaign, "/goals/0/id")?;
        Ok(())
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub fn id(&self) -> u32 {
        self.running.id()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What an advertisement's image pixel asks for; a number to tell apart goes at
    /// the end.
    pub fn impression_path(&self) -> String {
        format!(
            "/imp?campaign_id={}&source=newsletter&creative=",
            self.campaign
        )
    }

    /// What a shop's image pixel asks for; the order's number goes at the end.
    pub fn conversion_path(&self) -> String {
        format!(
            "/pixel?campaign_id={}&goal_id={}&sale_amount=49.90&currency=EUR&txn_id=",
            self.campaign, self.goal
        )
    }

    /// Waits until nothing waits, and says how long that took.
    pub fn settled(&self) -> Outcome<Duration> {
        let start = Instant::now();
        while number(&self.get("intake")?, "/waiting")? > 0 {
            if start.elapsed() > SETTLED_MAX {
                return Err("settling does not come to an end".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(start.elapsed())
    }

    /// Compares what was acknowledged with what the account is told.
    pub fn check_accepted(&self, acknowledged: u64) -> Outcome<()> {
        let accepted = number(&self.get("intake")?, "/accepted")?;
        if accepted == acknowledged {
            return Ok(());
        }
        Err(format!("{acknowledged} hits were acknowledged, but {accepted} accepted").into())
    }

    fn get(&self, path: &str) -> Outcome<Value> {
        let answer = ureq::get(self.url(path))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()?
            .body_mut()
            .read_to_string()?;
        Ok(serde_json::from_str(&answer)?)
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

fn pixelkeep(command: &str, folder: &Path) -> Command {
    let mut pixelkeep = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_pixelkeep")));
    // The first word is the command; flags may follow anywhere.
    pixelkeep.arg(command).arg("--data-dir").arg(folder);
    pixelkeep
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

fn number(value: &Value, pointer: &str) -> Outcome<u64> {
    let found = value.pointer(pointer).and_then(Value::as_u64);
    Ok(found.ok_or_else(|| format!("{pointer} is missing"))?)
}
