//! `export`, `readonly`, `declare` and `local`.

use super::expand::Field;
use super::parse::is_name;
use super::variables::{Content, Nature, ReadOnly};
use super::{Kind, Shell, Status, Stop, arithmetic};
use crate::dialects::Value;

/// What `export` and its like are asked to make of a name.
#[derive(Default)]
struct Wish {
    exported: Option<bool>,
    readonly: bool,
    array: bool,
    nature: Option<Nature>,
    functions: bool,
}

pub(super) fn declare(shell: &mut Shell<'_>, command: &str, words: &[Field]) -> Result<Status, Stop> {
    let mut wish = Wish::default();
    match command {
        "export" => wish.exported = Some(true),
        "readonly" => wish.readonly = true,
        _ => {}
    }
    let mut rest = words;
    while let [word, others @ ..] = rest
        && let Some(letters) = word.text.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty())
        && (word.text.starts_with('-') || matches!(command, "declare" | "typeset" | "local"))
    {
        rest = others;
        if word.text == "--" {
            break;
        }
        let allowed = match (shell.kind, command) {
            (Kind::Dash, "local") => "",
            (Kind::Dash, _) => "p",
            (Kind::Bash, "export") => "fnp",
            (Kind::Bash, "readonly") => "aAfp",
            (Kind::Bash, _) => "aAfFgiIlnrtuxp",
        };
        if letters.contains(|letter| !allowed.contains(letter)) {
            return shell.complaint(2);
        }
        let on = word.text.starts_with('-');
        for letter in letters.chars() {
            match letter {
                'n' if command == "export" => wish.exported = Some(false),
                'x' => wish.exported = Some(on),
                'r' => wish.readonly = on,
                'a' | 'A' => wish.array = on,
                'i' => wish.nature = Some(if on { Nature::Integer } else { Nature::Plain }),
                'u' => wish.nature = Some(if on { Nature::Upper } else { Nature::Plain }),
                'l' => wish.nature = Some(if on { Nature::Lower } else { Nature::Plain }),
                'f' | 'F' => wish.functions = true,
                'p' if shell.kind == Kind::Dash => return Ok(Status::ZERO),
                _ => {}
            }
        }
    }
    if wish.functions {
        let known = |word: &Field| shell.functions.contains_key(&word.text);
        return Ok(Status::Known(u8::from(!rest.iter().all(known))));
    }
    let mut status = Status::ZERO;
    for word in rest {
        let (name, value) =
            word.text.split_once('=').map_or((word.text.as_str(), None), |(name, value)| (name, Some(value)));
        if value.is_none() && !word.known && (name.is_empty() || is_name(name)) {
            continue;
        }
        let append = shell.kind == Kind::Bash && name.ends_with('+') && value.is_some();
        let name = if append { &name[..name.len() - 1] } else { name };
        // An element of an array is a name too, for bash.
        if let Some((array, index)) = name.strip_suffix(']').and_then(|name| name.split_once('['))
            && matches!(command, "declare" | "typeset" | "local")
            && shell.kind == Kind::Bash
            && is_name(array)
        {
            let at = arithmetic::number(shell, index)?;
            match (at, value) {
                (Some(at), Some(value)) => {
                    let value = if word.known { value.into() } else { Value::NeedsCommand };
                    shell.variables.set_element(array, at, value).map_err(|ReadOnly| shell.fault())?;
                }
                _ => shell.variables.make_array(array),
            }
            continue;
        }
        if !is_name(name) {
            status = shell.complaint(1)?;
            continue;
        }
        if !one(shell, command, name, value, append, word, &wish)? {
            status = Status::Known(1);
        }
    }
    Ok(status)
}

/// Declares one name; answers whether the shell lets it be.
fn one(
    shell: &mut Shell<'_>,
    command: &str,
    name: &str,
    value: Option<&str>,
    append: bool,
    word: &Field,
    wish: &Wish,
) -> Result<bool, Stop> {
    if command == "local" || (shell.calls > 0 && matches!(command, "declare" | "typeset")) {
        let before = shell.variables.saved(name);
        if let Some(locals) = shell.locals.last_mut()
            && !locals.contains_key(name)
        {
            locals.insert(name.to_owned(), before);
            if value.is_none() && shell.kind == Kind::Bash {
                shell.variables.put_back(name, None);
                shell.variables.entry(name).content = Content::Nothing;
            }
        }
    }
    let entry = shell.variables.entry(name);
    if entry.readonly && (value.is_some() || word.array.is_some()) {
        return if shell.kind == Kind::Dash { Err(shell.refused()) } else { Ok(false) };
    }
    if let Some(nature) = wish.nature {
        entry.nature = nature;
    }
    if wish.exported == Some(false) && command != "export" {
        entry.exported = false;
    }
    if wish.array {
        shell.variables.make_array(name);
    }
    if let Some(array) = &word.array {
        shell.set_array(name, array.clone())?;
    } else if let Some(value) = value {
        shell.assign_text(name, word.known.then(|| value.to_owned()), append)?;
    }
    let all_exported = shell.variables.all_exported && value.is_some();
    let entry = shell.variables.entry(name);
    entry.exported = match wish.exported {
        Some(false) if command != "export" => entry.exported,
        Some(exported) => exported,
        None => entry.exported || all_exported,
    };
    entry.readonly |= wish.readonly;
    Ok(true)
}
