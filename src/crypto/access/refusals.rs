//! What RFC 8725 warns of, and what breaks other verifiers: one token each, all refused.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::AccessTokenError;
use super::open::{MAX_LENGTH, decoded, open};
use crate::crypto::keyring::KeyRing;
use crate::crypto::random::SeededRng;
use crate::crypto::signing::{SigningKey, jws};
use crate::model::claims::SignedClaims;
use crate::model::signing_key::{Algorithm, KeyState};

const CLAIMS: &str = r#"{"iss":"i","sub":"usr_019a0b1c-2d3e-7f00-8123-456789abcdef","aud":"a","client_id":"cli_019a0b1c-2d3e-7f00-8123-456789abcdef","iat":1,"exp":9,"jti":"jti_019a0b1c-2d3e-7f00-8123-456789abcdef","sid":"ses_019a0b1c-2d3e-7f00-8123-456789abcdef","auth_time":1,"amr":["pwd"]}"#;

/// A ring of one key, and somebody who can make that key sign anything.
struct Forger {
    key: Arc<SigningKey>,
    ring: KeyRing,
}

impl Forger {
    fn new(algorithm: Algorithm) -> Self {
        let key = Arc::new(SigningKey::generate(algorithm, &SeededRng::new(1)).unwrap());
        let ring = KeyRing::new(vec![(Arc::clone(&key), KeyState::Active)]);
        Self { key, ring }
    }

    fn header(&self) -> String {
        let (alg, kid) = (self.key.algorithm(), self.key.kid());
        format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#)
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        self.sign_message(&format!("{}.{}", part(header), part(claims)))
    }

    fn sign_message(&self, message: &str) -> String {
        let algorithm = jws(self.key.algorithm());
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), self.key.encoding(), algorithm);
        format!("{message}.{}", signature.unwrap())
    }

    fn open(&self, token: &str) -> Result<SignedClaims, AccessTokenError> {
        open(&self.ring, "at+jwt", token)
    }
}

