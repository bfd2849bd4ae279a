//! A private JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rsa::{
    pkcs1::RsaPrivateKey,
    pkcs8::der::{Encode as _, asn1::UintRef},
};
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{ImportError, Material};
use crate::{crypto::signing::SigningKey, model::signing_key::Algorithm};

/// The members that mean something here; others are ignored (RFC 7517 §4). A member that stands
/// there twice is refused.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Members {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    #[zeroize(skip)]
    oth: Option<serde::de::IgnoredAny>,
    #[zeroize(skip)]
    keys: Option<serde::de::IgnoredAny>,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
}

/// Reads the one key of a JSON object.
pub(super) fn read(text: &str) -> Result<SigningKey, ImportError> {
    let malformed = |_| ImportError::Damaged("it is no JSON object with the members of a JWK");
    let members: Members = serde_json::from_str(text).map_err(malformed)?;
    if members.keys.is_some() {
        return Err(ImportError::JwkSet);
    }
    let key = members.material()?.key()?;
    members.refuse_other_words(&key)?;
    Ok(key)
}

impl Members {
    fn material(&self) -> Result<Material, ImportError> {
        let curve = self.crv.as_deref();
        match (self.kty.as_deref(), curve) {
            (Some("EC" | "OKP" | "RSA"), _) if self.d.is_none() => Err(ImportError::JwkPublic),
            (Some("EC"), Some("P-256")) => self.ec(),
            (Some("OKP"), Some("Ed25519")) => self.ed(),
            (Some("EC" | "OKP"), Some(curve)) => {
                Err(ImportError::Kind(format!("a key of the curve {curve:?}")))
            }
            (Some("EC" | "OKP"), None) => Err(ImportError::JwkMember("crv")),
            (Some("RSA"), _) => self.rsa(),
            (Some("oct"), _) => Err(ImportError::Kind("a secret that both sides share".into())),
            (Some(other), _) => Err(ImportError::Kind(format!("a key of the type {other:?}"))),
            (None, _) => Err(ImportError::JwkMember("kty")),
        }
    }

    fn ec(&self) -> Result<Material, ImportError> {
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&*exactly("x", self.x.as_deref())?);
        point[33..].copy_from_slice(&*exactly("y", self.y.as_deref())?);
        let d = exactly("d", self.d.as_deref())?;
        Ok(Material::Ec { d, point })
    }

    fn ed(&self) -> Result<Material, ImportError> {
        Ok(Material::Ed {
            seed: exactly("d", self.d.as_deref())?,
            public: Some(exactly("x", self.x.as_deref())?.to_vec()),
        })
    }

    fn rsa(&self) -> Result<Material, ImportError> {
        if self.oth.is_some() {
            return Err(ImportError::RsaPrimes);
        }
        let numbers = [
            ("n", &self.n),
            ("e", &self.e),
            ("d", &self.d),
            ("p", &self.p),
            ("q", &self.q),
            ("dp", &self.dp),
            ("dq", &self.dq),
            ("qi", &self.qi),
        ];
        let mut bytes = Vec::new();
        for (name, text) in numbers {
            bytes.push(number(name, text.as_deref())?);
        }
        let uint = |at: usize| UintRef::new(&bytes[at]).map_err(|_| ImportError::Mismatch);
        let key = RsaPrivateKey {
            modulus: uint(0)?,
            public_exponent: uint(1)?,
            private_exponent: uint(2)?,
            prime1: uint(3)?,
            prime2: uint(4)?,
            exponent1: uint(5)?,
            exponent2: uint(6)?,
            coefficient: uint(7)?,
            other_prime_infos: None,
        };
        let der = key.to_der().map(Zeroizing::new);
        der.map(Material::Rsa).map_err(|_| ImportError::Mismatch)
    }

    /// What a JWK says about itself has to be true of its key.
    fn refuse_other_words(&self, key: &SigningKey) -> Result<(), ImportError> {
        // RFC 9864 §2.2 gives EdDSA on this curve a name of its own.
        let names: &[&str] = match key.algorithm() {
            Algorithm::ES256 => &["ES256"],
            Algorithm::RS256 => &["RS256"],
            Algorithm::EdDsa => &["EdDSA", "Ed25519"],
        };
        if let Some(found) = self.alg.as_deref().filter(|alg| !names.contains(alg)) {
            return Err(ImportError::JwkAlgorithm {
                found: found.to_owned(),
                needed: key.algorithm(),
            });
        }
        let signs = |uses: &Vec<String>| uses.iter().any(|usage| usage == "sign");
        if self.usage.as_deref().is_some_and(|usage| usage != "sig")
            || self.key_ops.as_ref().is_some_and(|uses| !signs(uses))
        {
            return Err(ImportError::JwkUse);
        }
        match self.kid.as_deref().filter(|kid| *kid != key.kid()) {
            None => Ok(()),
            Some(found) => Err(ImportError::JwkKid {
                found: found.to_owned(),
                thumbprint: key.kid().to_owned(),
            }),
        }
    }
}

/// A number of as few bytes as it needs (RFC 7518 §2, `Base64urlUInt`).
fn number(name: &'static str, text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let bytes = octets(name, text)?;
    match bytes.first() {
        None | Some(0) => Err(ImportError::JwkMember(name)),
        Some(_) => Ok(bytes),
    }
}

fn exactly(name: &'static str, text: Option<&str>) -> Result<Zeroizing<[u8; 32]>, ImportError> {
    let bytes = octets(name, text)?;
    let exact = bytes.as_slice().try_into().map(Zeroizing::new);
    exact.map_err(|_| ImportError::JwkMember(name))
}

fn octets(name: &'static str, text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    bytes
        .map(Zeroizing::new)
        .ok_or(ImportError::JwkMember(name))
}
