//! A private key out of a file or a pipe. Of what is read nothing is ever printed, and nothing stays
//! in memory.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{
    cli::failure::{Failure, Kind},
    crypto::{import, signing::SigningKey},
};

/// Reads the key in `path`, or in standard input where that is `-`.
pub(super) fn read(path: &Path) -> Result<SigningKey, Failure> {
    let (name, text) = if path.as_os_str() == "-" {
        ("Standard input".to_owned(), text(io::stdin()))
    } else {
        let text = File::open(path).and_then(text);
        (path.display().to_string(), text)
    };
    let text = text.map_err(|error| {
        Failure::new(
            Kind::Usage,
            format_args!("{name} cannot be read ({error}); name a file that can."),
        )
    })?;
    import::read(&text)
        .map_err(|error| Failure::new(Kind::Refused, format_args!("{name} {error}.")))
}

/// As much as tells a key from what is too long for one. The buffer never moves: none of it is left
/// behind.
fn text(input: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let enough = import::MAX_LENGTH + 1;
    let mut text = Zeroizing::new(Vec::with_capacity(enough + 1));
    input.take(enough as u64).read_to_end(&mut text)?;
    Ok(text)
}
