use poem_openapi::{Enum, Object};
use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Enum, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
enum Delivery {
    Body,
    Cookie,
}

#[derive(Debug, Object, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    #[oai(validator(max_length = 8))]
    username: String,
    password: String,
    /// Where to put it.
    delivery: Option<Delivery>,
    scopes: Option<Vec<String>>,
    #[oai(validator(minimum(value = "0"), maximum(value = "150")))]
    age: Option<i32>,
    size: Option<i32>,
    #[oai(default)]
    #[serde(default)]
    quick: bool,
}

/// What is wrong, as `pointer code`.
fn wrong(text: &str) -> Vec<String> {
    let refusal = parse::<Sample>(text.as_bytes(), None).expect_err("refused");
    assert_eq!(refusal.code(), Code::ValidationFailed);
    let response = crate::http::problem::Problem::response(refusal, "/", "id");
    let bytes = response.into_body().into_bytes();
    let bytes = futures_util::FutureExt::now_or_never(bytes)
        .unwrap()
        .unwrap();
    assert!(
        !bytes.windows(6).any(|window| window == b"secret"),
        "{bytes:?}"
    );
    let problem: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let errors = problem["errors"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|error| text(&error["pointer"]) + " " + &text(&error["code"]))
        .collect()
}

#[test]
fn good_bodies_are_read() {
    let text = r#"{"username":"u","password":"\\u0000","delivery":"cookie"}"#;
    let sample = parse::<Sample>(text.as_bytes(), None).unwrap();
    assert_eq!(sample.delivery, Some(Delivery::Cookie));
    assert_eq!(sample.password, "\\u0000");
    for age in ["0", "150"] {
        let text = format!(r#"{{"username":"u","password":"p","age":{age}}}"#);
        assert!(parse::<Sample>(text.as_bytes(), None).is_ok(), "{age}");
    }
    let text = r#"{"username":"null","password":"is null and void"}"#;
    assert!(parse::<Sample>(text.as_bytes(), None).is_ok());
}

#[test]
fn null_is_a_value_of_no_field() {
    for field in ["delivery", "scopes", "age", "quick"] {
        let text = format!(r#"{{"username":"u","password":"p","{field}":null}}"#);
        assert_eq!(wrong(&text), [format!("/{field} wrong_type")]);
    }
}

#[test]
fn names_that_were_sent_do_not_come_back() {
    assert_eq!(
        wrong(r#"{"username":"u","password":"p","secret":1,"secret":2,"secret2":3}"#),
        [" unknown_field"]
    );
}

#[test]
fn an_empty_body_is_said_to_be_empty() {
    for body in ["", " \r\n"] {
        let refusal = parse::<Sample>(body.as_bytes(), None).expect_err("refused");
        assert_eq!(refusal.code(), Code::MalformedBody);
        assert!(refusal.detail().contains("empty"), "{}", refusal.detail());
    }
}

#[test]
fn each_wrong_field_is_named() {
    assert_eq!(wrong("{}"), ["/username missing", "/password missing"]);
    assert_eq!(
        wrong(r#"{"username":"123456789","password":"p"}"#),
        ["/username too_long"]
    );
    assert!(Shapes::collect(Sample::register).is_ref_bounded(&Sample::schema_ref()));
    assert_eq!(wrong(r#""secret""#), [" wrong_type"]);
    assert_eq!(
        wrong(r#"{"username":"u","password":["secret"]}"#),
        ["/password wrong_type"]
    );
    assert_eq!(
        wrong(r#"{"username":null,"password":1}"#),
        ["/username wrong_type", "/password wrong_type"]
    );
    assert_eq!(
        wrong(r#"{"username":"u","password":"secret","password":"secret"}"#),
        ["/password duplicate"]
    );
    assert_eq!(
        wrong(r#"{"username":"u","password":"secret\u0000"}"#),
        ["/password nul_character"]
    );
    assert_eq!(
        wrong(
            r#"{"username":"u","password":"p","a/b~":1,"delivery":"secret","scopes":["a",2],"age":1.5}"#
        ),
        [
            "/delivery not_allowed",
            "/scopes/1 wrong_type",
            "/age wrong_type",
            " unknown_field"
        ]
    );
    assert_eq!(
        wrong(r#"{"username":"u","password":"p","size":99999999999}"#),
        [" invalid"]
    );
    for age in ["-1", "151", "99999999999", "18446744073709551615"] {
        let text = format!(r#"{{"username":"u","password":"p","age":{age}}}"#);
        assert_eq!(wrong(&text), ["/age out_of_range"], "{age}");
    }
}

#[test]
fn other_bodies_are_malformed() {
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"{} {}",
        b"{'a':1}",
        b"\xff",
        b"{\"username\":\"\xc3\x28\"}",
        b"{\"username\":\"\\ud800\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let refusal = parse::<Sample>(body, None).expect_err("refused");
        assert_eq!(refusal.code(), Code::MalformedBody);
    }
}

#[test]
fn only_json_is_taken() {
    let request = |value: &'static str| Request::builder().content_type(value).finish();
    for good in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;",
    ] {
        assert!(is_json(&request(good)), "{good}");
    }
    for bad in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/problem+json",
        "application/json; charset=latin1",
        "text/plain, application/json",
    ] {
        assert!(!is_json(&request(bad)), "{bad}");
    }
    assert!(!is_json(&Request::default()));
}

/// What a body of so many bytes, in chunks without a declared length, is answered.
async fn chunked<const MOST: usize>(length: usize) -> Result<Sample, Code> {
    let head = r#"{"username":"u","password":""#;
    let filler = "p".repeat(length - head.len() - 2);
    let text = format!("{head}{filler}\"}}");
    let chunks: Vec<std::io::Result<Vec<u8>>> = text
        .as_bytes()
        .chunks(1000)
        .map(|chunk| Ok(chunk.to_vec()))
        .collect();
    let body = poem::Body::from_bytes_stream(futures_util::stream::iter(chunks));
    let request = Request::builder().content_type("application/json").finish();
    Body::<Sample, MOST>::from_request(
        &request,
        &mut RequestBody::new(body),
        ExtractParamOptions::default(),
    )
    .await
    .map(|Body(sample)| sample)
    .map_err(|error| error.downcast::<Refusal>().unwrap().code())
}

#[tokio::test]
async fn the_limit_holds_without_a_declared_length() {
    const ANY: usize = usize::MAX;
    let too_large = Some(Code::BodyTooLarge);
    assert!(chunked::<ANY>(64 * 1024).await.is_ok());
    assert_eq!(chunked::<ANY>(64 * 1024 + 1).await.err(), too_large);
    assert!(chunked::<4096>(4096).await.is_ok());
    assert_eq!(chunked::<4096>(4097).await.err(), too_large);
}

#[tokio::test]
async fn a_broken_body_is_malformed() {
    let broken = futures_util::stream::iter([
        Ok(b"{".to_vec()),
        Err(std::io::Error::other("the client went away")),
    ]);
    let body = poem::Body::from_bytes_stream(broken);
    let refusal = read(body, 1024, &Arrival::of(&Request::default()))
        .await
        .err()
        .unwrap();
    assert_eq!(refusal.code(), Code::MalformedBody);
}
