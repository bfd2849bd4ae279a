//! What a user of the Rust SDK writes.

mod signet;

use std::{env::var, error::Error};

use reqwest::header::{AUTHORIZATION, HeaderMap};
use signet::{Client, Error as Refusal, types::*};

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
    let issued = mine.create_my_api_key().body(key).send().await?.into_inner();
    assert!(issued.api_key.starts_with("signet_ak_"));

    let question = IntrospectionRequest::builder().token(&*issued.api_key);
    let known = with(&url, &issued.api_key)?.introspect_token().body(question).send().await?;
    assert!(known.active && known.name.as_deref() == Some("Rust SDK"));

    let refused = client.login().body(credentials("wrong")).send().await.expect_err("a refusal");
    let Refusal::ErrorResponse(problem) = refused else { panic!("not a Problem: {refused}") };
    assert_eq!(problem.code, "invalid_credentials");
    Ok(())
}

/// A client that presents an access token or an API key.
fn with(url: &str, credential: &str) -> Result<Client, Box<dyn Error>> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {credential}").parse()?)]);
    Ok(Client::new_with_client(url, reqwest::Client::builder().default_headers(headers).build()?))
}
