//! Where a request begins and where its head ends, in the bytes that a client sends.
//!
//! Only for time limits: hyper reads the requests, and a byte that is misjudged here costs a
//! connection some seconds more or less. HTTP/1 is followed by lines, HTTP/2 by frames.

/// How an HTTP/2 connection begins (RFC 9113 §3.4): what reads as a head, and the rest.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";
const PREFACE_REST: u64 = 6;
/// The frames that heads come in, and the flag of the last one (RFC 9113 §6.2, §6.10).
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
/// How much of a line is kept: more than the fields that matter need.
const LINE: usize = 64;

/// How far a client's bytes have come.
pub(super) enum Framing {
    /// HTTP/1: before a head or in it.
    Head(Head),
    /// So many bytes belong to what was begun: a body, or the rest of the preface.
    Rest(u64, Box<Self>),
    /// HTTP/1: a body whose end only hyper finds. Nobody else knows where the next head begins.
    Unframed,
    /// HTTP/2.
    Frames(Frames),
}

impl Framing {
    /// Follows bytes; whether something that was begun ended in them.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> bool {
        let mut ended = false;
        while !bytes.is_empty() {
            let (taken, next) = match self {
                Self::Head(head) => head.take(bytes),
                Self::Rest(left, next) => {
                    let taken = take(left, bytes);
                    let next = (*left == 0).then(|| std::mem::take(&mut **next));
                    (taken, next)
                }
                Self::Frames(frames) => {
                    let taken = frames.take(bytes);
                    ended |= !frames.is_within();
                    (taken, None)
                }
                Self::Unframed => (bytes.len(), None),
            };
            bytes = &bytes[taken..];
            if let Some(next) = next {
                *self = next;
                ended |= !self.is_within();
            }
        }
        ended
    }

    /// Whether something is begun of which the end is still to come.
    pub(super) fn is_within(&self) -> bool {
        match self {
            Self::Head(head) => head.is_within(),
            Self::Frames(frames) => frames.is_within(),
            Self::Rest(..) | Self::Unframed => true,
        }
    }
}

/// Before the first head.
impl Default for Framing {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

/// A head of HTTP/1, line by line (RFC 9112 §2.2).
#[derive(Default)]
pub(super) struct Head {
    /// The beginning of the line that is being read.
    line: Vec<u8>,
    /// The request line has been read.
    begun: bool,
    preface: bool,
    chunked: bool,
    length: u64,
}

impl Head {
    /// Takes a line or a part of it; at the head's end, what follows.
    fn take(&mut self, bytes: &[u8]) -> (usize, Option<Framing>) {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(bytes.len());
        let room = LINE - self.line.len();
        self.line.extend_from_slice(&bytes[..taken.min(room)]);
        if end.is_none() {
            return (taken, None);
        }
        let next = match self.line.trim_ascii() {
            [] => self.begun.then(|| self.end()),
            line => {
                let line = line.to_vec();
                self.note(&line);
                None
            }
        };
        self.line.clear();
        (taken + 1, next)
    }

    fn note(&mut self, line: &[u8]) {
        if !std::mem::replace(&mut self.begun, true) {
            self.preface = line == PREFACE;
            return;
        }
        let Some((name, value)) = str::from_utf8(line).ok().and_then(|l| l.split_once(':')) else {
            return;
        };
        if name.eq_ignore_ascii_case("content-length") {
            self.length = value.trim().parse().unwrap_or(0);
        }
        self.chunked |= name.eq_ignore_ascii_case("transfer-encoding");
    }

    fn end(&self) -> Framing {
        let rest = |length, next| Framing::Rest(length, Box::new(next));
        match self.length {
            _ if self.preface => rest(PREFACE_REST, Framing::Frames(Frames::default())),
            _ if self.chunked => Framing::Unframed,
            0 => Framing::default(),
            length => rest(length, Framing::default()),
        }
    }

    /// Empty lines before a request line are nothing yet.
    fn is_within(&self) -> bool {
        self.begun || !self.line.trim_ascii().is_empty()
    }
}

/// HTTP/2, frame by frame (RFC 9113 §4.1).
#[derive(Default)]
pub(super) struct Frames {
    /// The header of the next frame, and how much of it is there.
    header: [u8; 9],
    filled: usize,
    /// What is still to come of the frame.
    left: u64,
    /// A head goes on in the next frame.
    open: bool,
}

impl Frames {
    fn take(&mut self, bytes: &[u8]) -> usize {
        if self.left > 0 {
            return take(&mut self.left, bytes);
        }
        let taken = bytes.len().min(self.header.len() - self.filled);
        self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
        self.filled += taken;
        if self.filled == self.header.len() {
            let [high, middle, low, kind, flags, ..] = self.header;
            self.left = u32::from_be_bytes([0, high, middle, low]).into();
            self.filled = 0;
            if matches!(kind, HEADERS | CONTINUATION) {
                self.open = flags & END_HEADERS == 0;
            }
        }
        taken
    }

    fn is_within(&self) -> bool {
        self.filled > 0 || self.left > 0 || self.open
    }
}

/// Takes what is left, as far as it is there.
fn take(left: &mut u64, bytes: &[u8]) -> usize {
    let taken = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= taken as u64;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `bytes` leave something begun, however they are cut.
    fn within(bytes: &[u8]) -> bool {
        let mut whole = Framing::default();
        whole.follow(bytes);
        let mut piecemeal = Framing::default();
        for byte in bytes {
            piecemeal.follow(&[*byte]);
        }
        assert_eq!(whole.is_within(), piecemeal.is_within(), "{bytes:?}");
        whole.is_within()
    }

    #[test]
    fn heads_of_http_1_end_with_an_empty_line() {
        let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let post = b"\r\nPOST / HTTP/1.1\nContent-Length: 3\n\nabc";
        for ended in [&b""[..], b"\r\n", get, post, &[*get, *get].concat()] {
            assert!(!within(ended), "{ended:?}");
            for begun in [
                &b"G"[..],
                b"\r\nGET / HTTP/1.1\r\n",
                b"GET / HTTP/1.1\r\na: b\r",
            ] {
                assert!(within(&[ended, begun].concat()));
            }
        }
        assert!(within(&post[..post.len() - 1]));
        assert!(within(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ));
    }

    #[test]
    fn frames_of_http_2_end_where_they_say() {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let ping = b"\0\0\x08\x06\0\0\0\0\0pingpong";
        let open = b"\0\0\x01\x01\0\0\0\0\x01x";
        let close = b"\0\0\0\x09\x04\0\0\0\x01";
        let all = [&preface[..], ping, ping].concat();
        assert!(within(&preface[..20]) && !within(preface) && !within(&all));
        assert!(within(&all[..all.len() - 1]) && within(&[&all[..], b"\0\0"].concat()));
        let open = [&all[..], open].concat();
        assert!(within(&open) && !within(&[&open[..], close].concat()));
    }

    #[test]
    fn an_end_is_told_even_where_something_new_begins() {
        let mut framing = Framing::default();
        assert!(!framing.follow(b"GET / HTTP/1.1\r\n"));
        assert!(framing.follow(b"\r\nGET"));
        assert!(!framing.follow(b" / HTTP/1.1\r\n") && framing.is_within());
    }
}
