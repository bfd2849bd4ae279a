//! Form encoded bodies (RFC 6749 Appendix B): each parameter once, unknown ones ignored, empty ones
//! as if they were absent (§3.2).

use std::marker::PhantomData;

use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use zeroize::Zeroizing;

use crate::http::arrival::Arrival;
use crate::http::body::{is_encoded, read};
use crate::http::problem::{Code, Refusal};
use crate::http::spelling::decode;

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// How many parameters are looked at.
const MOST: usize = 64;

/// The parameters of a request, as `T` describes them.
pub(super) struct Form<T> {
    parameters: Vec<(String, Zeroizing<String>)>,
    described: PhantomData<fn() -> T>,
}

impl<T> Form<T> {
    /// A parameter that may be there once.
    pub(super) fn one(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Refusal::new(Code::DuplicateParameter)
                .because(format!("Send the parameter {name} once."))),
        }
    }

    /// Refuses a request that has one of these parameters twice.
    pub(super) fn each_once(&self, names: &[&'static str]) -> Result<(), Refusal> {
        names.iter().try_for_each(|name| self.one(name).map(drop))
    }

    /// A parameter that has to be there, once.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        let missing = || {
            Refusal::new(Code::MalformedRequest)
                .because(format!("Send the parameter {name}, form encoded."))
        };
        self.one(name)?.ok_or_else(missing)
    }

    /// All values of a parameter.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let meant = self.parameters.iter().filter(move |(own, _)| own == name);
        meant
            .map(|(_, value)| value.as_str())
            .filter(|value| !str::is_empty(value))
    }
}

impl<'a, T: Type> ApiExtractor<'a> for Form<T> {
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
                content_type: MEDIA_TYPE,
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
        if !is_form(request) || is_encoded(request) {
            return Err(Refusal::new(Code::UnsupportedMediaType)
                .because("Send `Content-Type: application/x-www-form-urlencoded`.")
                .into());
        }
        let arrival = Arrival::of(request);
        let bytes = read(body.take()?, arrival.body_limit(), &arrival).await?;
        let parameters = parameters(&bytes)?;
        Ok(Self {
            parameters,
            described: PhantomData,
        })
    }
}

fn parameters(body: &[u8]) -> Result<Vec<(String, Zeroizing<String>)>, Refusal> {
    let pairs = body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    let pairs: Vec<&[u8]> = pairs.take(MOST + 1).collect();
    if pairs.len() > MOST {
        return Err(Refusal::new(Code::MalformedRequest).because("Send fewer parameters."));
    }
    let decoded = pairs.into_iter().map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = pair.split_at(equals.unwrap_or(pair.len()));
        let name = decode(name)?.to_string();
        Some((name, decode(value.strip_prefix(b"=").unwrap_or(value))?))
    });
    let decoded: Option<Vec<_>> = decoded.collect();
    decoded.ok_or_else(|| {
        Refusal::new(Code::MalformedRequest)
            .because("Encode the parameters as a form: UTF-8, percent-escaped, without NUL.")
    })
}

fn is_form(request: &Request) -> bool {
    let mut values = request.headers().get_all(http::header::CONTENT_TYPE).iter();
    let (Some(Ok(value)), None) = (values.next().map(|value| value.to_str()), values.next()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(MEDIA_TYPE)
}
