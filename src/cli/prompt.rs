//! Questions at a terminal. Asked on stderr, so that stdout stays the result.

use std::io::{self, BufRead, Read, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::failure::{Failure, Kind};

/// What a terminal sends for Ctrl-C while its signals are off.
const INTERRUPT: u8 = 0x03;

/// Asks for something that must not be seen.
///
/// Letters are read one by one, with the terminal's own echo, line editing and signals off: so
/// Ctrl-C ends here, with the terminal as it was, and not in the middle.
pub(super) fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    let answer = Changed::hidden()
        .and_then(|_changed| ask(question).and_then(|()| read_hidden(&mut io::stdin().lock())));
    eprintln!();
    answer
        .map_err(|error| unanswered(&error))?
        .ok_or_else(interrupted)
}

/// Asks for a line. Ctrl-C ends the line, so that it ends here too.
pub(super) fn line(question: &str) -> Result<String, Failure> {
    let answer = Changed::line()
        .and_then(|_changed| ask(question).and_then(|()| read_line(&mut io::stdin().lock())));
    if let Some(answer) = answer.map_err(|error| unanswered(&error))? {
        return Ok(answer);
    }
    eprintln!();
    Err(interrupted())
}

fn interrupted() -> Failure {
    Failure::new(Kind::Interrupted, "Interrupted; nothing was changed.")
}

fn unanswered(error: &io::Error) -> Failure {
    Failure::new(
        Kind::Failed,
        format_args!("The answer cannot be read from this terminal ({error}); try another."),
    )
}

fn ask(question: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(question.as_bytes())?;
    out.flush()
}

/// Reads a line; nothing where it holds Ctrl-C, or is the end.
fn read_line(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        let (read, ended) = {
            let waiting = input.fill_buf()?;
            let end = waiting
                .iter()
                .position(|byte| [b'\n', INTERRUPT].contains(byte));
            let read = end.map_or(waiting.len(), |at| at + 1);
            bytes.extend_from_slice(&waiting[..read]);
            (read, end.is_some() || waiting.is_empty())
        };
        input.consume(read);
        if ended {
            break;
        }
    }
    if bytes.is_empty() || bytes.ends_with(&[INTERRUPT]) {
        return Ok(None);
    }
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(Some(text.trim().to_owned()))
}

/// Reads up to Enter; nothing where the answer is Ctrl-C, or Ctrl-D or the end with no letter.
fn read_hidden(input: &mut dyn Read) -> io::Result<Option<Zeroizing<String>>> {
    const END: u8 = 0x04;
    const KILL_LINE: u8 = 0x15;
    const BACKSPACES: [u8; 2] = [0x08, 0x7f];

    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    let mut byte = [0];
    while input.read(&mut byte)? == 1 {
        match byte[0] {
            b'\r' | b'\n' => return text(&bytes).map(Some),
            INTERRUPT => return Ok(None),
            END if bytes.is_empty() => return Ok(None),
            END => return text(&bytes).map(Some),
            KILL_LINE => bytes.clear(),
            code if BACKSPACES.contains(&code) => drop_letter(&mut bytes),
            letter => bytes.push(letter),
        }
    }
    if bytes.is_empty() {
        Ok(None)
    } else {
        text(&bytes).map(Some)
    }
}

/// Drops the last letter, which may be several bytes of UTF-8.
fn drop_letter(bytes: &mut Vec<u8>) {
    const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
    while bytes.pop().is_some_and(|byte| CONTINUATION.contains(&byte)) {}
}

fn text(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The terminal in another mode, as long as this lives.
struct Changed(Termios);

impl Changed {
    /// Without echo, line editing and signals.
    fn hidden() -> io::Result<Self> {
        Self::to(|mode| {
            mode.local_modes
                .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            mode.special_codes[SpecialCodeIndex::VMIN] = 1;
            mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        })
    }

    /// Without signals: Ctrl-C ends a line.
    fn line() -> io::Result<Self> {
        Self::to(|mode| {
            mode.local_modes.remove(LocalModes::ISIG);
            mode.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        })
    }

    fn to(change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut mode = before.clone();
        change(&mut mode);
        tcsetattr(io::stdin(), OptionalActions::Flush, &mode)?;
        Ok(Self(before))
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // A terminal that went away needs no echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<String> {
        read_hidden(&mut &*bytes)
            .unwrap()
            .map(|text| text.to_string())
    }

    #[test]
    fn reads_letters_and_understands_editing() {
        assert_eq!(read(b"secret\r").as_deref(), Some("secret"));
        assert_eq!(
            read("sü\u{7f}\u{7f}pässe\u{8}\n".as_bytes()).as_deref(),
            Some("päss")
        );
        assert_eq!(read(b"wrong\x15right\n").as_deref(), Some("right"));
        assert_eq!(read(b"\n").as_deref(), Some(""));
        assert_eq!(read(b"cut off").as_deref(), Some("cut off"));
    }

    #[test]
    fn a_line_ends_with_enter_or_ctrl_c() {
        let read = |bytes: &[u8]| read_line(&mut &*bytes).unwrap();
        assert_eq!(read(b" ada \nmore").as_deref(), Some("ada"));
        assert_eq!(read(b"\n").as_deref(), Some(""));
        for nothing in [b"ad\x03a\n".as_slice(), b"\x03", b""] {
            assert_eq!(read(nothing), None);
        }
        assert_eq!(interrupted().kind(), Kind::Interrupted);
    }

    #[test]
    fn ctrl_c_ctrl_d_and_the_end_give_nothing() {
        for bytes in [b"abc\x03".as_slice(), b"\x04", b""] {
            assert_eq!(read(bytes), None);
        }
    }
}
