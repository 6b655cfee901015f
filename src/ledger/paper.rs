//! What printed pages are made of: escaped text, templates, digests and numbers in groups.

/// Text that is HTML already.
#[derive(Debug, Clone)]
pub struct Html(pub String);

impl Html {
    /// The text with what has a meaning in HTML escaped; characters that show nothing or turn the direction are left out.
    pub fn escaped(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for c in text.chars().filter(|c| !is_hidden(*c)) {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        Self(out)
    }
}

/// Controls, and marks that a reader cannot see but that change what is seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// [`Html::escaped`].
pub fn text(text: &str) -> Html {
    Html::escaped(text)
}

/// Puts values in place of their `{name}`; what stands in a value is never taken for a name.
pub fn fill(template: &str, values: &[(&str, Html)]) -> String {
    let mut out = String::with_capacity(template.len() + 2048);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let named = after.split_once('}').and_then(|(name, after)| {
            let value = values.iter().find(|(n, _)| *n == name)?;
            Some((&value.1.0, after))
        });
        match named {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            // A bracket of the page's own, as in a style.
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A digest in groups of four characters, to be compared by eye.
pub fn grouped(hex: &str) -> String {
    hex.chars().enumerate().fold(String::new(), |mut out, (i, c)| {
        if i > 0 && i % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
        out
    })
}

/// `1 234 567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_markup_and_never_a_name_of_another_value() {
        let values = [("a", text("<b>&\"'{b}\u{202e}\n")), ("b", text("x"))];
        assert_eq!(fill("{a}|{b}|{c}|{", &values), "&lt;b&gt;&amp;&quot;&#39;{b}|x|{c}|{");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(thousands(number), expected);
        }
        assert_eq!(grouped("0123456789ab"), "0123 4567 89ab");
    }
}
