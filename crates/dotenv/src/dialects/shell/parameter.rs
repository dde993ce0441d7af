//! References: `$name`, and what `${…}` makes of a value.

use super::change::{case, replace, slice, transform, trim};
use super::expand::{self, Glyph, Mark, UNKNOWN, spread};
use super::glob::Wanted;
use super::parse::{Choice, Index, Operation, Parameter, Quoting, is_name};
use super::variables::Variable;
use super::{Kind, Shell, Status, Stop};
use crate::dialects::Value;

/// Adds what a reference comes to.
pub(super) fn expand(shell: &mut Shell<'_>, wanted: &Parameter, glyphs: &mut Vec<Glyph>) -> Result<(), Stop> {
    if matches!(wanted.operation, Operation::Names) {
        let names = shell.variables.names(&wanted.name).join(" ");
        // Every name was looked at.
        shell.fuel.spend(shell.variables.count())?;
        spread(glyphs, &names, wanted.quoting);
        return Ok(());
    }
    let mut name = wanted.name.clone();
    if wanted.indirect {
        if matches!(wanted.index, Some(Index::Each | Index::Joined)) {
            glyphs.push(UNKNOWN);
            return Ok(());
        }
        match look_up(shell, &name, wanted.index.as_ref())? {
            Variable::Set(meant) if is_parameter(&meant) => name = meant,
            Variable::Set(_) | Variable::Unset => return Err(shell.fault()),
            Variable::Unknown => {
                glyphs.push(UNKNOWN);
                return Ok(());
            }
        }
    }
    let index = if wanted.indirect { None } else { wanted.index.as_ref() };
    let joins = name == "*" || matches!(index, Some(Index::Joined));
    if joins || name == "@" || matches!(index, Some(Index::Each)) {
        return list(shell, &name, joins, wanted, glyphs);
    }
    let looked = look_up(shell, &name, index)?;
    match looked {
        Variable::Unknown if matches!(wanted.operation, Operation::Transform(None)) => Err(shell.refused()),
        Variable::Unknown => {
            glyphs.push(UNKNOWN);
            Ok(())
        }
        Variable::Set(text) => {
            shell.fuel.spend(text.len())?;
            operate(shell, &name, Some(text), wanted, glyphs)
        }
        Variable::Unset => operate(shell, &name, None, wanted, glyphs),
    }
}

