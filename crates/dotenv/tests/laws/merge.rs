//! What must hold of every merge.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use twinlock_dotenv::{
    Conflict, ConflictKind, Decision, Document, Entry, Merged, RightHalf, Side, Variable, merge,
};

/// Merges, and checks all that can be said without knowing what the texts are.
pub(crate) fn check(base: &str, mine: &str, theirs: &str) {
    let (base, mine, theirs) = (Document::parse(base), Document::parse(mine), Document::parse(theirs));
    one_side_alone(&base, &mine);
    one_side_alone(&base, &theirs);
    let merged = merge(&base, &mine, &theirs);
    comes_from_the_sides(&merged, &mine, &theirs);
    conflicts_say_what_happened(&merged, &mine);
    if !is_entangled(&merged) {
        loses_nothing(&merged, &base, &mine, &theirs);
        is_alike_from_the_other_side(&merged, &merge(&base, &theirs, &mine));
    }
}

/// Whether the texts could not be put together.
pub(crate) fn is_entangled(merged: &Merged<'_>) -> bool {
    merged.conflicts().iter().any(|conflict| conflict.kind == ConflictKind::Entangled)
}

fn one_side_alone(base: &Document<'_>, side: &Document<'_>) {
    for merged in [merge(base, side, base), merge(base, base, side), merge(base, side, side)] {
        assert_eq!(merged.clean(), Some(side.text()));
    }
}

fn comes_from_the_sides(merged: &Merged<'_>, mine: &Document<'_>, theirs: &Document<'_>) {
    let sides: Vec<&Variable<'_>> = mine.variables().chain(theirs.variables()).collect();
    let lefts: HashSet<&str> = sides.iter().map(|variable| variable.left()).collect();
    let halves: Vec<RightHalf<'_>> = sides.iter().map(|variable| variable.right_half()).collect();
    let values: HashSet<&str> = halves.iter().map(RightHalf::written).collect();
    let leads: HashSet<&str> = halves.iter().map(RightHalf::lead).chain([""]).collect();
    let trailing: HashSet<&str> = halves.iter().map(RightHalf::trailing).chain([""]).collect();
    let prose: HashSet<&str> = prose_lines(mine).chain(prose_lines(theirs)).collect();
    let result = Document::parse(merged.text());
    for variable in result.variables() {
        assert!(lefts.contains(variable.left()), "{variable:?}");
        let half = variable.right_half();
        assert!(values.contains(half.written()) && leads.contains(half.lead()), "{variable:?}");
        let kept_twice = || {
            let found = half.trailing();
            (0..=found.len())
                .filter(|at| found.is_char_boundary(*at))
                .any(|at| trailing.contains(&found[..at]) && trailing.contains(&found[at..]))
        };
        assert!(trailing.contains(half.trailing()) || kept_twice(), "{variable:?}");
    }
    for line in prose_lines(&result) {
        assert!(prose.contains(line), "a line of prose is in neither side");
    }
}

fn conflicts_say_what_happened(merged: &Merged<'_>, mine: &Document<'_>) {
    use ConflictKind::{
        BothAdded, BothChanged, BothRenamed, Entangled, RemovedAndChanged, RemovedAndRenamed,
        RenamedAndChanged,
    };
    for conflict in merged.conflicts() {
        let expected = match conflict.kind {
            BothAdded => [false, true, true],
            BothChanged | BothRenamed | RenamedAndChanged { .. } => [true, true, true],
            RemovedAndChanged { removed_by } | RemovedAndRenamed { removed_by } => {
                [true, removed_by == Side::Theirs, removed_by == Side::Mine]
            }
            Entangled => [false, false, false],
        };
        let found = [conflict.base.is_some(), conflict.mine.is_some(), conflict.theirs.is_some()];
        assert_eq!(found, expected, "{:?}", conflict.kind);
        let stands = &merged.text()[conflict.place.clone()];
        let stood = match conflict.kind {
            Entangled => mine.text(),
            _ => text_of(conflict.mine.as_ref()),
        };
        let added = stands.strip_prefix(stood);
        assert!(added.is_some_and(|added| matches!(added, "" | "\n" | "\r\n")), "{conflict:?}");
    }
    let names = |a: Option<Variable<'_>>, b: Option<Variable<'_>>| {
        a.is_some_and(|a| b.is_some_and(|b| a.name() == b.name()))
    };
    for conflict in merged.conflicts() {
        let (of_mine, of_theirs) =
            (names(conflict.base, conflict.mine), names(conflict.base, conflict.theirs));
        match conflict.kind {
            BothChanged | BothAdded => {
                assert!(names(conflict.mine, conflict.theirs) || (of_mine != of_theirs))
            }
            BothRenamed => assert!(!of_mine && !of_theirs),
            RenamedAndChanged { renamed_by } => {
                assert_eq!((of_mine, of_theirs), (renamed_by == Side::Theirs, renamed_by == Side::Mine));
            }
            RemovedAndChanged { .. } => assert!(of_mine || of_theirs),
            RemovedAndRenamed { .. } => assert!(!of_mine && !of_theirs),
            Entangled => assert_eq!(merged.conflicts().len(), 1),
        }
    }
    assert!(merged.resolve(|_| Decision::Keep(Side::Mine)).is_ok_and(|text| text == merged.text()));
    if let Ok(text) = merged.resolve(|_| Decision::Keep(Side::Theirs)) {
        for conflict in merged.conflicts() {
            assert!(text.contains(text_of(conflict.theirs.as_ref())));
        }
    }
}

fn text_of<'t>(variable: Option<&Variable<'t>>) -> &'t str {
    variable.map_or("", Variable::text)
}

