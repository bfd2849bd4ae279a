use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::BigUint;
use rsa::pkcs1::RsaPrivateKey;
use rsa::pkcs8::PrivateKeyInfo;
use rsa::pkcs8::der::{Decode as _, Encode as _, asn1::UintRef};
use serde_json::{Value, json};

use super::*;
use crate::crypto::random::SeededRng;
use crate::crypto::signing::tests::small_rsa_key;

fn key(algorithm: Algorithm) -> SigningKey {
    match algorithm {
        Algorithm::RS256 => small_rsa_key(),
        other => SigningKey::generate(other, &SeededRng::new(1)).unwrap(),
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let body = lines.join("\n");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// What PKCS#8 wraps: SEC 1, PKCS#1, or a seed.
fn inner(key: &SigningKey) -> Vec<u8> {
    let document = key.private_bytes();
    let info = PrivateKeyInfo::from_der(&document).unwrap();
    info.private_key.to_vec()
}

/// The private JWK of a key.
fn jwk(key: &SigningKey) -> Value {
    let mut jwk = serde_json::to_value(key.jwk()).unwrap();
    let inner = inner(key);
    let text = |bytes: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(bytes));
    match key.algorithm() {
        Algorithm::ES256 => jwk["d"] = text(&inner[7..39]),
        Algorithm::EdDsa => jwk["d"] = text(&inner[2..]),
        Algorithm::RS256 => {
            let parts = RsaPrivateKey::from_der(&inner).unwrap();
            for (name, number) in [
                ("d", parts.private_exponent),
                ("p", parts.prime1),
                ("q", parts.prime2),
                ("dp", parts.exponent1),
                ("dq", parts.exponent2),
                ("qi", parts.coefficient),
            ] {
                jwk[name] = text(number.as_bytes());
            }
        }
    }
    jwk
}

fn refusal(text: &str) -> ImportError {
    read(text.as_bytes()).err().expect("a refusal")
}

/// Refusals of a JWK in which one member is another.
fn with(key: &SigningKey, name: &str, value: impl Into<Value>) -> ImportError {
    let mut jwk = jwk(key);
    jwk[name] = value.into();
    refusal(&jwk.to_string())
}

#[test]
fn every_form_of_a_key_is_the_same_key() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let mut forms = vec![
            pem("PRIVATE KEY", &key.private_bytes()),
            pem("PRIVATE KEY", &key.private_bytes()).replace('\n', "\r\n"),
            jwk(&key).to_string(),
        ];
        match algorithm {
            Algorithm::RS256 => forms.push(pem("RSA PRIVATE KEY", &inner(&key))),
            Algorithm::EdDsa => {
                let mut alone = jwk(&key);
                alone
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| name != "alg" && name != "kid");
                alone["key_ops"] = json!(["sign"]);
                alone["ext"] = true.into();
                forms.push(alone.to_string());
                alone["alg"] = "Ed25519".into();
                forms.push(alone.to_string());
            }
            Algorithm::ES256 => {
                // As `openssl ecparam -genkey` writes it: the curve first, and once more inside.
                let mut sec1 = inner(&key);
                let curve = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
                sec1.splice(39..39, curve);
                sec1[1] += 12;
                let named = pem("EC PARAMETERS", &curve[2..]);
                forms.push(format!("{named}{}", pem("EC PRIVATE KEY", &sec1)));
            }
        }
        for form in forms {
            let read = read(form.as_bytes()).unwrap();
            assert_eq!(read.jwk(), key.jwk());
            // What is kept is what any other start reads.
            let again = SigningKey::from_private(algorithm, &read.private_bytes()).unwrap();
            assert_eq!(again.jwk(), key.jwk());
        }
    }
}

