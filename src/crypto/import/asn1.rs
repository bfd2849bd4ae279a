//! Private keys in DER: PKCS#8 (RFC 5958), SEC 1 (RFC 5915) and PKCS#1 (RFC 8017); and back into
//! the PKCS#8 that ring reads.

use rsa::{
    pkcs1::RsaPrivateKey,
    pkcs8::{
        AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfo,
        der::{
            AnyRef, Decode as _, Encode as _, Reader as _, SliceReader, TagNumber,
            asn1::{BitStringRef, ContextSpecific, OctetStringRef},
        },
    },
};
use zeroize::Zeroizing;

use super::{ImportError, Material};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Kinds and curves that are met and not taken, by their numbers.
const OTHERS: [(&str, &str); 9] = [
    ("1.2.840.113549.1.1.10", "an RSA key for PSS alone"),
    ("1.2.840.10040.4.1", "a DSA key"),
    ("1.3.101.110", "an X25519 key"),
    ("1.3.101.111", "an X448 key"),
    ("1.3.101.113", "an Ed448 key"),
    ("1.3.132.0.10", "a key of the curve secp256k1"),
    ("1.3.132.0.33", "a key of the curve P-224"),
    ("1.3.132.0.34", "a key of the curve P-384"),
    ("1.3.132.0.35", "a key of the curve P-521"),
];

const MALFORMED: ImportError = ImportError::Damaged("its DER is wrong");

/// A PKCS#8 document of any kind.
pub(super) fn pkcs8(der: &[u8]) -> Result<Material, ImportError> {
    let info = PrivateKeyInfo::from_der(der).map_err(|_| MALFORMED)?;
    match info.algorithm.oid {
        EC => {
            let curve = info.algorithm.parameters_oid();
            ec(info.private_key, Some(curve.map_err(|_| MALFORMED)?))
        }
        ED25519 => {
            let seed = OctetStringRef::from_der(info.private_key).map_err(|_| MALFORMED)?;
            Ok(Material::Ed {
                seed: exactly(seed.as_bytes())?,
                public: info.public_key.map(<[u8]>::to_vec),
            })
        }
        RSA => pkcs1(info.private_key),
        other => Err(unknown(other)),
    }
}

/// An `ECPrivateKey`, which names its curve itself.
pub(super) fn sec1(der: &[u8]) -> Result<Material, ImportError> {
    ec(der, None)
}

/// An `RSAPrivateKey`.
pub(super) fn pkcs1(der: &[u8]) -> Result<Material, ImportError> {
    RsaPrivateKey::from_der(der).map_err(|_| MALFORMED)?;
    Ok(Material::Rsa(Zeroizing::new(der.to_vec())))
}

/// What RFC 5915 §3 says of a key.
struct EcPrivateKey<'a> {
    d: OctetStringRef<'a>,
    curve: Option<ObjectIdentifier>,
    point: Option<BitStringRef<'a>>,
}

impl<'a> EcPrivateKey<'a> {
    fn read(der: &'a [u8]) -> rsa::pkcs8::der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let read = reader.sequence(|reader| {
            let _version: u8 = reader.decode()?;
            let d = reader.decode()?;
            let curve = ContextSpecific::decode_explicit(reader, TagNumber::N0)?;
            let point = ContextSpecific::decode_explicit(reader, TagNumber::N1)?;
            Ok(Self {
                d,
                curve: curve.map(|field| field.value),
                point: point.map(|field| field.value),
            })
        })?;
        reader.finish(read)
    }
}

fn ec(der: &[u8], outer: Option<ObjectIdentifier>) -> Result<Material, ImportError> {
    let key = EcPrivateKey::read(der).map_err(|_| MALFORMED)?;
    for curve in outer.into_iter().chain(key.curve) {
        if curve != P256 {
            return Err(unknown(curve));
        }
    }
    if outer.or(key.curve).is_none() {
        return Err(ImportError::Damaged("it does not say of which curve it is"));
    }
    let point = key.point.ok_or(ImportError::NoPublicPart)?;
    // A compressed point (SEC 1 §2.3.3) is a public part that ring does not read.
    let point = point.as_bytes().unwrap_or_default();
    let point = point.try_into().map_err(|_| ImportError::NoPublicPart)?;
    Ok(Material::Ec {
        d: exactly(key.d.as_bytes())?,
        point,
    })
}

fn exactly(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, ImportError> {
    let exact = bytes.try_into().map(Zeroizing::new);
    exact.map_err(|_| ImportError::Damaged("its private part is not of 32 bytes"))
}

fn unknown(oid: ObjectIdentifier) -> ImportError {
    let number = oid.to_string();
    let known = OTHERS.iter().find(|(known, _)| *known == number);
    let other = || format!("a key of an unknown kind or curve ({number})");
    ImportError::Kind(known.map_or_else(other, |(_, words)| (*words).to_owned()))
}

/// PKCS#8 of a P-256 key, byte for byte as ring makes it.
pub(super) fn ec_pkcs8(d: &[u8; 32], point: &[u8; 65]) -> Zeroizing<Vec<u8>> {
    const BEFORE: [u8; 36] = [
        0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
        0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30,
        0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
    ];
    const BETWEEN: [u8; 5] = [0xa1, 0x44, 0x03, 0x42, 0x00];
    Zeroizing::new([&BEFORE[..], d, &BETWEEN, point].concat())
}

/// PKCS#8 of an Ed25519 key, with its public part where there is one to be held against it.
pub(super) fn ed_pkcs8(
    seed: &[u8; 32],
    public: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let private = Zeroizing::new([&[0x04, 0x20], seed.as_slice()].concat());
    let algorithm = AlgorithmIdentifierRef {
        oid: ED25519,
        parameters: None,
    };
    let mut info = PrivateKeyInfo::new(algorithm, &private);
    info.public_key = public;
    encoded(&info)
}

/// PKCS#8 of an RSA key.
pub(super) fn rsa_pkcs8(pkcs1: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let algorithm = AlgorithmIdentifierRef {
        oid: RSA,
        parameters: Some(AnyRef::NULL),
    };
    encoded(&PrivateKeyInfo::new(algorithm, pkcs1))
}

fn encoded(info: &PrivateKeyInfo<'_>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    info.to_der().map(Zeroizing::new).map_err(|_| MALFORMED)
}
