//! What a user of the Rust SDK writes.

mod signet;

use std::{env::var, error::Error};

use reqwest::header::{AUTHORIZATION, HeaderMap};
use signet::{Client, Error as Refusal, ResponseValue, types::*};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, username, password] =
        ["SIGNET_URL", "SIGNET_USERNAME", "SIGNET_PASSWORD"].map(|name| var(name).expect(name));
    let client = Client::new(&url);
    let credentials = |password: &str| Credentials::builder().username(&*username).password(password);

    let pair = client.login().body(credentials(&password)).send().await?.into_inner();
    let grant = RefreshGrant::builder().refresh_token(pair.refresh_token.clone());
    let next = client.refresh().body(grant).send().await?.into_inner();
    assert_ne!(next.refresh_token, pair.refresh_token);

    let mine = with(&url, &next.access_token)?;
    assert_eq!(mine.get_me().send().await?.username, username);
    let key = ApiKeyCreation::builder().name("Rust SDK").current_password(Some(password.parse()?));
    let issued = mine.create_my_api_key().body(key.clone()).send().await?.into_inner();
    assert!(issued.api_key.starts_with("signet_ak_"));

    let question = IntrospectionRequest::builder().token(&*issued.api_key);
    let known = with(&url, &issued.api_key)?.introspect_token().body(question).send().await?;
    assert!(known.active && known.name.as_deref() == Some("Rust SDK"));

    refused(client.login().body(credentials("wrong")).send().await, 401, "invalid_credentials");
    refused(mine.list_users().send().await, 403, "insufficient_scope");
    refused(mine.get_my_api_key().id("unknown").send().await, 404, "not_found");
    let again = refused(mine.create_my_api_key().body(key.clone()).send().await, 409, "api_key_exists");
    assert_eq!(again.api_key_id.as_ref(), Some(&issued.key.id));
    let odd = mine.create_my_api_key().body(key.name(" odd")).send().await;
    let odd = refused(odd, 422, "validation_failed");
    assert_eq!((&*odd.errors[0].pointer, &*odd.errors[0].code), ("/name", "malformed"));
    let guess = || client.login().body(credentials("wrong").username("rust")).send();
    for _ in 0..10 {
        refused(guess().await, 401, "invalid_credentials");
    }
    let throttled = refused(guess().await, 429, "throttled");
    assert!(throttled.headers()["retry-after"].to_str()?.parse::<u32>()? > 0);
    Ok(())
}

/// What a refusal says, as a type.
fn refused<T>(answer: Result<T, Refusal<Problem>>, status: u16, code: &str) -> ResponseValue<Problem> {
    match answer {
        Err(Refusal::ErrorResponse(problem)) => {
            assert_eq!((problem.status().as_u16(), &*problem.code), (status, code));
            problem
        }
        Err(other) => panic!("not a Problem: {other}"),
        Ok(_) => panic!("no refusal: {code}"),
    }
}

/// A client that presents an access token or an API key.
fn with(url: &str, credential: &str) -> Result<Client, Box<dyn Error>> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {credential}").parse()?)]);
    Ok(Client::new_with_client(url, reqwest::Client::builder().default_headers(headers).build()?))
}
