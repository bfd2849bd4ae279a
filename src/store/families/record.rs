//! Sessions as rows.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::QueryResult;
use serde::de::DeserializeOwned;

use crate::{
    model::{
        refresh_token::Generation,
        session::{Authentication, Family, Origin, Session, SessionDigest},
        session_cookie::CookieDigest,
        time::Timestamp,
    },
    store::{error::StoreError, sql::Columns as _},
};

/// A digest as its column has it.
pub(super) fn digest_text(digest: &SessionDigest) -> String {
    URL_SAFE_NO_PAD.encode(digest.0)
}

/// The same, of a session cookie.
pub(super) fn cookie_text(digest: &CookieDigest) -> String {
    URL_SAFE_NO_PAD.encode(digest.0)
}

/// A column that has a digest.
pub(super) fn digest_of(row: &QueryResult, column: &str) -> Result<SessionDigest, StoreError> {
    let text: String = row.get(column)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map(SessionDigest)
        .ok_or_else(|| StoreError::corrupt(format_args!("{column}: no digest")))
}

/// A list as its column has it.
pub(super) fn list_text(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// Reads a row that has every column of the record.
pub(super) fn session(row: &QueryResult) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.parse("id")?,
        user: row.parse("user_id")?,
        client: row.parse("client_id")?,
        scopes: row.parse_nullable("scopes")?,
        audiences: list(row, "audiences")?,
        authentication: Authentication {
            time: moment(row, "auth_time")?,
            methods: list(row, "amr")?,
        },
        family: family(row)?,
        created_at: moment(row, "created_at")?,
        absolute_expires_at: moment(row, "absolute_expires_at")?,
        revoked: row.parse_nullable("revoked_reason")?,
        origin: Origin {
            label: row.get("label")?,
            address: row.parse_nullable("address")?,
        },
    })
}

fn family(row: &QueryResult) -> Result<Family, StoreError> {
    Ok(Family {
        generation: generation(row, "generation")?,
        key_id: row.number("key_id")?,
        rotated_at: moment(row, "rotated_at")?,
        budget_at: moment(row, "budget_at")?,
        burst_from: generation(row, "burst_from")?,
        burst_at: moment(row, "burst_at")?,
        late_at: moment(row, "late_at")?,
        idle_expires_at: moment(row, "idle_expires_at")?,
    })
}

/// A `BIGINT` column of milliseconds.
pub(super) fn moment(row: &QueryResult, column: &str) -> Result<Timestamp, StoreError> {
    row.get(column).map(Timestamp::from_millis)
}

fn generation(row: &QueryResult, column: &str) -> Result<Generation, StoreError> {
    Generation::new(row.number(column)?)
        .ok_or_else(|| StoreError::corrupt(format_args!("{column}: no generation")))
}

fn list<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<Vec<T>, StoreError> {
    serde_json::from_str(&row.get::<String>(column)?)
        .map_err(|cause| StoreError::corrupt(format_args!("{column}: {cause}")))
}
