//! Questions at a terminal. Asked on stderr, so that stdout stays the result.

use std::io::{self, BufRead, Read, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::failure::{Failure, Kind};

/// Asks for something that must not be seen.
///
/// Letters are read one by one, with the terminal's own echo, line editing and signals off: so
/// Ctrl-C ends here, with the terminal as it was, and not in the middle.
pub(super) fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    let answer = {
        let _quiet = Quiet::begin()?;
        ask(question)?;
        read_hidden(&mut io::stdin().lock())
    };
    eprintln!();
    match answer? {
        Some(answer) => Ok(answer),
        None => Err(Failure::new(
            Kind::Failed,
            "Interrupted; nothing was changed.",
        )),
    }
}

/// Asks for a line.
pub(super) fn line(question: &str) -> Result<String, Failure> {
    ask(question)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

fn ask(question: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(question.as_bytes())?;
    out.flush()
}

/// Reads up to Enter; nothing where the answer is Ctrl-C, or Ctrl-D or the end with no letter.
fn read_hidden(input: &mut dyn Read) -> io::Result<Option<Zeroizing<String>>> {
    const INTERRUPT: u8 = 0x03;
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

/// The terminal without echo, as long as this lives.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
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
    fn ctrl_c_ctrl_d_and_the_end_give_nothing() {
        for bytes in [b"abc\x03".as_slice(), b"\x04", b""] {
            assert_eq!(read(bytes), None);
        }
    }
}
