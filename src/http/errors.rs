//! Whatever goes wrong below the edge, as a [`Refusal`].
//!
//! The framework has its own errors, in plain text and with the submitted value in them. None of
//! their words go out.

use http::{HeaderValue, StatusCode, header};
use poem::Response;
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem_openapi::error::{
    ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};

use super::problem::{Code, Refusal};

/// Headers that keep their meaning when an answer is given our shape.
const KEPT: [header::HeaderName; 4] = [
    header::ALLOW,
    header::RETRY_AFTER,
    header::SET_COOKIE,
    header::WWW_AUTHENTICATE,
];

/// A refused request: shaped by its own endpoint, or still to be shaped.
pub(super) enum Outcome {
    /// Goes out as it is.
    Answer(Response),
    /// Becomes a problem.
    Refused(Refusal),
}

/// Judges an error. `allow` names the methods of the path, if it exists.
pub(super) fn from_error(error: poem::Error, allow: Option<HeaderValue>) -> Outcome {
    if error.is_from_response() {
        return from_response(error.into_response());
    }
    let error = match error.downcast::<Refusal>() {
        Ok(refusal) => return Outcome::Refused(refusal),
        Err(error) => error,
    };
    Outcome::Refused(if error.is::<MethodNotAllowedError>() {
        let refusal = Refusal::new(Code::MethodNotAllowed);
        match allow {
            Some(allow) => refusal.header(header::ALLOW, allow),
            None => refusal,
        }
    } else if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        Refusal::new(Code::NotFound)
    } else if error.is::<ContentTypeError>() {
        Refusal::new(Code::UnsupportedMediaType)
    } else if error.is::<ParseRequestPayloadError>() {
        Refusal::new(Code::MalformedBody)
    } else if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
        Refusal::new(Code::MalformedRequest).because(format!(
            "The parameter `{name}` has a value that it cannot have: compare /openapi.json."
        ))
    } else {
        Refusal::new(from_status(error.status())).caused_by(error.to_string())
    })
}

/// Judges an answer: an error that is not in a documented shape is given one.
pub(super) fn from_response(response: Response) -> Outcome {
    let status = response.status();
    let shaped = response
        .content_type()
        .is_some_and(|media_type| media_type.contains("json"));
    if shaped || !(status.is_client_error() || status.is_server_error()) {
        return Outcome::Answer(response);
    }
    let refusal = Refusal::new(from_status(status));
    let kept = response
        .headers()
        .iter()
        .filter(|(name, _)| KEPT.contains(name));
    Outcome::Refused(kept.fold(refusal, |refusal, (name, value)| {
        refusal.header(name.clone(), value.clone())
    }))
}

/// The code of an error of which only the status is known.
fn from_status(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::CONFLICT => Code::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        status if status.is_client_error() => Code::MalformedRequest,
        _ => Code::InternalError,
    }
}
