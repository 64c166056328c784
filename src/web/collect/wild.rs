//! How values of the wild are understood: placeholders that nobody filled, names
//! written twice, words that mean nothing. Pure; no parameter is known here.

/// Words that templates and scripts leave where a value belongs.
const EMPTY_WORDS: &[&str] = &["undefined", "null", "nan", "[object object]"];
const PLACEHOLDER_WORDS: &[&str] = &["OPTIONAL", "REPLACE", "TRANSACTION_ID"];

/// The value behind its own name written twice: `txn_id=txn_id=7` has the value
/// `txn_id=7`, and means `7`.
pub fn without_own_name<'v>(name: &str, value: &'v str) -> Option<&'v str> {
    value
        .strip_prefix(name)?
        .trim_start()
        .strip_prefix('=')
        .map(str::trim_start)
}

/// Whether a value is a placeholder that the page's template did not fill, or
/// contains one, as in `order-{order_id}`.
pub fn is_unfilled(value: &str) -> bool {
    PLACEHOLDER_WORDS.contains(&value)
        || EMPTY_WORDS
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
        || has_bracket(value) && (is_enclosed(value) || contains_braced_name(value))
}

/// Whether a value has a character with which some placeholder begins; most have none.
fn has_bracket(value: &str) -> bool {
    value.bytes().fold(false, |found, byte| {
        found | matches!(byte, b'{' | b'[' | b'$' | b'%' | b'<')
    })
}

/// Whether the whole value is a placeholder in its template's brackets.
pub fn is_enclosed(value: &str) -> bool {
    if !value.starts_with(['{', '[', '$', '%', '<']) {
        return false;
    }
    let inside = |open: &str, close: &str| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| !inner.is_empty())
    };
    inside("{{", "}}")
        || inside("${", "}")
        || inside("%%", "%%")
        || inside("<?", "?>")
        || inside("<%", "%>")
        || (inside("{", "}") && !value.contains(':'))
        || (inside("[", "]") && value[1..value.len() - 1].chars().all(is_name_char))
        || is_shell_name(value)
}

/// `$EMAIL`: a dollar sign and a name in capitals.
fn is_shell_name(value: &str) -> bool {
    value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ')
}

/// `{name}`, `{{ name }}` or `${name}` anywhere.
fn contains_braced_name(value: &str) -> bool {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('{') {
        if let Some((name, _)) = after.trim_start_matches('{').split_once('}')
            && !name.trim().is_empty()
            && name.chars().all(is_name_char)
        {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a value looks like an e-mail address.
pub fn is_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && host
                .split_once('.')
                .is_some_and(|(name, end)| !name.is_empty() && !end.is_empty())
            && !value.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_that_nobody_filled_are_recognised() {
        for value in [
            "{order_id}",
            "{Lead_ID}",
            "{{ order_number }}",
            "{{ order.total_price | money }}",
            "${order_id}",
            "[ORDER ID]",
            "%%ORDER%%",
            "<?php echo $order ?>",
            "$EMAIL",
            "OPTIONAL",
            "REPLACE",
            "TRANSACTION_ID",
            "undefined",
            "null",
            "NaN",
            "[object Object]",
            "order-{order_id}",
        ] {
            assert!(is_unfilled(value), "{value}");
        }
    }

    #[test]
    fn real_values_are_no_placeholders() {
        for value in [
            "10023",
            "ORDER-7",
            "nullable",
            "[1,2]",
            "{\"a\":1}",
            "{}",
            "$12.50",
            "$10OFF",
            "optional",
            "100%",
            "a{b",
        ] {
            assert!(!is_unfilled(value), "{value}");
        }
    }

    #[test]
    fn a_name_written_twice_is_taken_off() {
        assert_eq!(without_own_name("txn_id", "txn_id=7"), Some("7"));
        assert_eq!(
            without_own_name("txn_id", "txn_id={{ order_number }}"),
            Some("{{ order_number }}")
        );
        assert_eq!(without_own_name("txn_id", "txn_idx=7"), None);
        assert_eq!(without_own_name("sub1", "7"), None);
    }

    #[test]
    fn an_email_address_is_told_from_an_order_number() {
        assert!(is_email("ann@shop.example"));
        assert!(!is_email("7@8") && !is_email("@a.b") && !is_email("a b@c.d"));
    }
}