fn loses_nothing(merged: &Merged<'_>, base: &Document<'_>, mine: &Document<'_>, theirs: &Document<'_>) {
    let result = Document::parse(merged.text());
    let of_base: HashSet<&str> = prose_lines(base).collect();
    let of_result: HashSet<&str> = prose_lines(&result).collect();
    for line in prose_lines(mine).chain(prose_lines(theirs)).filter(|line| !of_base.contains(line)) {
        assert!(of_result.contains(line), "a line of prose is lost");
    }
    let doubtful: BTreeSet<&str> = merged.conflicts().iter().flat_map(Conflict::names).collect();
    let [base, mine, theirs, result] = [base, mine, theirs, &result].map(by_name);
    let names: BTreeSet<&str> =
        [&base, &mine, &theirs].into_iter().flat_map(BTreeMap::keys).copied().collect();
    for name in names {
        let Some([base, mine, theirs]) = single([&base, &mine, &theirs], name) else { continue };
        let Some([result]) = single([&result], name) else { panic!("{name} is there twice") };
        if doubtful.contains(name) {
            continue;
        }
        let same = |a: Option<RightHalf<'_>>, b: Option<RightHalf<'_>>| match (a, b) {
            (Some(a), Some(b)) => a.same_value(&b),
            (None, None) => true,
            _ => false,
        };
        // Who changed it has it their way: the value is another, or it is new, or it is gone.
        if !same(base, mine) {
            assert!(same(result, mine), "{name} is not as mine has it");
        }
        if !same(base, theirs) {
            assert!(same(result, theirs), "{name} is not as theirs has it");
        }
        if same(base, mine) && same(base, theirs) {
            assert!(same(result, base), "nobody changed {name}");
        }
    }
}

/// The right halves of this name, if none of the texts has it twice.
fn single<'t, const N: usize>(
    texts: [&BTreeMap<&'t str, Vec<RightHalf<'t>>>; N],
    name: &str,
) -> Option<[Option<RightHalf<'t>>; N]> {
    let found = texts.map(|text| text.get(name).map_or(&[][..], Vec::as_slice));
    found.iter().all(|found| found.len() < 2).then(|| found.map(|found| found.first().copied()))
}

fn by_name<'t>(document: &Document<'t>) -> BTreeMap<&'t str, Vec<RightHalf<'t>>> {
    let mut names: BTreeMap<&str, Vec<RightHalf<'_>>> = BTreeMap::new();
    for variable in document.variables() {
        names.entry(variable.name()).or_default().push(variable.right_half());
    }
    names
}

/// From the other side the same variables conflict, for the same reasons, and the others have the
/// same values. What both sides wrote differently without changing a value may be written as
/// either has it, and prose and order may differ where both sides changed them.
fn is_alike_from_the_other_side(merged: &Merged<'_>, swapped: &Merged<'_>) {
    if is_entangled(swapped) {
        return;
    }
    let mut there: Vec<_> = merged.conflicts().iter().map(|found| told(found, found.kind)).collect();
    let mut back: Vec<_> = swapped
        .conflicts()
        .iter()
        .map(|found| {
            let [base, mine, theirs] = told(found, found.kind).1;
            (turned(found.kind), [base, theirs, mine])
        })
        .collect();
    there.sort();
    back.sort();
    assert_eq!(there, back);
    let without = |merged: &Merged<'_>| merged.resolve(|_| Decision::Write(""));
    if let (Ok(there), Ok(back)) = (without(merged), without(swapped)) {
        assert_eq!(values(&there), values(&back), "the values differ");
    }
}

type Told<'t> = (ConflictKind, [Option<(&'t str, usize)>; 3]);

fn told<'t>(conflict: &Conflict<'t>, kind: ConflictKind) -> Told<'t> {
    let told = |variable: &Option<Variable<'t>>| variable.map(|found| (found.name(), found.span().start));
    (kind, [&conflict.base, &conflict.mine, &conflict.theirs].map(told))
}

fn turned(kind: ConflictKind) -> ConflictKind {
    let other = |side| match side {
        Side::Mine => Side::Theirs,
        Side::Theirs => Side::Mine,
    };
    match kind {
        ConflictKind::RenamedAndChanged { renamed_by } => {
            ConflictKind::RenamedAndChanged { renamed_by: other(renamed_by) }
        }
        ConflictKind::RemovedAndChanged { removed_by } => {
            ConflictKind::RemovedAndChanged { removed_by: other(removed_by) }
        }
        ConflictKind::RemovedAndRenamed { removed_by } => {
            ConflictKind::RemovedAndRenamed { removed_by: other(removed_by) }
        }
        same => same,
    }
}

/// Names and values in no order, whatever the quotes around a plain value.
fn values(text: &str) -> Vec<(String, String)> {
    let value = |half: RightHalf<'_>| {
        let is_plain = !half.inner().contains(['"', '\'', '`', '\\', '$', '#', '\n', '\r']);
        (if is_plain { half.inner() } else { half.written() }).to_owned()
    };
    let document = Document::parse(text);
    let mut values: Vec<_> = document
        .variables()
        .map(|variable| (variable.name().to_owned(), value(variable.right_half())))
        .collect();
    values.sort();
    values
}

/// The lines of all prose, without their line endings.
fn prose_lines<'t>(document: &Document<'t>) -> impl Iterator<Item = &'t str> {
    let prose: Vec<&'t str> = document
        .entries()
        .iter()
        .filter_map(|entry| if let Entry::Prose(prose) = entry { Some(prose.text()) } else { None })
        .collect();
    // Whether a mark begins a line or stands alone depends on what is before it.
    let without_mark = |line: &'t str| line.trim_start_matches('\u{feff}');
    prose
        .into_iter()
        .flat_map(|text| text.split(['\n', '\r']))
        .map(without_mark)
        .filter(|line| !line.is_empty())
}
