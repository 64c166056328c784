//! A Rust file as the checks see it: code without comments, texts and tests, and
//! the texts apart. A small reader, no parser: it knows comments, literals and
//! braces, which is all that the checks need.

/// A file of `src`.
pub struct Source {
    /// Its path below `src`.
    pub name: String,
    /// The same as module names: `web/api/site.rs` is web, api, site.
    pub path: Vec<String>,
    /// The first of them.
    pub room: String,
    /// Code with comments and the insides of literals blanked, tests cut out.
    pub code: String,
    /// The texts of the code outside tests, with their lines.
    pub texts: Vec<(usize, String)>,
    /// Whether the whole file is tests.
    pub is_test: bool,
    test_modules: Vec<String>,
}

impl Source {
    pub fn read(name: &str, text: &str) -> Source {
        let mut path: Vec<String> = name
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        if path.len() > 1 && path.last().is_some_and(|last| last == "mod") {
            path.pop();
        }
        let is_test = path
            .iter()
            .any(|part| part == "tests" || part.ends_with("_tests"));
        let (code, texts) = split(text);
        let test_modules = test_modules(&code);
        let (code, cut) = without_tests(&code);
        let outside = |line: &usize| !cut.iter().any(|range| range.contains(line));
        Source {
            name: name.to_owned(),
            room: path[0].clone(),
            path,
            code,
            texts: texts
                .into_iter()
                .filter(|(line, _)| outside(line))
                .collect(),
            is_test,
            test_modules,
        }
    }

    /// Files that this one declares as tests: `#[cfg(test)] mod name;`.
    pub fn test_files(&self) -> Vec<Vec<String>> {
        let folder = match self.name.as_str() {
            "lib.rs" | "main.rs" => &[][..],
            _ => &self.path[..],
        };
        self.test_modules
            .iter()
            .map(|module| [folder, std::slice::from_ref(module)].concat())
            .collect()
    }

    /// Where a word stands in the code, as `name:line`.
    pub fn find(&self, word: &str) -> Vec<String> {
        self.code
            .lines()
            .enumerate()
            .filter(|(_, line)| has_word(line, word))
            .map(|(at, _)| format!("src/{}:{}: {word}", self.name, at + 1))
            .collect()
    }
}

/// Whether a line has this word, not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let open = word.chars().next().is_some_and(is_name) && before.is_some_and(is_name);
        let close = word.chars().next_back().is_some_and(is_name) && after.is_some_and(is_name);
        !open && !close
    })
}

/// The code with comments and insides of literals blanked, and the literals.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let mut reader = Reader {
        rest: text,
        line: 1,
        code: String::new(),
        texts: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.step();
    }
    (reader.code, reader.texts)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    texts: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.blank(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.blank(rest.find("*/").map_or(rest.len(), |at| at + 2));
        } else if let Some(end) = raw_text(rest) {
            self.text(end);
        } else if rest.starts_with('"') {
            self.text(plain_text(rest));
        } else if let Some(end) = character(rest) {
            self.blank(end);
        } else {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            self.code.push_str(&rest[..length]);
            self.pass(length);
        }
    }

    fn text(&mut self, end: usize) {
        self.texts.push((self.line, self.rest[..end].to_owned()));
        self.code.push('"');
        self.blank(end);
        self.code.push('"');
    }

    /// Passes over so many bytes and keeps only their line breaks.
    fn blank(&mut self, end: usize) {
        let breaks = self.rest[..end].matches('\n').count();
        self.code.push_str(&"\n".repeat(breaks));
        self.pass(end);
    }

    fn pass(&mut self, end: usize) {
        self.line += self.rest[..end].matches('\n').count();
        self.rest = &self.rest[end..];
    }
}

/// The length of a raw text that begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(['"', '#']))
    })?;
    let hashes = rest[prefix.len()..]
        .bytes()
        .take_while(|byte| *byte == b'#')
        .count();
    let start = prefix.len() + hashes;
    if !rest[start..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let end = rest[start + 1..].find(&close)?;
    Some(start + 1 + end + close.len())
}

/// The length of a text in quotes that begins here.
fn plain_text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal that begins here; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let mut letters = inner.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        letters.next();
        let close = letters.find(|(_, letter)| *letter == '\'')?;
        return Some(close.0 + 2);
    }
    let (at, second) = letters.next()?;
    (second == '\'').then_some(at + 2)
}

/// The names in `#[cfg(test)] mod name;`.
fn test_modules(code: &str) -> Vec<String> {
    code.split("#[cfg(test)]")
        .skip(1)
        .filter_map(|item| item[..item_end(item)].trim().strip_suffix(';'))
        .filter_map(|item| item.rsplit_once("mod "))
        .map(|(_, name)| name.trim().to_owned())
        .collect()
}

/// Blanks every item under `#[cfg(test)]`; gives the lines that were cut.
fn without_tests(code: &str) -> (String, Vec<std::ops::RangeInclusive<usize>>) {
    const MARK: &str = "#[cfg(test)]";
    let (mut kept, mut cut) = (String::new(), Vec::new());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let end = item_end(item);
        let first = kept.matches('\n').count() + 1;
        let breaks = item[..end].matches('\n').count();
        cut.push(first..=first + breaks);
        kept.push_str(&"\n".repeat(breaks));
        rest = &item[end..];
    }
    kept.push_str(rest);
    (kept, cut)
}

/// The end of an item: its semicolon, or the brace that closes its body.
fn item_end(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in item.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

#[test]
fn comments_texts_and_tests_are_no_code() {
    let text = "use a; // crate::web\n/* unwrap() */ let b = \"crate::web \\\" x\"; let c = '\"';\n\
                fn f<'a>(x: &'a str) {}\nlet r = r#\"SELECT \" 1\"#;\n\
                #[cfg(test)]\nmod tests { fn g() { x.unwrap(); } }\nfn after() {}\n";
    let source = Source::read("web/x.rs", text);
    assert!(!source.code.contains("crate::web") && !source.code.contains("unwrap"));
    assert!(source.code.contains("fn f<'a>(x: &'a str)") && source.code.contains("fn after()"));
    assert_eq!(source.find("after"), ["src/web/x.rs:7: after"]);
    assert_eq!(source.texts.len(), 2);
    assert!(source.texts[1].1.contains("SELECT"));
}

#[test]
fn a_word_is_not_found_inside_another() {
    let source = Source::read("web/x.rs", "actix_webber; my_actix_web; actix_web::x");
    assert_eq!(source.find("actix_web").len(), 1);
    assert!(
        Source::read("web/x.rs", "actix_webber; my_actix_web")
            .find("actix_web")
            .is_empty()
    );
}

#[test]
fn a_file_of_tests_is_known_by_its_name() {
    assert!(Source::read("crypto/tests.rs", "").is_test);
    assert!(!Source::read("crypto/token.rs", "").is_test);
    assert_eq!(Source::read("web/api/mod.rs", "").path, ["web", "api"]);
    let parent = Source::read("web/api/mod.rs", "#[cfg(test)]\npub mod scene;\nmod x;");
    assert_eq!(parent.test_files(), [["web", "api", "scene"]]);
}
