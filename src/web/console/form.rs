//! The fields of a form or of an address: pairs in order, each as it was typed.
//! Nothing is judged here.

/// Longest body of a form, in bytes.
pub const FORM_MAX: usize = crate::model::limits::FORM_BYTES;

/// The pairs of a form.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn parse(text: &[u8]) -> Form {
        Form(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// A form with these pairs.
    pub fn of(pairs: &[(&str, &str)]) -> Form {
        let owned = pairs
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        Form(owned.collect())
    }

    /// The first value of this name, trimmed; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// The first value of this name just as it came: a password keeps its blanks.
    pub fn exact(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of this name, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        let named = self.0.iter().filter(move |(key, _)| *key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// All pairs, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Values of a field that takes several: one a line, or separated by commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.exact(name)
            .split(['\n', ','])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_the_order_of_repeated_fields() {
        let form = Form::parse(b"goal=a&goal=&goal=c&name=+x+&p=%20y%20");
        assert_eq!(form.all("goal").collect::<Vec<_>>(), ["a", "", "c"]);
        assert_eq!((form.text("name"), form.exact("p")), ("x", " y "));
        assert_eq!(form.text("absent"), "");
    }

    #[test]
    fn lists_are_typed_in_lines_or_with_commas() {
        let form = Form::parse(b"hosts=a.example%2C+b.example%0D%0A%0D%0Ac.example");
        assert_eq!(form.list("hosts"), ["a.example", "b.example", "c.example"]);
    }
}
