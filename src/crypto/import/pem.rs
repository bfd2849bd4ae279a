//! PEM (RFC 7468): the one private key among the blocks of a text.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{ImportError, Material, asn1};

/// A block, its body undecoded.
struct Block<'t> {
    label: &'t str,
    lines: Vec<&'t str>,
}

/// Reads the private key of a text; what stands between the blocks does not count.
pub(super) fn read(text: &str) -> Result<Material, ImportError> {
    let blocks = blocks(text)?;
    let first = blocks.first().ok_or(ImportError::Foreign)?;
    let mut private = blocks.iter().filter(|block| block.is_private());
    let Some(block) = private.next() else {
        return Err(ImportError::NoPrivateKey(in_words(first.label)));
    };
    if private.next().is_some() {
        return Err(ImportError::Several);
    }
    // OpenSSL's old way: the label tells nothing, a header does (RFC 1421 §4.6.1.1).
    if block.lines.iter().any(|line| line.contains("ENCRYPTED")) {
        return Err(ImportError::Encrypted);
    }
    let read = match block.label {
        "PRIVATE KEY" => asn1::pkcs8,
        "EC PRIVATE KEY" => asn1::sec1,
        "RSA PRIVATE KEY" => asn1::pkcs1,
        "ENCRYPTED PRIVATE KEY" => return Err(ImportError::Encrypted),
        "OPENSSH PRIVATE KEY" => return Err(ImportError::OpenSsh),
        other => return Err(ImportError::Kind(format!("{other:?} in PEM"))),
    };
    read(&block.decode()?)
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, ImportError> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = marked(line, "-----BEGIN ") else {
            continue;
        };
        let mut block = Block {
            label,
            lines: Vec::new(),
        };
        loop {
            let line = lines.next().ok_or(ImportError::Damaged("it is cut off"))?;
            match marked(line, "-----END ") {
                Some(end) if end == label => break,
                Some(_) => return Err(ImportError::Damaged("a block ends as another began")),
                None => block.lines.push(line),
            }
        }
        blocks.push(block);
    }
    Ok(blocks)
}

fn marked<'t>(line: &'t str, begin: &str) -> Option<&'t str> {
    line.strip_prefix(begin)?.strip_suffix("-----")
}

impl Block<'_> {
    fn is_private(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let body = Zeroizing::new(self.lines.concat());
        let decoded = STANDARD.decode(body.as_bytes()).map(Zeroizing::new);
        decoded.map_err(|_| ImportError::Damaged("its base64 is wrong"))
    }
}

fn in_words(label: &str) -> &'static str {
    match label {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => "a certificate",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a request for a certificate",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key",
        "EC PARAMETERS" => "the name of a curve",
        _ => "something else",
    }
}
