//! Values that concern a person. They can be sealed and used, but not printed:
//! no `Display`, a `Debug` that says nothing, and no way into a column unsealed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that concerns a person. `Debug` hides it, so no log can show it.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    pub fn new(value: T) -> Self {
        Personal(value)
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl Personal<String> {
    /// The same value, as hidden as before, without a copy.
    pub fn borrowed(&self) -> Personal<&str> {
        Personal(&self.0)
    }
}

impl Personal<&str> {
    /// The same value, as hidden as before, with a text of its own.
    pub fn to_owned(&self) -> Personal<String> {
        Personal(self.0.to_owned())
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_value() {
        let value = Some(Personal::new("ann@example.org".to_owned()));
        assert!(!format!("{value:?}").contains("ann"));
    }
}
