//! What became of each event of a request, as its answer tells it. All but the verdicts
//! on those that are stored is known before. Never in here: why one is refused.

use super::outcome::Outcome;
use crate::ingest::Verdict;
use crate::model::reason::Reason;

/// Longest id that is given back in a verdict, in bytes.
const ID_SHOWN_MAX: usize = 64;
/// What a verdict takes besides the id, mostly.
const USUAL: usize = 32;

/// What is known of each event in order.
pub struct Verdicts {
    /// The ids as JSON, one behind the other.
    ids: String,
    events: Vec<Event>,
}

struct Event {
    id_end: usize,
    not_stored: Option<Reason>,
}

impl Verdicts {
    pub fn of(events: usize) -> Verdicts {
        Verdicts {
            ids: String::with_capacity(events * (USUAL + 2)),
            events: Vec::with_capacity(events),
        }
    }

    /// Adds an event, and why it is not to be stored.
    pub fn add(&mut self, id: Option<&str>, not_stored: Option<Reason>) {
        push_json(&mut self.ids, id.filter(|id| id.len() <= ID_SHOWN_MAX));
        self.events.push(Event {
            id_end: self.ids.len(),
            not_stored,
        });
    }

    /// The reasons of those that are not to be stored.
    pub fn refused(&self) -> impl Iterator<Item = Reason> {
        self.events.iter().filter_map(|event| event.not_stored)
    }

    /// The answer; what became of the others comes in their order.
    pub fn tell(&self, stored: &[Verdict]) -> String {
        let room = self.ids.len() + USUAL * (self.events.len() + 1);
        let mut body = String::with_capacity(room);
        let mut stored = stored.iter();
        let mut begin = "{\"verdicts\":[{\"id\":";
        let mut id_start = 0;
        for event in &self.events {
            let verdict = match (event.not_stored, stored.as_slice()) {
                (Some(reason), _) => Outcome::NotStored(reason).verdict(),
                (None, [Verdict::Duplicate, ..]) => "duplicate",
                (None, _) => Outcome::Stored.verdict(),
            };
            for part in [
                begin,
                &self.ids[id_start..event.id_end],
                ",\"verdict\":\"",
                verdict,
                "\"",
            ] {
                body.push_str(part);
            }
            match event.not_stored {
                Some(reason) => push_reason(&mut body, reason),
                None => drop(stored.next()),
            }
            body.push('}');
            begin = ",{\"id\":";
            id_start = event.id_end;
        }
        if self.events.is_empty() {
            body.push_str("{\"verdicts\":[");
        }
        body.push_str("]}");
        body
    }
}

fn push_reason(body: &mut String, reason: Reason) {
    body.push_str(",\"reason\":\"");
    body.push_str(reason.word());
    body.push('"');
}

/// A text as JSON writes it; most have nothing in them that it would escape.
fn push_json(into: &mut String, text: Option<&str>) {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\');
    match text {
        Some(text) if text.bytes().fold(true, |all, byte| all & plain(byte)) => {
            into.push('"');
            into.push_str(text);
            into.push('"');
        }
        Some(text) => into.push_str(&serde_json::Value::from(text).to_string()),
        None => into.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_told_what_became_of_it_in_order() {
        let mut verdicts = Verdicts::of(4);
        verdicts.add(Some("a"), None);
        verdicts.add(None, Some(Reason::BadId));
        verdicts.add(Some("b\"\\\u{1}é"), None);
        verdicts.add(Some(&"c".repeat(65)), Some(Reason::ConsentMissing));
        let told = verdicts.tell(&[Verdict::Duplicate, Verdict::Stored]);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(
            told,
            serde_json::json!({"verdicts": [
                {"id": "a", "verdict": "duplicate"},
                {"id": null, "verdict": "rejected", "reason": Reason::BadId.word()},
                {"id": "b\"\\\u{1}é", "verdict": "stored"},
                {"id": null, "verdict": "ignored", "reason": Reason::ConsentMissing.word()},
            ]})
        );
        let refused: Vec<Reason> = verdicts.refused().collect();
        assert_eq!(refused, [Reason::BadId, Reason::ConsentMissing]);
    }

    #[test]
    fn without_events_there_are_no_verdicts() {
        assert_eq!(Verdicts::of(0).tell(&[]), "{\"verdicts\":[]}");
    }
}
