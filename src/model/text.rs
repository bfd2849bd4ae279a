//! Characters that make text look like what it is not.

/// Control characters, line separators, and marks that change the reading direction (UAX #9 §2):
/// whoever shows text of strangers leaves them out or escapes them.
#[must_use]
pub fn misleads(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_stays_in_its_place_does_not_mislead() {
        assert!(!"Ada, Αda, عائشة 🦉 é".contains(misleads));
        for char in [
            '\0', '\n', '\u{7f}', '\u{85}', '\u{2028}', '\u{202e}', '\u{61c}',
        ] {
            assert!(misleads(char), "{char:?}");
        }
    }
}
