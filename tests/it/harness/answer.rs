use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::document;

/// A whole answer, body included.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    path: String,
}

/// Sends a request and reads the whole answer, which has to be as the document describes it.
pub(crate) trait Ask {
    async fn ask(self) -> Answer;
}

impl Ask for RequestBuilder {
    async fn ask(self) -> Answer {
        let (client, request) = self.build_split();
        let request = request.unwrap();
        let method = request.method().clone();
        let answer = Answer::read(client.execute(request).await.unwrap()).await;
        document::check(&method, &answer.path, &answer);
        answer
    }
}

impl Answer {
    async fn read(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            path: response.url().path().to_owned(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// The value of a header that is there exactly once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values
            .next()
            .unwrap_or_else(|| panic!("no header {name}: {self:?}"));
        assert!(values.next().is_none(), "two headers {name}: {self:?}");
        value.to_str().unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// The JSON of an answer that says it is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let media_type = self.header("content-type");
        assert!(media_type.starts_with("application/"), "{media_type}");
        assert!(media_type.contains("json"), "{media_type}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON of an answer that has to be 200.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The JSON of an answer that has to be 201.
    #[track_caller]
    pub(crate) fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The answer has to be 204, and is then empty.
    #[track_caller]
    pub(crate) fn no_content(&self) {
        assert_eq!(self.status, 204, "{}", String::from_utf8_lossy(&self.body));
        assert!(self.body.is_empty());
    }

    /// The problem of an answer that has to refuse with `status` and `code`, in the documented
    /// shape (RFC 9457 and our own members).
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["instance"], self.path.as_str(), "{problem}");
        for member in ["type", "title", "detail", "request_id"] {
            let text = problem[member]
                .as_str()
                .unwrap_or_else(|| panic!("no {member}: {problem}"));
            assert!(!text.is_empty() && text.is_ascii(), "{member}: {problem}");
        }
        assert_eq!(
            self.header("x-request-id"),
            problem["request_id"].as_str().unwrap()
        );
        problem
    }

    /// The pointers and codes of a 422: `[("/password", "too_short")]`.
    #[track_caller]
    pub(crate) fn invalid_fields(&self) -> Vec<(String, String)> {
        let problem = self.refused(422, "validation_failed");
        let text = |error: &Value, member: &str| error[member].as_str().unwrap().to_owned();
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| (text(error, "pointer"), text(error, "code")))
            .collect()
    }
}
