//! Commands inside values, as Ruby's and Symfony's loaders look for them: found, never run.

/// A text in which no command is left.
pub(super) struct Shorn {
    /// The text, with nothing where a command stood.
    pub(super) text: String,
    /// Whether a command stood in it, so that only running it would tell the whole text.
    pub(super) had_commands: bool,
}

/// Takes every `$(…)` out, and the backslash from `\$(…)`.
pub(super) fn without_commands(text: String) -> Shorn {
    if !text.contains("$(") {
        return Shorn { text, had_commands: false };
    }
    let closes = closing_parentheses(text.as_bytes());
    let mut shorn = Shorn { text: String::with_capacity(text.len()), had_commands: false };
    let mut kept = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find("$(") {
        let at = from + found;
        let Some(close) = closes[at + 1] else {
            from = at + 1;
            continue;
        };
        if at > from && text.as_bytes()[at - 1] == b'\\' {
            shorn.text.push_str(&text[kept..at - 1]);
            shorn.text.push_str(&text[at..=close]);
        } else {
            shorn.text.push_str(&text[kept..at]);
            shorn.had_commands = true;
        }
        (kept, from) = (close + 1, close + 1);
    }
    shorn.text.push_str(&text[kept..]);
    shorn
}

/// For each `(` the place of its `)`, where neither it nor one inside it is empty.
fn closing_parentheses(bytes: &[u8]) -> Vec<Option<usize>> {
    let mut closes = vec![None; bytes.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => open.push((at, true)),
            b')' => {
                let Some((start, sound)) = open.pop() else { continue };
                if sound && at > start + 1 {
                    closes[start] = Some(at);
                } else if let Some((_, outer)) = open.last_mut() {
                    *outer = false;
                }
            }
            _ => {}
        }
    }
    closes
}