#[test]
fn headers_other_than_ours() {
    let forger = Forger::new(Algorithm::ES256);
    let good = forger.header();
    assert!(forger.open(&forger.sign(&good, CLAIMS)).is_ok());

    let with = |more: &str| good.replacen('{', &format!("{{{more},"), 1);
    let without_kid = r#"{"alg":"ES256","typ":"at+jwt"}"#.to_owned();
    let headers = [
        with(r#""jwk":{"kty":"EC"}"#),
        with(r#""jku":"https://evil.example/jwks.json""#),
        with(r#""x5u":"https://evil.example/x.pem""#),
        with(r#""x5c":["MII"]"#),
        with(r#""crit":["exp"]"#),
        with(r#""crit":[]"#),
        with(r#""b64":false,"crit":["b64"]"#),
        with(r#""cty":"JWT""#),
        with(r#""alg":"ES256""#),
        with(r#""kid":"other""#),
        without_kid,
        r#"{"alg":"ES256","typ":"at+jwt","kid":1}"#.to_owned(),
        r#"{"alg":"ES256","kid":"x"}"#.to_owned(),
        format!(r#"["ES256","at+jwt","{}"]"#, forger.key.kid()),
        format!("\u{feff}{good}"),
        format!(" {good}"),
        format!("{good}{{}}"),
        good.replace("at+jwt", r"at\u002bjwt"),
        String::new(),
    ];
    for header in headers {
        let token = forger.sign(&header, CLAIMS);
        assert_eq!(
            forger.open(&token),
            Err(AccessTokenError::Header),
            "{header}"
        );
    }
}

#[test]
fn other_types_keys_and_algorithms() {
    use AccessTokenError::{Algorithm as Alg, Type, UnknownKey};
    let forger = Forger::new(Algorithm::ES256);
    let refused = |from: &str, to: &str, because| {
        let header = forger.header().replace(from, to);
        let token = forger.sign(&header, CLAIMS);
        assert_eq!(forger.open(&token), Err(because), "{header}");
        let unsigned = token.rsplit_once('.').unwrap().0.to_owned() + ".";
        assert_eq!(forger.open(&unsigned), Err(because), "{header}");
    };
    for typ in ["JWT", "AT+JWT", "application/at+jwt", "jwt", "dpop+jwt", ""] {
        refused("at+jwt", typ, Type);
    }
    for alg in [
        "none", "None", "nOnE", "HS256", "ES384", "RS256", "PS256", "EdDSA", "es256", "",
    ] {
        refused("ES256", alg, Alg);
    }
    let long = "x".repeat(10_000);
    for kid in [
        "../../dev/null",
        "' or '1'='1",
        "|/bin/id",
        "https://evil.example",
        &long,
        "",
    ] {
        refused(forger.key.kid(), kid, UnknownKey);
    }
}

#[test]
fn shapes_that_are_no_compact_jws() {
    use AccessTokenError::{Malformed, Signature, TooLong};
    let forger = Forger::new(Algorithm::ES256);
    let good = forger.sign(&forger.header(), CLAIMS);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();

    // The last digit of 64 bytes carries two bits: the other four must be zero.
    let sibling = char::from(signature.as_bytes()[signature.len() - 1] + 1);
    let stray_bits = format!("{message}.{}{sibling}", &signature[..signature.len() - 1]);
    let shapes = [
        String::new(),
        ".".to_owned(),
        message.to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.AAAA.AAAA"),
        format!("{header}.{payload}..{signature}"),
        format!("{good}=="),
        format!("{good}\n"),
        format!(" {good}"),
        good.replacen('.', "=.", 1),
        good.replace('.', "+."),
        format!("{message}.{signature}/"),
        format!("{header}.é.{signature}"),
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
        stray_bits,
    ];
    for shape in shapes {
        assert_eq!(forger.open(&shape), Err(Malformed), "{shape}");
    }
    let long = forger.sign(&forger.header(), &" ".repeat(MAX_LENGTH));
    assert_eq!(forger.open(&long), Err(TooLong));
    assert_eq!(forger.open(&format!("{message}.")), Err(Signature));
}

#[test]
fn signatures_that_prove_nothing() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDsa] {
        let forger = Forger::new(algorithm);
        let good = forger.sign(&forger.header(), CLAIMS);
        let (message, signature) = good.rsplit_once('.').unwrap();
        let raw = decoded(signature).unwrap();
        let order_p256: [u8; 32] = [
            0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
            0xfc, 0x63, 0x25, 0x51,
        ];
        // r‖s again as the DER sequence of RFC 3279 §2.2.3, which JWS does not use.
        let integer = |n: &[u8]| [&[0x02, 33, 0], n].concat();
        let der = [&[0x30, 70][..], &integer(&raw[..32]), &integer(&raw[32..])].concat();
        let mut flipped = raw.clone();
        flipped[40] ^= 1;
        let signatures = [
            vec![0; 64],
            [order_p256, order_p256].concat(),
            [&[0; 32][..], &raw[32..]].concat(),
            [&raw[..32], &[0; 32]].concat(),
            der,
            raw[..63].to_vec(),
            [&raw[..], &[0]].concat(),
            [&raw[..32], &[0; 16], &raw[32..], &[0; 16]].concat(),
            flipped,
            vec![],
        ];
        for signature in signatures {
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
            assert_eq!(
                forger.open(&token),
                Err(AccessTokenError::Signature),
                "{signature:?}"
            );
        }
        let longer = message.replacen('.', ".AAAA", 1);
        let moved = format!("{longer}.{signature}");
        assert_eq!(forger.open(&moved), Err(AccessTokenError::Signature));
    }
}

/// HS256 over the public key in its usual spellings: the classic confusion of RFC 8725 §2.1.
#[test]
fn a_mac_under_the_public_key() {
    let forger = Forger::new(Algorithm::ES256);
    let jwk = serde_json::to_string(forger.key.jwk()).unwrap();
    for secret in [jwk.as_bytes(), jwk.trim_matches(['{', '}']).as_bytes(), b""] {
        for alg in ["HS256", "ES256"] {
            let header = forger.header().replace("ES256", alg);
            let message = [&header, CLAIMS]
                .map(|part| URL_SAFE_NO_PAD.encode(part))
                .join(".");
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
            let mac = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
            let refusal = forger.open(&format!("{message}.{mac}")).unwrap_err();
            let expected = [AccessTokenError::Algorithm, AccessTokenError::Signature];
            assert!(expected.contains(&refusal), "{alg}: {refusal}");
        }
    }
}

#[test]
fn claims_that_are_missing_double_unknown_or_of_another_type() {
    let forger = Forger::new(Algorithm::EdDsa);
    let object: serde_json::Map<_, _> = serde_json::from_str(CLAIMS).unwrap();
    let mut all = Vec::new();
    for claim in object.keys() {
        for wrong in [
            None,
            Some(serde_json::json!(1.5)),
            Some(serde_json::json!(null)),
        ] {
            let mut changed = object.clone();
            match wrong {
                None => drop(changed.remove(claim)),
                Some(wrong) => drop(changed.insert(claim.clone(), wrong)),
            }
            all.push(serde_json::to_string(&changed).unwrap());
        }
        let again = format!(r#"{{"{claim}":{},"#, object[claim]);
        all.push(CLAIMS.replacen('{', &again, 1));
    }
    all.extend([
        CLAIMS.replace(r#""exp":9"#, r#""exp":"9""#),
        CLAIMS.replace(r#""exp":9"#, r#""exp":9e3"#),
        CLAIMS.replace(r#""aud":"a""#, r#""aud":["a",1]"#),
        CLAIMS.replace(r#""sub":"usr_"#, r#""sub":"cli_"#),
        CLAIMS.replacen('{', r#"{"nbf":"x","#, 1),
        format!("[{CLAIMS}]"),
        format!("{CLAIMS}x"),
        String::new(),
    ]);
    for claims in all {
        let token = forger.sign(&forger.header(), &claims);
        assert_eq!(
            forger.open(&token),
            Err(AccessTokenError::Claims),
            "{claims}"
        );
    }
}

/// A client's own claims stand beside ours, once each, and nothing is judged by them.
#[test]
fn claims_of_a_clients_own() {
    let forger = Forger::new(Algorithm::EdDsa);
    let open = |more: &str| {
        let claims = CLAIMS.replacen('{', &format!("{{{more},"), 1);
        forger.open(&forger.sign(&forger.header(), &claims))
    };
    let without = forger.open(&forger.sign(&forger.header(), CLAIMS));
    assert_eq!(open(r#""tenant":{"sub":1,"sub":2}"#), without);
    assert!(without.is_ok());
    for refused in [
        r#""tenant":1,"tenant":1"#,
        r#""tenant":1,"exp":9"#,
        r#""tenant":1,"nbf":1"#,
        r#""tenant":1,"act":{"sub":"key_019a0b1c-2d3e-7f00-8123-456789abcdef"}"#,
        r#""signet":1"#,
    ] {
        assert_eq!(open(refused), Err(AccessTokenError::Claims), "{refused}");
    }
}

/// A JWS whose payload is a JWS (RFC 8725 §2.8).
#[test]
fn nested_tokens() {
    let forger = Forger::new(Algorithm::EdDsa);
    let inner = forger.sign(&forger.header(), CLAIMS);
    let nested = forger.sign(&forger.header(), &inner);
    assert_eq!(forger.open(&nested), Err(AccessTokenError::Claims));
}
