//! YAML as Grav writes accounts: one document a user, named like the file.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde_json::{Map, Value};

use super::{
    access,
    fields::{self, Found, Refusal},
    source::{Sink, Unreadable},
};
use crate::auth::import::Arrival;

/// How deep values may be nested.
const DEPTH: usize = 32;

/// Reads the documents of a file; a user is called as `username` says, or like the file.
pub(super) fn read(text: &str, stem: Option<&str>, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let mut documents = Documents(Parser::new_from_str(text));
    loop {
        match documents.next() {
            Ok(Some((line, document))) => {
                if !sink.take(line, account(document, stem)) {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(Broken { line, what }) => {
                return Err(Unreadable::Content(format!("its line {line} {what}")));
            }
        }
    }
}

/// An account of Grav. What Signet has no place for is named and left.
fn account(document: Value, stem: Option<&str>) -> Result<Found, Refusal> {
    let Value::Object(mut object) = document else {
        return Err(Refusal::line("the document is no mapping"));
    };
    let named = fields::text(&mut object, "username", "username")?;
    let username = named.or_else(|| stem.map(str::to_owned));
    let email = fields::text(&mut object, "email", "email")?;
    let hash = fields::text(&mut object, "hashed_password", "password_hash")?;
    let plain = fields::text(&mut object, "password", "password")?;
    if hash.is_none() && plain.is_some() {
        let why = "there is a password and no hashed_password: Grav makes the hash at the user's \
                   next login, or set a new one there";
        return Err(Refusal::new("password", why));
    }
    let disabled = match fields::text(&mut object, "state", "state")?.as_deref() {
        None | Some("enabled") => false,
        Some("disabled") => true,
        Some(_) => return Err(Refusal::new("state", "it is neither enabled nor disabled")),
    };
    let (grants, not_granted) = access::grants(object.remove("access").unwrap_or_default())?;
    let missing = "it is missing; name the file like the user, or add username";
    let arrival = Arrival {
        username: username.ok_or_else(|| Refusal::new("username", missing))?,
        email,
        grants,
        disabled,
        password_hash: fields::hash(hash),
    };
    Ok(Found {
        arrival,
        not_granted,
        ignored: object.keys().cloned().collect(),
    })
}

struct Documents<'t>(Parser<'t, StrInput<'t>>);

struct Broken {
    line: usize,
    what: &'static str,
}

impl From<ScanError> for Broken {
    fn from(error: ScanError) -> Self {
        let line = error.marker().line();
        Self {
            line,
            what: "is no YAML",
        }
    }
}

impl<'t> Documents<'t> {
    /// The next document, and the line where its content begins.
    fn next(&mut self) -> Result<Option<(u64, Value)>, Broken> {
        loop {
            match self.event()? {
                None | Some((Event::StreamEnd, _)) => return Ok(None),
                Some((Event::DocumentStart(_), _)) => {
                    let Some((event, span)) = self.event()? else {
                        return Ok(None);
                    };
                    let line = span.start.line() as u64;
                    return Ok(Some((line, self.value(event, &span, 0)?)));
                }
                Some(_) => {}
            }
        }
    }

    fn event(&mut self) -> Result<Option<(Event<'t>, Span)>, Broken> {
        Ok(self.0.next_event().transpose()?)
    }

    /// The value that begins with `event`. Aliases are refused: a few lines of them make a file of
    /// any size, and Grav writes none.
    fn value(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<Value, Broken> {
        let broken = |what| Broken {
            line: span.start.line(),
            what,
        };
        if depth > DEPTH {
            return Err(broken("is nested too deep"));
        }
        match event {
            Event::Scalar(text, style, ..) => Ok(scalar(&text, style)),
            Event::SequenceStart(..) => {
                let mut list = Vec::new();
                while let Some((event, span)) = self.event()? {
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    list.push(self.value(event, &span, depth + 1)?);
                }
                Ok(Value::Array(list))
            }
            Event::MappingStart(..) => self.mapping(depth),
            Event::Alias(_) => Err(broken("uses an alias, which is not taken")),
            _ => Err(broken("is no YAML")),
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Broken> {
        let mut object = Map::new();
        while let Some((event, span)) = self.event()? {
            let line = span.start.line();
            let name = match event {
                Event::MappingEnd => break,
                Event::Scalar(name, ..) => name.into_owned(),
                _ => {
                    let what = "has a key that is no text";
                    return Err(Broken { line, what });
                }
            };
            let Some((event, span)) = self.event()? else {
                break;
            };
            let value = self.value(event, &span, depth + 1)?;
            if object.insert(name, value).is_some() {
                let what = "has a key that was there before";
                return Err(Broken { line, what });
            }
        }
        Ok(Value::Object(object))
    }
}

/// A scalar of the core schema, as far as accounts need it: null, true and false, or text.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null") => Value::Null,
        (ScalarStyle::Plain, "true" | "True" | "TRUE") => Value::Bool(true),
        (ScalarStyle::Plain, "false" | "False" | "FALSE") => Value::Bool(false),
        _ => Value::from(text),
    }
}
