//! Base62 (`0-9A-Za-z`): big-endian, left-padded with `0`, one spelling a number.

/// The digits in the order of their values.
pub const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Digits taken from the number at once: 62^5 is the largest power that fits a 32-bit limb.
const CHUNK: usize = 5;
const CHUNK_BASE: u64 = 62_u64.pow(5);

/// Writes `bytes`, a big-endian number, as exactly `width` digits. `width` must be enough for
/// every number of that many bytes, or digits would be lost.
#[must_use]
pub fn encode(bytes: &[u8], width: usize) -> String {
    let mut limbs = to_limbs(bytes);
    let mut digits = vec![b'0'; width];
    let mut end = width;
    while end > 0 {
        let mut chunk = divide(&mut limbs, CHUNK_BASE);
        let start = end.saturating_sub(CHUNK);
        for digit in digits[start..end].iter_mut().rev() {
            *digit = ALPHABET[usize::try_from(chunk % 62).unwrap_or(0)];
            chunk /= 62;
        }
        end = start;
    }
    digits.into_iter().map(char::from).collect()
}

/// The last `N` digits of a number.
#[must_use]
pub fn last_digits<const N: usize>(mut number: u64) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(number % 62).unwrap_or(0)];
        number /= 62;
    }
    digits
}

/// Reads digits into exactly `N` big-endian bytes. `None` for a character outside the alphabet
/// and for a number that needs more bytes.
#[must_use]
pub fn decode<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut limbs = vec![0_u32; N.div_ceil(4)];
    for chunk in digits.as_bytes().chunks(CHUNK) {
        let mut carry = 0_u64;
        let mut base = 1_u64;
        for digit in chunk {
            carry = carry * 62 + u64::from(value(*digit)?);
            base *= 62;
        }
        for limb in limbs.iter_mut().rev() {
            let product = u64::from(*limb) * base + carry;
            *limb = low_half(product);
            carry = product >> 32;
        }
        if carry != 0 {
            return None;
        }
    }
    let wide: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_be_bytes()).collect();
    let (excess, number) = wide.split_at(wide.len() - N);
    if excess.iter().any(|byte| *byte != 0) {
        return None;
    }
    number.try_into().ok()
}

/// The value of a digit.
#[must_use]
pub const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'a'..=b'z' => Some(digit - b'a' + 36),
        _ => None,
    }
}

/// Big-endian 32-bit limbs, the first one short where the length is no multiple of four.
fn to_limbs(bytes: &[u8]) -> Vec<u32> {
    bytes
        .rchunks(4)
        .rev()
        .map(|chunk| {
            chunk
                .iter()
                .fold(0, |limb, byte| (limb << 8) | u32::from(*byte))
        })
        .collect()
}

/// Divides in place and returns the remainder.
fn divide(limbs: &mut [u32], divisor: u64) -> u64 {
    let mut remainder = 0_u64;
    for limb in limbs {
        let part = (remainder << 32) | u64::from(*limb);
        *limb = low_half(part / divisor);
        remainder = part % divisor;
    }
    remainder
}

/// The lower 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half is kept by the caller"
)]
fn low_half(wide: u64) -> u32 {
    wide as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_are_big_endian_and_padded() {
        assert_eq!(encode(&[61], 3), "00z");
        assert_eq!(encode(&[62], 3), "010");
        assert_eq!(decode::<1>("010"), Some([62]));
        assert_eq!(encode(&u32::MAX.to_be_bytes(), 6), "4gfFC3");
        assert_eq!(&last_digits(u64::from(u32::MAX)), b"004gfFC3");
        assert_eq!(&last_digits(62 * 62 + 61), b"0z");
    }

    #[test]
    fn what_does_not_fit_or_is_no_digit_is_refused() {
        assert_eq!(decode::<1>("48"), None, "256 needs two bytes");
        assert_eq!(decode::<1>("47"), Some([255]));
        assert_eq!(decode::<4>("4gfFC4"), None);
        assert_eq!(decode::<4>("00-000"), None);
    }

    proptest! {
        #[test]
        fn every_number_has_one_spelling(bytes: [u8; 32], more: [u8; 10]) {
            let number: Vec<u8> = bytes.iter().chain(&more).copied().collect();
            let digits = encode(&number, 57);
            prop_assert_eq!(decode::<42>(&digits).map(|read| read.to_vec()), Some(number));
        }
    }
}
