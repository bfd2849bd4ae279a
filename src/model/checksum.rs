//! The checksum at the end of every token string of ours: what was mistyped or cut off is told from
//! what was made up before any work is done, and scanners for leaked secrets find no false ones.

use super::base62;

/// How many digits it has.
pub(super) const DIGITS: usize = 6;

/// Appends the checksum of `text`: CRC-32/ISO-HDLC of its bytes as six base62 digits.
pub(crate) fn append(text: &mut String) {
    let digits = digits(text);
    text.push_str(&digits);
}

/// The text without its checksum, where that is right.
pub(super) fn checked(text: &str) -> Option<&str> {
    let (checked, crc) = text.split_at_checked(text.len().checked_sub(DIGITS)?)?;
    (digits(checked) == crc).then_some(checked)
}

fn digits(text: &str) -> String {
    base62::encode(&crc32fast::hash(text.as_bytes()).to_be_bytes(), DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_checked() {
        // Computed with Python's zlib.
        let mut text = "signet".to_owned();
        append(&mut text);
        assert_eq!(text, "signet03ShVf");
        assert_eq!(checked(&text), Some("signet"));
        for wrong in [
            "",
            "signet",
            "signet03ShVg",
            "sign\u{e9}t03ShVf",
            "\u{1f989}\u{1f989}",
        ] {
            assert_eq!(checked(wrong), None, "{wrong}");
        }
    }
}
