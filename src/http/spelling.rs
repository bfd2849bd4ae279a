//! `application/x-www-form-urlencoded`, to the letter: what is no spelling of anything is refused.

use zeroize::Zeroizing;

/// The text that a name or value spells. Nothing where an escape is cut or wrong, where it is not
/// UTF-8, or where the character NUL is in it.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = tail.split_first_chunk::<2>()?;
                rest = after;
                hex(digits[0])? << 4 | hex(digits[1])?
            }
            other => *other,
        });
    }
    let text = str::from_utf8(&bytes)
        .ok()
        .filter(|text| !text.contains('\0'))?;
    Some(Zeroizing::new(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_has_one_meaning() {
        let decoded = |text: &[u8]| decode(text).map(|text| text.to_string());
        assert_eq!(
            decoded(b"a+b%3a%3A%2B%25%C3%A9"),
            Some("a b::+%\u{e9}".to_owned())
        );
        assert_eq!(decoded(b""), Some(String::new()));
        for wrong in [
            &b"%"[..],
            b"%4",
            b"%zz",
            b"%+1",
            b"%00",
            b"\0",
            b"%ff",
            b"\xff",
        ] {
            assert_eq!(decoded(wrong), None, "{wrong:?}");
        }
    }
}