#[test]
fn what_is_no_private_key_is_called_by_its_name() {
    let key = key(Algorithm::ES256);
    let private = pem("PRIVATE KEY", &key.private_bytes());
    let cut = &private[..private.len() - 40];
    for (text, begins) in [
        ("", "is empty"),
        (" \n", "is empty"),
        ("hello", "is neither PEM nor a JWK"),
        ("[]", "is neither PEM nor a JWK"),
        (&*pem("CERTIFICATE", b"x"), "holds a certificate and no"),
        (&*pem("PUBLIC KEY", b"x"), "holds a public key and no"),
        (&*pem("ENCRYPTED PRIVATE KEY", b"x"), "is encrypted"),
        (&*pem("OPENSSH PRIVATE KEY", b"x"), "is in the form of Op"),
        (
            &*pem("DSA PRIVATE KEY", b"x"),
            "is \"DSA PRIVATE KEY\" in PEM;",
        ),
        (&*pem("PRIVATE KEY", b"x"), "cannot be read: its DER"),
        (&*private.repeat(2), "holds more than one"),
        (cut, "cannot be read: it is cut off"),
        (
            &*private.replacen('M', "*", 1),
            "cannot be read: its base64",
        ),
        ("{", "cannot be read: it is no JSON"),
        ("{}", "is a JWK whose member \"kty\""),
        ("{\"keys\":[]}", "is a set of keys"),
        (
            "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
            "is a secret that both sides share;",
        ),
        (
            "{\"kty\":\"AKP\",\"priv\":\"AAAA\"}",
            "is a key of the type \"AKP\";",
        ),
    ] {
        let said = refusal(text).to_string();
        assert!(said.starts_with(begins), "{said}");
    }
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
               AAAA\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(refusal(old), ImportError::Encrypted);
    assert_eq!(refusal(&" ".repeat(MAX_LENGTH + 1)), ImportError::TooLong);
    assert_eq!(read(b"\xff").err(), Some(ImportError::Foreign));
    let mut public = jwk(&key);
    public.as_object_mut().unwrap().remove("d");
    assert_eq!(refusal(&public.to_string()), ImportError::JwkPublic);
}

#[test]
fn jk_13_a_jwk_that_contradicts_itself_is_refused() {
    let (ec, ed, rsa) = (
        key(Algorithm::ES256),
        key(Algorithm::EdDsa),
        key(Algorithm::RS256),
    );
    let other = SigningKey::generate(Algorithm::EdDsa, &SeededRng::new(2)).unwrap();
    let wrong = |key, name| match with(key, name, "AAAA") {
        ImportError::JwkMember(member) => assert_eq!(member, name),
        other => panic!("{name}: {other}"),
    };
    for name in ["x", "y", "d"] {
        wrong(&ec, name);
    }
    wrong(&rsa, "n");
    assert_eq!(with(&ec, "x", jwk(&ec)["y"].clone()), ImportError::Mismatch);
    assert_eq!(with(&ec, "d", jwk(&ed)["d"].clone()), ImportError::Mismatch);
    assert_eq!(
        with(&ed, "x", jwk(&other)["x"].clone()),
        ImportError::Mismatch
    );
    // The primes tell the modulus; the exponents tell each other when they sign.
    for name in ["p", "dp", "dq", "qi"] {
        let swapped = with(&rsa, name, jwk(&rsa)["d"].clone());
        assert_eq!(swapped, ImportError::Mismatch, "{name}");
    }
    let one_off = URL_SAFE_NO_PAD.decode(jwk(&rsa)["dp"].as_str().unwrap());
    let mut one_off = one_off.unwrap();
    one_off[40] ^= 1;
    let one_off = with(&rsa, "dp", URL_SAFE_NO_PAD.encode(one_off));
    assert_eq!(one_off, ImportError::Mismatch);
    for (name, value, begins) in [
        ("crv", json!("P-384"), "is a key of the curve \"P-384\""),
        ("crv", json!("Ed25519"), "is a key of the curve \"Ed25519\""),
        ("kty", json!("RSA"), "is a JWK whose member \"n\""),
        ("alg", json!("ES512"), "says \"alg\": \"ES512\", but"),
        ("alg", json!("Ed25519"), "says \"alg\": \"Ed25519\", but"),
        ("use", json!("enc"), "is a JWK that is not for signing"),
        ("key_ops", json!(["verify"]), "is a JWK that is not for"),
        ("kid", json!("2026-1"), "says \"kid\": \"2026-1\", but"),
        ("d", json!(7), "cannot be read: it is no JSON object"),
    ] {
        let said = with(&ec, name, value).to_string();
        assert!(said.starts_with(begins), "{said}");
    }
    let twice = jwk(&ec).to_string().replacen('{', "{\"kty\":\"EC\",", 1);
    assert!(matches!(refusal(&twice), ImportError::Damaged(_)));
    assert_eq!(with(&rsa, "oth", json!([])), ImportError::RsaPrimes);
}

