//! A small HTTP client that follows nothing, remembers nothing, and looks like a
//! browser unless told otherwise.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use ureq::http::Request as Head;

/// What an ordinary browser says of itself.
pub const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 \
     (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    pub base: String,
}

/// A request under construction.
pub struct Request<'a> {
    client: &'a Client,
    method: &'a str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(LIMIT))
            .proxy(None)
            .build();
        Client {
            agent: config.into(),
            base: format!("http://{address}"),
        }
    }

    pub fn request<'a>(&'a self, method: &'a str, path: impl Into<String>) -> Request<'a> {
        Request {
            client: self,
            method,
            path: path.into(),
            headers: vec![("user-agent".into(), BROWSER.into())],
            body: Vec::new(),
        }
    }

    #[track_caller]
    pub fn get(&self, path: impl Into<String>) -> Answer {
        self.request("GET", path).send()
    }

    /// `POST /event` with this body, as the SDK sends it.
    #[track_caller]
    pub fn event(&self, body: &Value) -> Answer {
        self.request("POST", "/event")
            .header("content-type", "text/plain;charset=UTF-8")
            .body(body.to_string())
            .send()
    }
}

impl Request<'_> {
    /// Sets a header, replacing what it was.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(value.to_string())
    }

    #[track_caller]
    pub fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        self.try_send()
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        let mut head = Head::builder()
            .method(self.method)
            .uri(format!("{}{}", self.client.base, self.path));
        for (name, value) in &self.headers {
            head = head.header(name, value);
        }
        let mut response = if matches!(self.method, "POST" | "PUT" | "PATCH") {
            self.client.agent.run(head.body(self.body)?)?
        } else {
            self.client.agent.run(head.body(())?)?
        };
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        Ok(Answer {
            status: response.status().as_u16(),
            headers,
            body: response.body_mut().read_to_vec()?,
        })
    }
}

impl Answer {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// What `X-Pixelkeep` says, or an empty text.
    pub fn said(&self) -> &str {
        self.header("x-pixelkeep").unwrap_or_default()
    }

    pub fn is_stored(&self) -> bool {
        self.said() == "stored"
    }

    /// `name=value` of the cookie it sets, if it sets one.
    pub fn cookie(&self) -> Option<String> {
        let cookie = self.header("set-cookie")?;
        Some(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// The value of a parameter of where it redirects to.
    #[track_caller]
    pub fn landing_parameter(&self, name: &str) -> Option<String> {
        let location = self.header("location").expect("no redirect");
        let url = url::Url::parse(location).unwrap();
        url.query_pairs()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// It has one of these statuses.
    #[track_caller]
    pub fn is_one_of(&self, statuses: &[u16]) -> &Self {
        assert!(
            statuses.contains(&self.status),
            "wanted one of {statuses:?}: {self:?}"
        );
        self
    }

    /// A click that was taken. One that left before its commit is no acknowledgement
    /// and may be counted a moment later: see [`super::api::Api::wait_clicks`].
    #[track_caller]
    pub fn is_redirect(&self) -> &Self {
        let taken = ["stored", "unconfirmed"].contains(&self.said());
        assert!(self.status == 302 && taken, "{self:?}");
        self
    }

    /// It has this status and says this in `X-Pixelkeep`.
    #[track_caller]
    pub fn is(&self, status: u16, said: &str) -> &Self {
        assert_eq!((self.status, self.said()), (status, said), "{self:?}");
        self
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        let text: String = self.text().chars().take(600).collect();
        write!(f, "\n{text}")
    }
}
