//! JSON lines: one object a line.

use std::io::{self, BufRead, Read as _};

use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    fields::{self, Found, Refusal},
    source::Sink,
};

/// The longest line that is looked at.
const MAX_LINE: u64 = 64 * 1024;

pub(super) fn read(mut input: impl BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    for number in 1.. {
        let mut line = Zeroizing::new(Vec::new());
        (&mut input).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let found = if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
            skip_line(&mut input)?;
            Err(Refusal::line("it is longer than 64 KiB"))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            understand(&line)
        };
        if !sink.take(number, found) {
            return Ok(());
        }
    }
    Ok(())
}

fn understand(line: &[u8]) -> Result<Found, Refusal> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => fields::own(object),
        Ok(_) => Err(Refusal::line("it is no JSON object")),
        // The parser's own words may quote what it read.
        Err(error) => Err(Refusal::line(format!(
            "it is no JSON from column {} on",
            error.column()
        ))),
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let waiting = input.fill_buf()?;
        let end = waiting.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(waiting.len(), |at| at + 1);
        let ended = end.is_some() || waiting.is_empty();
        input.consume(read);
        if ended {
            return Ok(());
        }
    }
}
