//! The little of WebDriver that the tests speak, over plain HTTP.
//! Source: <https://www.w3.org/TR/webdriver2/>.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::eventually;
use super::http::Client;
use super::process::Process;

const DRIVER: &str = "/usr/bin/chromedriver";
const BROWSER: &str = "/usr/bin/chromium";

/// A driver of its own port.
pub struct Driver {
    process: Process,
    client: Client,
}

impl Driver {
    pub fn start(folder: &Path) -> Driver {
        for program in [DRIVER, BROWSER] {
            assert!(
                Path::new(program).exists(),
                "{program} is missing: run tests/run, which installs it"
            );
        }
        let mut command = Command::new(DRIVER);
        command.arg("--port=0").env("TMPDIR", folder);
        let mut process = Process::start(command, folder, "chromedriver");
        let port = eventually("chromedriver to listen", || {
            assert!(process.ended().is_none(), "{}", process.stderr());
            port_in(&process.stdout())
        });
        Driver {
            client: Client::new(([127, 0, 0, 1], port).into()),
            process,
        }
    }

    /// Opens a browser that knows nothing: a profile of its own in `profile`. It lets
    /// cookies through to other sites' servers only where it is told to, whatever
    /// its distribution prefers.
    pub fn session(&self, profile: &Path, third_party_cookies: bool) -> Session<'_> {
        let mut args: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        .map(str::to_owned)
        .into();
        args.push(format!("--user-data-dir={}", profile.display()));
        let prefs = json!({
            "profile.cookie_controls_mode": if third_party_cookies { 0 } else { 1 },
            "profile.block_third_party_cookies": !third_party_cookies,
        });
        let options = json!({"binary": BROWSER, "args": args, "prefs": prefs});
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "pageLoadStrategy": "normal",
        }}});
        let made = self.call("POST", "/session", &wanted);
        let id = made["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no browser: {made}\n{}", self.process.stderr()))
            .to_owned();
        Session { driver: self, id }
    }

    /// One command; an error of the driver is returned as its object.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = self.client.request(method, path);
        let request = match method {
            "POST" => request.json(body),
            _ => request,
        };
        request.send().json()["value"].take()
    }
}

/// A browser window, closed when dropped.
pub struct Session<'a> {
    driver: &'a Driver,
    id: String,
}

impl Session<'_> {
    #[track_caller]
    fn post(&self, command: &str, body: Value) -> Value {
        let path = format!("/session/{}/{command}", self.id);
        let value = self.driver.call("POST", &path, &body);
        if let Some(error) = value["error"].as_str() {
            panic!("{command} {body}: {error}: {}", value["message"]);
        }
        value
    }

    /// Goes to an address and waits until the page has loaded.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.post("url", json!({"url": url}));
    }

    pub fn address(&self) -> String {
        let path = format!("/session/{}/url", self.id);
        let value = self.driver.call("GET", &path, &Value::Null);
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a function body in the page; a promise is waited for.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
    }

    /// Clicks the first element of a CSS selector, as a person would.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let found = self.post(
            "element",
            json!({"using": "css selector", "value": selector}),
        );
        let element = found
            .as_object()
            .and_then(|object| object.values().next())
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no {selector}: {found}"))
            .to_owned();
        self.post(&format!("element/{element}/click"), json!({}));
    }

    /// Lets no page run any script from now on; what the driver asks still runs.
    #[track_caller]
    pub fn without_script(&self) {
        let params = json!({"value": true});
        let cmd = "Emulation.setScriptExecutionDisabled";
        self.post("goog/cdp/execute", json!({"cmd": cmd, "params": params}));
    }

    /// The page as it stands.
    pub fn source(&self) -> String {
        let path = format!("/session/{}/source", self.id);
        let value = self.driver.call("GET", &path, &Value::Null);
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a script gives something true.
    #[track_caller]
    pub fn until(&self, what: &str, script: &str) {
        eventually(what, || {
            (self.run(script) == Value::Bool(true)).then_some(())
        });
    }

    /// A command of the browser's own protocol.
    #[track_caller]
    pub fn cdp(&self, command: &str, params: Value) -> Value {
        let body = json!({"cmd": command, "params": params});
        self.post("goog/cdp/execute", body)
    }

    /// Every cookie of the profile, of whatever host, HttpOnly ones included.
    pub fn cookies(&self) -> Vec<Value> {
        let answer = self.cdp("Storage.getCookies", json!({}));
        answer["cookies"].as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.id);
        let _ = self.driver.client.request("DELETE", path).try_send();
    }
}

fn port_in(stdout: &str) -> Option<u16> {
    let (_, rest) = stdout.split_once("successfully on port ")?;
    let (port, _) = rest.split_once('.')?;
    port.parse().ok()
}
