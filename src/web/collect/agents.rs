//! Remembers what user agents mean, a few hundred a thread, because the same few
//! come again and again. What is remembered belongs to no visitor.

use std::cell::RefCell;

use foldhash::HashMap;

use crate::model::agent::{AGENT_MAX, Agent};

/// Texts remembered a thread; then it begins anew.
const TEXTS_MAX: usize = 512;

thread_local! {
    static KNOWN: RefCell<HashMap<Box<str>, Agent>> = RefCell::default();
}

/// What a user agent tells.
pub fn agent(text: &str) -> Agent {
    if text.len() > AGENT_MAX {
        return Agent::parse(text);
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(agent) = known.get(text) {
            return *agent;
        }
        if known.len() >= TEXTS_MAX {
            known.clear();
        }
        let agent = Agent::parse(text);
        known.insert(text.into(), agent);
        agent
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_agent_is_the_same_and_memory_is_bounded() {
        let text = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let first = agent(text);
        for n in 0..2_000 {
            agent(&format!("curl/{n}"));
        }
        assert_eq!(agent(text), first);
        KNOWN.with_borrow(|known| assert!(known.len() <= TEXTS_MAX));
    }
}