fn is_parameter(name: &str) -> bool {
    let own = matches!(name, "@" | "*" | "#" | "?" | "-" | "$" | "!");
    own || is_name(name) || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn look_up(shell: &mut Shell<'_>, name: &str, index: Option<&Index>) -> Result<Variable, Stop> {
    match index {
        Some(index) => {
            let elements = shell.variables.elements(name);
            shell.fuel.spend(elements.len())?;
            expand::element(shell, &elements, index)
        }
        None => Ok(of_the_shell(shell, name)),
    }
}

/// The value of a variable or of one of the shell's own parameters.
fn of_the_shell(shell: &Shell<'_>, name: &str) -> Variable {
    match name.bytes().next().unwrap_or(b'0') {
        b'0' if name == "0" => Variable::Unknown,
        b'0'..=b'9' => {
            let place = name.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
            let argument = place.and_then(|place| shell.arguments.get(place));
            argument.map_or(Variable::Unset, |argument| Variable::Set(argument.clone()))
        }
        b'#' => Variable::Set(shell.arguments.len().to_string()),
        b'?' => match shell.status {
            Status::Known(status) => Variable::Set(status.to_string()),
            Status::Unknown => Variable::Unknown,
        },
        b'!' if !shell.ran_in_background => Variable::Unset,
        b'$' | b'!' => Variable::Unknown,
        b'-' if shell.options_changed => Variable::Unknown,
        b'-' => Variable::Set(if shell.kind == Kind::Dash { "a" } else { "ahBc" }.to_owned()),
        _ => shell.variables.get(name),
    }
}

/// `$@`, `$*` and all elements of an array.
fn list(
    shell: &mut Shell<'_>,
    name: &str,
    joins: bool,
    wanted: &Parameter,
    glyphs: &mut Vec<Glyph>,
) -> Result<(), Stop> {
    let values: Vec<Value> = if matches!(name, "@" | "*") {
        shell.arguments.iter().map(|argument| Value::Text(argument.clone())).collect()
    } else {
        shell.variables.elements(name).into_values().collect()
    };
    shell.fuel.spend(values.iter().filter_map(Value::as_text).map(str::len).sum())?;
    if matches!(wanted.operation, Operation::Length) {
        spread(glyphs, &values.len().to_string(), wanted.quoting);
        return Ok(());
    }
    if let Operation::Choice(Choice { operator: b'-' | b'+' | b'=' | b'?', .. }) | Operation::Slice(_) =
        &wanted.operation
    {
        let whole: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
        return match (whole, &wanted.operation) {
            (Some(whole), Operation::Choice(_)) => {
                let whole = if whole.is_empty() { None } else { Some(whole.join(" ")) };
                operate(shell, name, whole, wanted, glyphs)
            }
            _ => {
                glyphs.push(UNKNOWN);
                Ok(())
            }
        };
    }
    if values.is_empty()
        && !joins
        && wanted.quoting == Quoting::Quoted
        && glyphs.last() == Some(&(' ', Mark::Empty))
    {
        // `"$@"` without arguments is no word at all.
        glyphs.pop();
    }
    for (place, value) in values.iter().enumerate() {
        if place > 0 && joins && wanted.quoting == Quoting::Quoted {
            let separators = shell.variables.get("IFS");
            let joint = match &separators {
                Variable::Set(separators) => separators.chars().next(),
                Variable::Unset | Variable::Unknown => Some(' '),
            };
            glyphs.extend(joint.map(|joint| (joint, Mark::Quoted)));
        } else if place > 0 {
            glyphs.push((' ', Mark::Break));
        }
        match value {
            Value::Text(text) => operate(shell, name, Some(text.clone()), wanted, glyphs)?,
            _ => glyphs.push(UNKNOWN),
        }
    }
    Ok(())
}

fn operate(
    shell: &mut Shell<'_>,
    name: &str,
    found: Option<String>,
    wanted: &Parameter,
    glyphs: &mut Vec<Glyph>,
) -> Result<(), Stop> {
    let quoting = wanted.quoting;
    if found.is_none() && shell.refuses_unset && !matches!(wanted.operation, Operation::Choice(_)) {
        return Err(shell.refused());
    }
    let text = match &wanted.operation {
        Operation::Choice(choice) => return choose(shell, name, found, choice, quoting, glyphs),
        Operation::Plain => Some(found.unwrap_or_default()),
        // bash counts characters only in a locale that has them; here both count bytes.
        Operation::Length => Some(found.unwrap_or_default().len().to_string()),
        Operation::Trim { operator, longest, pattern } => {
            let wanted = if *longest { Wanted::Longest } else { Wanted::Shortest };
            trim(shell, found.unwrap_or_default(), *operator, wanted, pattern)?
        }
        Operation::Slice(_) if found.is_none() => Some(String::new()),
        Operation::Slice(bounds) => slice(shell, &found.unwrap_or_default(), bounds)?,
        Operation::Replace { sign, pattern, with } => {
            replace(shell, &found.unwrap_or_default(), *sign, pattern, with)?
        }
        Operation::Case { operator, whole, pattern } => {
            case(shell, &found.unwrap_or_default(), *operator, *whole, pattern)?
        }
        Operation::Transform(None) if found.is_some() => return Err(shell.refused()),
        Operation::Transform(letter) => transform(shell, name, found, letter.unwrap_or_default()),
        Operation::Names => None,
    };
    match text {
        Some(text) => spread(glyphs, &text, quoting),
        None => glyphs.push(UNKNOWN),
    }
    Ok(())
}

/// `-`, `=`, `?` and `+`.
fn choose(
    shell: &mut Shell<'_>,
    name: &str,
    found: Option<String>,
    choice: &Choice,
    quoting: Quoting,
    glyphs: &mut Vec<Glyph>,
) -> Result<(), Stop> {
    let present = found.filter(|found| !choice.colon || !found.is_empty());
    match (choice.operator, present) {
        (b'+', None) => spread(glyphs, "", quoting),
        (b'+', Some(_)) | (b'-', None) => {
            spread(glyphs, "", quoting);
            let word = expand::glyphs(shell, &choice.word)?;
            let split = |(c, mark)| (c, if mark == Mark::Bare { Mark::Split } else { mark });
            glyphs.extend(word.into_iter().map(split));
        }
        (b'=', None) => {
            let new = expand::text(shell, &choice.word)?;
            if !is_name(name) {
                return Err(shell.fault());
            }
            shell.set(name, new.clone().map_or(Value::NeedsCommand, Value::Text))?;
            match new {
                Some(new) => spread(glyphs, &new, quoting),
                None => glyphs.push(UNKNOWN),
            }
        }
        (_, Some(found)) => spread(glyphs, &found, quoting),
        (_, None) => return Err(shell.refused()),
    }
    Ok(())
}