#[test]
fn jk_13_pem_whose_parts_are_of_two_keys_is_refused() {
    let key = key(Algorithm::ES256);
    let mut document = key.private_bytes().to_vec();
    document[40] ^= 1;
    let damaged = pem("PRIVATE KEY", &document);
    assert_eq!(refusal(&damaged), ImportError::Mismatch);

    let sec1 = inner(&key);
    let mut alone = sec1[..39].to_vec();
    alone[1] = 37;
    let of = |oid: &[u8]| {
        let length = u8::try_from(oid.len()).unwrap();
        let curve = [&[0xa0, 2 + length, 6, length], oid].concat();
        let mut key = [&alone[..], &curve].concat();
        key[1] += 4 + length;
        refusal(&pem("EC PRIVATE KEY", &key))
    };
    let p256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    assert_eq!(of(&p256), ImportError::NoPublicPart);
    let p384 = ImportError::Kind("a key of the curve P-384".to_owned());
    assert_eq!(of(&[0x2b, 0x81, 4, 0, 0x22]), p384);
    let nameless = refusal(&pem("EC PRIVATE KEY", &alone));
    assert!(matches!(nameless, ImportError::Damaged(_)));

    let ed = SigningKey::generate(Algorithm::EdDsa, &SeededRng::new(1)).unwrap();
    let mut x25519 = ed.private_bytes().to_vec();
    x25519[11] = 110;
    let x25519 = refusal(&pem("PRIVATE KEY", &x25519));
    assert_eq!(x25519, ImportError::Kind("an X25519 key".to_owned()));
}

/// The PEM of an RSA key of this modulus and exponent, and of no sense besides.
fn rsa_of(modulus: &[u8], exponent: &[u8]) -> ImportError {
    let number = |bytes| UintRef::new(bytes).unwrap();
    let key = RsaPrivateKey {
        modulus: number(modulus),
        public_exponent: number(exponent),
        private_exponent: number(&[3]),
        prime1: number(&[3]),
        prime2: number(&[3]),
        exponent1: number(&[3]),
        exponent2: number(&[3]),
        coefficient: number(&[3]),
        other_prime_infos: None,
    };
    refusal(&pem("RSA PRIVATE KEY", &key.to_der().unwrap()))
}

#[test]
fn jk_10_an_rsa_key_of_2048_bits_is_taken() {
    let key = key(Algorithm::RS256);
    let taken = read(pem("RSA PRIVATE KEY", &inner(&key)).as_bytes()).unwrap();
    assert_eq!(
        (taken.kid(), taken.algorithm()),
        (key.kid(), Algorithm::RS256)
    );
}

#[test]
fn jk_13_weak_rsa_keys_are_refused() {
    let modulus = |bytes: usize, first: u8| {
        let mut modulus = vec![0x55; bytes];
        modulus[0] = first;
        modulus
    };
    let usual = [1, 0, 1];
    for (bytes, first, refused) in [
        (128, 0x80, ImportError::RsaTooSmall(1024)),
        (256, 0x7f, ImportError::RsaTooSmall(2047)),
        (256, 0x80, ImportError::Mismatch),
        (512, 0xff, ImportError::Mismatch),
        (513, 0x01, ImportError::RsaTooLarge(4097)),
    ] {
        assert_eq!(rsa_of(&modulus(bytes, first), &usual), refused);
    }
    for exponent in [
        &[1][..],
        &[3],
        &[0xff, 0xff],
        &[1, 0, 2],
        &[2, 0, 0, 0, 1],
        &[9; 9],
    ] {
        let refused = rsa_of(&modulus(256, 0x80), exponent);
        assert_eq!(refused, ImportError::RsaExponent, "{exponent:?}");
    }
}

/// Primes of the kind that CVE-2017-15361 is about are k·M + (65537^a mod M), where M is the product
/// of the first primes; so their product is a power of 65537 modulo each of those.
#[test]
fn jk_13_a_modulus_with_the_mark_of_roca_is_refused() {
    let primes = (2..=701_u32).filter(|n| (2..*n).all(|divisor| n % divisor != 0));
    let product = primes.fold(BigUint::from(1_u8), |product, prime| product * prime);
    let half = |k: u32, a: u32| {
        let power = BigUint::from(65_537_u32).modpow(&BigUint::from(a), &product);
        (BigUint::from(k) << (1024 - 32 - product.bits())) * (BigUint::from(1_u8) << 32) * &product
            + power
    };
    let modulus = half(0xffff_ffff, 1234) * half(0xffff_fffb, 98_765);
    let bytes = modulus.to_bytes_be();
    assert_eq!(rsa_of(&bytes, &[1, 0, 1]), ImportError::RsaRoca);
    let next = (modulus + 2_u8).to_bytes_be();
    assert_eq!(rsa_of(&next, &[1, 0, 1]), ImportError::Mismatch);
}
