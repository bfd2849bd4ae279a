//! Paths: those of requests, which must mean one thing to everybody, and the prefixes of rules.

use std::{fmt, str::FromStr};

/// The path of a request, decoded once. It exists only if it can be read in one way: what servers
/// decode, cut or join in different ways is refused, never put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalPath(String);

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not begin with `/`.
    #[error("does not begin with `/`")]
    Relative,
    /// A segment is `.` or `..`.
    #[error("has a dot segment")]
    DotSegment,
    /// Two slashes in a row.
    #[error("has two slashes in a row")]
    EmptySegment,
    /// An encoded `/`, `.`, `\` or `;`.
    #[error("has an encoded slash, dot, backslash or semicolon")]
    EncodedDelimiter,
    /// Encoded twice: what is decoded once is an encoding again.
    #[error("is encoded twice")]
    EncodedTwice,
    /// `%` without two hexadecimal digits.
    #[error("has a percent sign that encodes nothing")]
    Encoding,
    /// `\`, `;`, `#` or a space.
    #[error("has a backslash, semicolon, number sign or space")]
    Delimiter,
    /// Control characters, encoded or not.
    #[error("has control characters")]
    Control,
    /// It is not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
}

impl OriginalPath {
    /// Reads the raw path of a request, without its query.
    pub fn read(raw: &[u8]) -> Result<Self, PathError> {
        if raw.first() != Some(&b'/') {
            return Err(PathError::Relative);
        }
        let mut decoded = Vec::with_capacity(raw.len());
        let mut encodes_percent = false;
        let mut rest = raw;
        while let [byte, tail @ ..] = rest {
            let (byte, tail) = match byte {
                b'%' => {
                    let (byte, tail) = escaped(tail).ok_or(PathError::Encoding)?;
                    if b"/.\\;".contains(&byte) {
                        return Err(PathError::EncodedDelimiter);
                    }
                    encodes_percent |= byte == b'%';
                    (byte, tail)
                }
                b'\\' | b';' | b'#' | b' ' => return Err(PathError::Delimiter),
                other => (*other, tail),
            };
            decoded.push(byte);
            rest = tail;
        }
        let text = String::from_utf8(decoded).map_err(|_| PathError::NotUtf8)?;
        if text.chars().any(char::is_control) {
            return Err(PathError::Control);
        }
        if encodes_percent && is_encoded(&text) {
            return Err(PathError::EncodedTwice);
        }
        if text.contains("//") {
            return Err(PathError::EmptySegment);
        }
        if text.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(PathError::DotSegment);
        }
        Ok(Self(text))
    }

    /// Its text, decoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The byte that two hexadecimal digits encode, and what follows them.
fn escaped(after_percent: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, rest @ ..] = after_percent else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let value = digit(high)? << 4 | digit(low)?;
    Some((u8::try_from(value).ok()?, rest))
}

fn is_encoded(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .any(|after| escaped(after.as_bytes()).is_some())
}

/// The beginning of paths, by whole segments: `/api` covers `/api` and `/api/x`, not `/apix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

/// The text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// It is no path that a request could have.
    #[error("a path that {0} covers nothing")]
    Path(#[from] PathError),
    /// It ends with `/`.
    #[error("write a path without the slash at its end: whole segments are meant anyway")]
    Slash,
    /// It is encoded, or has a query.
    #[error("write a path as it is read, without `%`, `?` and `*`")]
    Encoded,
}

impl Prefix {
    /// What every path begins with.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a path begins with it.
    #[must_use]
    pub fn covers(&self, path: &OriginalPath) -> bool {
        self.begins(path.as_str())
    }

    /// Whether a path would begin with it if upper and lower case were one, as they are to some
    /// applications.
    #[must_use]
    pub fn covers_in_any_case(&self, path: &OriginalPath) -> bool {
        Self(self.0.to_lowercase()).begins(&path.as_str().to_lowercase())
    }

    /// Whether every path that begins with `other` begins with it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.begins(&other.0)
    }

    fn begins(&self, path: &str) -> bool {
        let stem = self.0.trim_end_matches('/');
        path.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        if text.contains(['%', '?', '*']) {
            return Err(PrefixError::Encoded);
        }
        let OriginalPath(path) = OriginalPath::read(text.replace(' ', "%20").as_bytes())?;
        if path != "/" && path.ends_with('/') {
            return Err(PrefixError::Slash);
        }
        Ok(Self(path))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
