//! Commands inside values, as Ruby's and Symfony's loaders look for them: found, never run.

use super::Value;

/// Takes the backslash from `\$(…)`; a `$(…)` without one makes the value unknown.
pub(super) fn without_commands(text: String) -> Value {
    if !text.contains("$(") {
        return Value::Text(text);
    }
    let closes = closing_parentheses(text.as_bytes());
    let mut result = String::with_capacity(text.len());
    let mut kept = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find("$(") {
        let at = from + found;
        let Some(close) = closes[at + 1] else {
            from = at + 1;
            continue;
        };
        if at == from || text.as_bytes()[at - 1] != b'\\' || at == 0 {
            return Value::NeedsCommand;
        }
        result.push_str(&text[kept..at - 1]);
        result.push_str(&text[at..=close]);
        (kept, from) = (close + 1, close + 1);
    }
    result.push_str(&text[kept..]);
    Value::Text(result)
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
