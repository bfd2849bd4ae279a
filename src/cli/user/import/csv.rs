//! CSV (RFC 4180) with a heading that names the fields, in any order.

use std::io::Read;

use ::csv::{Error, ErrorKind, Reader, StringRecord};
use serde_json::{Map, Value};

use super::{
    fields::{self, FIELDS, Found, Refusal},
    source::{Sink, Unreadable},
};

pub(super) fn read(input: impl Read, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let mut reader = Reader::from_reader(input);
    let heading = reader.headers().map_err(unreadable)?.clone();
    check(&heading)?;
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        let found = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => understand(&heading, &record),
            Err(error) => Err(refusal(error)?),
        };
        let line = record.position().map_or(line, ::csv::Position::line);
        if !sink.take(line, found) {
            return Ok(());
        }
    }
}

fn check(heading: &StringRecord) -> Result<(), Unreadable> {
    let known = FIELDS.join(",");
    let say = |what: String| {
        Err(Unreadable::Content(format!(
            "{what}; its fields are {known}"
        )))
    };
    if let Some(unknown) = heading.iter().find(|name| !FIELDS.contains(name)) {
        return say(format!("its heading names an unknown field {unknown:?}"));
    }
    for field in FIELDS {
        if heading.iter().filter(|name| *name == field).count() > 1 {
            return say(format!("its heading names {field} twice"));
        }
    }
    if !heading.iter().any(|name| name == "username") {
        return say("its heading does not name username".to_owned());
    }
    Ok(())
}

fn understand(heading: &StringRecord, record: &StringRecord) -> Result<Found, Refusal> {
    let cells = heading.iter().zip(record);
    let object: Map<String, Value> = cells
        .map(|(name, cell)| (name.to_owned(), Value::from(cell)))
        .collect();
    fields::own(object)
}

/// What is wrong with a record; trouble with the file is another matter.
fn refusal(error: Error) -> Result<Refusal, Unreadable> {
    match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Ok(Refusal::line(format!(
            "it has {len} fields and the heading {expected_len}"
        ))),
        ErrorKind::Utf8 { .. } => Ok(Refusal::line("it is no UTF-8")),
        _ => Err(unreadable(error)),
    }
}

fn unreadable(error: Error) -> Unreadable {
    match error.into_kind() {
        ErrorKind::Io(error) => Unreadable::Io(error),
        _ => Unreadable::Content("its heading is no UTF-8".to_owned()),
    }
}
