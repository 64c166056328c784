//! What is asked: requests as a browser makes them, with places for numbers that make
//! each one new, and how the answer to each is known to be right.

use std::net::SocketAddr;

/// Where a number goes in a request.
const NUMBER: &str = "0000000000000000";
/// Hits of one event request.
pub const EVENT_HITS: usize = 10;
/// Bytes of the image.
const GIF_BYTES: usize = 43;

/// How a kind of request is made.
pub type Make = fn(SocketAddr, &Names) -> Ask;

/// One kind of request.
#[derive(Clone)]
pub struct Ask {
    bytes: Vec<u8>,
    /// Where numbers of sixteen digits go.
    numbers: Vec<usize>,
    /// Hits in it.
    pub hits: usize,
    wanted: Wanted,
}

#[derive(Clone, Copy)]
enum Wanted {
    Gif,
    /// A GIF that says that the hit is stored.
    StoredGif,
    StoredRedirect,
    /// So many verdicts that say it.
    StoredVerdicts(usize),
}

/// Whose campaign and so on a request names.
#[derive(Clone, Default)]
pub struct Names {
    pub campaign: String,
    pub goal: String,
    pub publisher: String,
    pub site_key: String,
}

impl Ask {
    /// An advertisement's image: ten parameters.
    pub fn impression(address: SocketAddr, names: &Names) -> Ask {
        let path = format!(
            "/imp?campaign_id={}&pub_id={}&consent=1&source=newsletter&creative=banner-7\
             &p1=c-0042&p2={NUMBER}&p3=spring&sub1=a&url=https%3A%2F%2Fnews.example%2Fstory",
            names.campaign, names.publisher
        );
        Ask::get(address, &path, Wanted::StoredGif)
    }

    /// A shop's image, each a new order: ten parameters.
    pub fn conversion(address: SocketAddr, names: &Names) -> Ask {
        Ask::get(address, &conversion_path(names), Wanted::StoredGif)
    }

    /// The same of a server that only answers the image.
    pub fn bare(address: SocketAddr, names: &Names) -> Ask {
        Ask::get(address, &conversion_path(names), Wanted::Gif)
    }

    pub fn click(address: SocketAddr, names: &Names) -> Ask {
        let path = format!(
            "/click?campaign_id={}&pub_id={}&consent=1&source=newsletter&creative=banner-7\
             &p1=c-0042&p2={NUMBER}&p3=spring",
            names.campaign, names.publisher
        );
        Ask::get(address, &path, Wanted::StoredRedirect)
    }

    /// Nine page views and a sale, as the SDK sends them.
    pub fn event(address: SocketAddr, names: &Names) -> Ask {
        let view = |at: usize| {
            format!(
                "{{\"id\":\"{at:016}{NUMBER}\",\"type\":\"view\",\"age_ms\":{},\
                 \"url\":\"https://shop.example/beans/{at}\",\"referrer\":\"https://shop.example/\"}}",
                at * 350
            )
        };
        let sale = format!(
            "{{\"id\":\"{:016}{NUMBER}\",\"type\":\"conversion\",\"age_ms\":10,\"goal\":\"sale\",\
             \"url\":\"https://shop.example/thanks\",\"sale_amount\":\"49.90\",\"currency\":\"EUR\",\
             \"txn_id\":\"T{NUMBER}\",\"sub1\":\"a\"}}",
            99
        );
        let mut hits: Vec<String> = (1..EVENT_HITS).map(view).collect();
        hits.push(sale);
        let body = format!(
            "{{\"site\":\"{}\",\"consent\":\"1\",\"visitor\":\"0123456789abcdef0123456789abcdef\",\
             \"hits\":[{}]}}",
            names.site_key,
            hits.join(",")
        );
        let head = head("POST", "/event", address);
        let length = body.len();
        let request =
            format!("{head}Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}");
        Ask::new(request, EVENT_HITS, Wanted::StoredVerdicts(EVENT_HITS))
    }

    fn get(address: SocketAddr, path: &str, wanted: Wanted) -> Ask {
        let request = format!("{}\r\n", head("GET", path, address));
        Ask::new(request, 1, wanted)
    }

    fn new(request: String, hits: usize, wanted: Wanted) -> Ask {
        let numbers = request.match_indices(NUMBER).map(|(at, _)| at).collect();
        Ask {
            bytes: request.into_bytes(),
            numbers,
            hits,
            wanted,
        }
    }

    /// The request with this number in all its places.
    pub fn numbered(&mut self, number: u64) -> &[u8] {
        for &at in &self.numbers {
            write_number(&mut self.bytes[at..at + NUMBER.len()], number);
        }
        &self.bytes
    }

    /// Whether a redirect left before its hit was on the disk.
    pub fn left_early(&self, head: &[u8]) -> bool {
        matches!(self.wanted, Wanted::StoredRedirect) && says(head, b"x-pixelkeep: unconfirmed")
    }

    /// Whether an answer is the right one.
    pub fn is_answered_by(&self, head: &[u8], body: &[u8]) -> bool {
        let ok = head.starts_with(b"HTTP/1.1 200 ");
        match self.wanted {
            Wanted::Gif => ok && body.len() == GIF_BYTES,
            Wanted::StoredGif => ok && body.len() == GIF_BYTES && says_stored(head),
            Wanted::StoredRedirect => head.starts_with(b"HTTP/1.1 302 ") && says_stored(head),
            Wanted::StoredVerdicts(count) => {
                let stored = b"\"verdict\":\"stored\"";
                let found = body.windows(stored.len()).filter(|part| part == stored);
                ok && found.count() == count
            }
        }
    }
}

fn conversion_path(names: &Names) -> String {
    format!(
        "/pixel?campaign_id={}&goal_id={}&pub_id={}&consent=1&sale_amount=49.90&currency=EUR\
         &status=approved&source=newsletter&sub1=a&txn_id={NUMBER}",
        names.campaign, names.goal, names.publisher
    )
}

/// As Chrome makes it.
fn head(method: &str, path: &str, address: SocketAddr) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n\
         User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
         Accept: image/avif,image/webp,*/*\r\nSec-Fetch-Dest: image\r\n\
         Referer: https://shop.example/\r\n"
    )
}

/// Writes a number over the digits of another of the same length.
fn write_number(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn says_stored(head: &[u8]) -> bool {
    says(head, b"x-pixelkeep: stored")
}

fn says(head: &[u8], wanted: &[u8]) -> bool {
    head.split(|&byte| byte == b'\n')
        .any(|line| line.trim_ascii_end().eq_ignore_ascii_case(wanted))
}
