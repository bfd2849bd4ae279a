//! The parts of a log line: its date, and fields that cannot leave their place.

use std::{
    fmt::{self, Debug, Write},
    io,
    sync::Arc,
};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer, time::FormatTime},
};

use crate::{
    auth::acting::Acting,
    model::{text::misleads, time::Clock},
};

/// Dates lines in UTC, to the millisecond.
pub(super) struct UtcTime(pub(super) Arc<dyn Clock>);

impl FormatTime for UtcTime {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        write!(out, "{}", self.0.now())
    }
}

/// `name=value name=value`, with everything escaped that would break the line, move a terminal's
/// cursor or reverse the reading direction.
pub(super) struct EscapedFields;

impl<'w> FormatFields<'w> for EscapedFields {
    fn format_fields<R: RecordFields>(&self, out: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Fields {
            out,
            first: true,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Fields<'w> {
    out: Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.result.is_ok() {
            self.result = self.write(field, value);
        }
    }
}

impl Fields<'_> {
    fn write(&mut self, field: &Field, value: &dyn Debug) -> fmt::Result {
        if !std::mem::take(&mut self.first) {
            self.out.write_char(' ')?;
        }
        if field.name() != "message" {
            write!(self.out, "{}=", field.name())?;
        }
        write!(Escaped(&mut self.out), "{value:?}")
    }
}

struct Escaped<'o, 'w>(&'o mut Writer<'w>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '\n' => self.0.write_str("\\n"),
            '\r' => self.0.write_str("\\r"),
            _ if misleads(char) => write!(self.0, "{}", char.escape_unicode()),
            _ => self.0.write_char(char),
        })
    }
}

/// Lines of JSON whose strings have those characters escaped too: JSON asks it only of the first 32.
pub(super) struct EscapedJson<W>(pub(super) W);

impl<W: io::Write> io::Write for EscapedJson<W> {
    /// Takes whole lines: the subscriber writes each event at once.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut escaped = String::with_capacity(bytes.len());
        for char in String::from_utf8_lossy(bytes).chars() {
            if char != '\n' && misleads(char) {
                // Outside its strings JSON is ASCII, and all that misleads fits four digits.
                let _ = write!(escaped, "\\u{:04x}", u32::from(char));
            } else {
                escaped.push(char);
            }
        }
        if let Some(acting) = Acting::now()
            && escaped.ends_with("}\n")
        {
            escaped.truncate(escaped.len() - "}\n".len());
            let (id, address) = (acting.id(), acting.address());
            // None of these holds anything that JSON would have escaped.
            let _ = write!(escaped, r#","request":{{"id":"{id}","address":"{address}""#);
            if let Some(actor) = acting.actor() {
                let _ = write!(escaped, r#","actor":"{actor}""#);
            }
            escaped.push_str("}}\n");
        }
        self.0.write_all(escaped.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Lines of text that end with the request that they are part of.
pub(super) struct OfRequest<W>(pub(super) W);

impl<W: io::Write> io::Write for OfRequest<W> {
    /// Takes whole lines, as above.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some((acting, line)) = Acting::now().zip(bytes.strip_suffix(b"\n")) else {
            return self.0.write_all(bytes).map(|()| bytes.len());
        };
        let mut line = String::from_utf8_lossy(line).into_owned();
        let _ = write!(line, " request={} from={}", acting.id(), acting.address());
        if let Some(actor) = acting.actor() {
            let _ = write!(line, " by={actor}");
        }
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
