//! Request bodies: JSON, bounded, strict, and explained when wrong.
//!
//! Owns the way from bytes to a request type. The fast path is serde alone; only when it refuses
//! is the body read a second time, against the schema that the document publishes, to say which
//! fields are wrong. What a field *means* is the model's business.
//!
//! A request type derives `poem_openapi::Object` (for the schema) and `serde::Deserialize` with
//! `deny_unknown_fields` (for the value).

mod diagnosis;
mod shapes;
mod tree;

use std::pin::pin;

use futures_util::TryStreamExt;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use self::shapes::Shapes;
use super::arrival::Arrival;
use super::problem::{Code, Refusal};

/// The only media type that bodies have.
const JSON: &str = "application/json";
/// How JSON spells the character NUL and the value null; they have no other spelling. serde takes
/// both: the one in any text, the other for any field that may be absent.
const TAKEN_BY_SERDE_ALONE: [&str; 2] = ["\\u0000", "null"];

/// A JSON request body, of at most so many bytes if the setting allows as many.
pub struct Body<T, const MOST: usize = { usize::MAX }>(pub T);

/// How many bytes a body may have that is there for its passwords, so that none is looked at that
/// nobody could have typed.
pub const WITH_PASSWORD: usize = 4096;

impl<'a, T: Type + DeserializeOwned, const MOST: usize> ApiExtractor<'a> for Body<T, MOST> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: JSON,
                schema: T::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if !is_json(request) {
            return Err(Refusal::new(Code::UnsupportedMediaType).into());
        }
        if is_encoded(request) {
            return Err(Refusal::new(Code::UnsupportedMediaType)
                .because("Send the body as it is, without Content-Encoding.")
                .into());
        }
        let arrival = Arrival::of(request);
        let most = arrival.body_limit().min(MOST);
        let bytes = read(body.take()?, most, &arrival).await?;
        Ok(Self(parse(&bytes, arrival.shapes())?))
    }
}

/// `application/json`, in UTF-8 if it names a charset; once.
fn is_json(request: &Request) -> bool {
    let mut values = request.headers().get_all(http::header::CONTENT_TYPE).iter();
    let (Some(Ok(value)), None) = (values.next().map(|value| value.to_str()), values.next()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|media_type| media_type.eq_ignore_ascii_case(JSON))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) => {
                name.eq_ignore_ascii_case("charset")
                    && charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            None => parameter.is_empty(),
        })
}

/// Compressed, or otherwise not what its media type says (RFC 9110 §8.4).
pub(super) fn is_encoded(request: &Request) -> bool {
    let codings = request.headers().get_all(http::header::CONTENT_ENCODING);
    codings
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Reads a body up to the limit, whatever length it declares. Bodies hold passwords, so the copy
/// is wiped.
pub(super) async fn read(
    body: poem::Body,
    most: usize,
    arrival: &Arrival,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    // Roomy enough that bodies with a password are not moved while they grow.
    let mut bytes = Zeroizing::new(Vec::with_capacity(WITH_PASSWORD));
    let mut chunks = pin!(body.into_bytes_stream());
    arrival.set_reading_body(true);
    while let Some(chunk) = chunks.try_next().await.map_err(|error| {
        Refusal::new(Code::MalformedBody)
            .because("The body ended before it was complete.")
            .caused_by(error)
    })? {
        if bytes.len() + chunk.len() > most {
            return Err(Refusal::new(Code::BodyTooLarge)
                .because(format!("Send a body of at most {most} bytes.")));
        }
        bytes.extend_from_slice(&chunk);
    }
    arrival.set_reading_body(false);
    Ok(bytes)
}

/// Reads a value, or says what is wrong with it. `shapes` may be missing in tests only.
fn parse<T: Type + DeserializeOwned>(bytes: &[u8], shapes: Option<&Shapes>) -> Result<T, Refusal> {
    let text = str::from_utf8(bytes).map_err(|_| {
        Refusal::new(Code::MalformedBody).because("The body is not encoded as UTF-8.")
    })?;
    if text.trim_ascii().is_empty() {
        return Err(Refusal::new(Code::MalformedBody)
            .because("The body is empty: send one JSON object, `{}` at least."));
    }
    let own;
    let shapes = if let Some(shapes) = shapes {
        shapes
    } else {
        own = Shapes::collect(T::register);
        &own
    };
    let schema = T::schema_ref();
    let parsed = serde_json::from_str(text).ok();
    // What serde took may still hold what the schema does not allow.
    let suspect = shapes.is_ref_bounded(&schema)
        || TAKEN_BY_SERDE_ALONE
            .iter()
            .any(|spelling| text.contains(spelling));
    match parsed {
        Some(value) if !suspect => Ok(value),
        parsed => match (diagnosis::of(text, &schema, shapes)?, parsed) {
            (errors, Some(value)) if errors.is_empty() => Ok(value),
            // The type is stricter than its schema says.
            (errors, None) if errors.is_empty() => Err(Refusal::field(
                "",
                "invalid",
                "The body is not acceptable here.",
            )),
            (errors, _) => Err(Refusal::fields(errors)),
        },
    }
}

#[cfg(test)]
mod tests;
