//! The events of a YAML text, followed with a bound on what aliases may repeat.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use crate::MAX_INPUT;
use crate::error::ReadError;
use crate::format::Format;

/// How deep the parts that are passed over may be nested.
const MAX_DEPTH: usize = 100;

/// The events of one text.
pub(crate) struct Events<'t> {
    parser: Parser<'t, StrInput<'t>>,
    format: Format,
    /// Scalars that were given an anchor.
    anchors: HashMap<usize, Scalar<'t>>,
    /// How many bytes aliases may still repeat.
    budget: usize,
}

/// What stands where a value can stand.
pub(crate) enum Node<'t> {
    Scalar(Scalar<'t>),
    /// The start of a mapping; its keys and values are the next events.
    Mapping,
    /// The start of a list.
    Sequence,
}

/// A scalar as it is written.
#[derive(Clone)]
pub(crate) struct Scalar<'t> {
    text: Cow<'t, str>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Without quotes and without a tag: what looks like nothing is nothing.
    Plain,
    Text,
    /// A tag says that it is nothing.
    Null,
    /// A tag says that it is something that is no text.
    Foreign,
}

impl<'t> Events<'t> {
    pub(crate) fn new(text: &'t str, format: Format) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { parser: Parser::new_from_str(text), format, anchors: HashMap::new(), budget: MAX_INPUT }
    }

    /// The top of the first document; `None` where there is no document.
    pub(crate) fn open(&mut self) -> Result<Option<Node<'t>>, ReadError> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::Nothing => {}
                Event::DocumentStart(_) => return self.node().map(Some),
                _ => return Ok(None),
            }
        }
    }

    /// The end of the document, after which no other may follow.
    pub(crate) fn close(&mut self) -> Result<(), ReadError> {
        loop {
            match self.next()? {
                Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => return Ok(()),
                _ => return Err(ReadError::SeveralDocuments),
            }
        }
    }

    /// The next key of the mapping that is open; `None` at its end.
    pub(crate) fn key(&mut self) -> Result<Option<String>, ReadError> {
        let event = self.next()?;
        if event == Event::MappingEnd {
            return Ok(None);
        }
        match self.resolve(event)? {
            Node::Scalar(scalar) => Ok(Some(scalar.text.into_owned())),
            Node::Mapping | Node::Sequence => Err(ReadError::NestedName),
        }
    }

    /// The next value.
    pub(crate) fn node(&mut self) -> Result<Node<'t>, ReadError> {
        let event = self.next()?;
        self.resolve(event)
    }

    /// Passes over the rest of a mapping or list whose start was read.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        let mut depth = 1;
        while depth > 0 {
            match self.next()? {
                Event::MappingStart(..) | Event::SequenceStart(..) if depth == MAX_DEPTH => {
                    return Err(ReadError::TooDeep);
                }
                Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                Event::Scalar(text, style, anchor, tag) => {
                    self.keep(anchor, &Scalar::new(text, style, tag.as_deref()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Event<'t>, ReadError> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => {
                let (line, column) = (error.marker().line(), error.marker().col() + 1);
                Err(ReadError::Syntax { format: self.format, line, column })
            }
            None => Ok(Event::StreamEnd),
        }
    }

    fn resolve(&mut self, event: Event<'t>) -> Result<Node<'t>, ReadError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar::new(text, style, tag.as_deref());
                self.keep(anchor, &scalar);
                Ok(Node::Scalar(scalar))
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(scalar) => {
                    self.budget = self.budget.checked_sub(scalar.text.len()).ok_or(ReadError::Aliases)?;
                    Ok(Node::Scalar(scalar.clone()))
                }
                // Only mappings and lists are not kept.
                None => Ok(Node::Mapping),
            },
            Event::SequenceStart(..) => Ok(Node::Sequence),
            _ => Ok(Node::Mapping),
        }
    }

    fn keep(&mut self, anchor: usize, scalar: &Scalar<'t>) {
        if anchor > 0 {
            self.anchors.insert(anchor, scalar.clone());
        }
    }
}

impl<'t> Scalar<'t> {
    fn new(text: Cow<'t, str>, style: ScalarStyle, tag: Option<&Tag>) -> Self {
        let kind = match tag {
            None if style == ScalarStyle::Plain => Kind::Plain,
            None => Kind::Text,
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
                "null" => Kind::Null,
                "str" | "int" | "float" | "bool" | "timestamp" => Kind::Text,
                _ => Kind::Foreign,
            },
            // A lone `!` says that it is a text.
            Some(tag) if tag.suffix.is_empty() || (tag.handle.is_empty() && tag.suffix == "!") => Kind::Text,
            Some(_) => Kind::Foreign,
        };
        Self { text, kind }
    }

    /// Whether it stands for no value at all.
    pub(crate) fn is_nothing(&self) -> bool {
        match self.kind {
            Kind::Plain => matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL"),
            Kind::Null => true,
            Kind::Text | Kind::Foreign => false,
        }
    }

    /// Its text as it is written, empty where it stands for nothing; `None` where a tag makes it
    /// something that is no text.
    pub(crate) fn into_text(self) -> Option<String> {
        match self.kind {
            _ if self.is_nothing() => Some(String::new()),
            Kind::Foreign => None,
            _ => Some(self.text.into_owned()),
        }
    }
}
