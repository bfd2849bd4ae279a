//! A login and a logout: which address Signet takes for the client's, and what its tokens say.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Finding,
    remote::{Deployment, apart, json},
};
use crate::http::client::{ClientError, Told};

/// An address that is nobody's (RFC 5737), which we claim to come from.
const FORGED: &str = "203.0.113.77";

/// Somebody who can log in.
pub(super) struct Visitor {
    pub(super) username: String,
    pub(super) password: Zeroizing<String>,
}

/// Looks at what only somebody who logs in can see.
pub(super) async fn look(deployment: &Deployment<'_>, visitor: Option<&Visitor>) -> Vec<Finding> {
    let Some(visitor) = visitor else {
        return vec![Finding::note(
            "address",
            "Whether Signet sees the client's address, only a login shows: add --username.",
        )];
    };
    let login = json!({ "username": visitor.username, "password": *visitor.password });
    let forged = [("x-forwarded-for", FORGED)];
    let told = deployment
        .post("/v1/auth/login", &forged, login.to_string())
        .await;
    let tokens = match told.map(|told| (json(&told), told)) {
        Ok((tokens, _)) if tokens["access_token"].is_string() => tokens,
        Ok((answer, told)) => {
            let code = answer["code"].as_str().unwrap_or("without a code");
            let text = format!(
                "The login is answered {} {code}: look at the name and the password.",
                told.status.as_u16()
            );
            return vec![Finding::wrong("login", text)];
        }
        Err(error) => return vec![Finding::wrong("login", format!("The login {error}."))],
    };
    let access_token = tokens["access_token"].as_str().unwrap_or_default();
    let mut findings = vec![claims(deployment, access_token)];
    findings.push(match address(deployment, access_token).await {
        Ok(finding) => finding,
        Err(error) => Finding::wrong("address", format!("The list of sessions {error}.")),
    });
    let logout = json!({ "refresh_token": tokens["refresh_token"] });
    let told = deployment
        .post("/v1/auth/logout", &[], logout.to_string())
        .await;
    if !told.is_ok_and(|told| told.status.is_success()) {
        findings.push(Finding::wrong(
            "logout",
            "The session of this visit could not be ended; end it with `signet session revoke`.",
        ));
    }
    findings
}

/// What the token says: when it was made, and by whom.
fn claims(deployment: &Deployment<'_>, token: &str) -> Finding {
    let part = token.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
    let issuer = deployment.issuer.as_str();
    if claims["iss"] != issuer {
        return Finding::wrong(
            "issuer",
            format!(
                "Tokens name {} as their issuer and not {issuer}: set server.issuer.",
                claims["iss"]
            ),
        );
    }
    apart("Signet", claims["iat"].as_i64().unwrap_or_default())
}

/// The address of this visit, as the list of sessions has it.
async fn address(deployment: &Deployment<'_>, token: &str) -> Result<Finding, ClientError> {
    let url = format!("{}/v1/me/sessions", deployment.issuer.as_str());
    let authorization = format!("Bearer {token}");
    let told: Told = deployment
        .get(&url, &[("authorization", &authorization)])
        .await?;
    let sessions = json(&told);
    let sessions = sessions["items"].as_array().map_or(&[][..], Vec::as_slice);
    let mine = sessions.iter().find(|session| session["current"] == true);
    let seen = mine.and_then(|session| session["address"].as_str()?.parse().ok());
    Ok(match seen {
        Some(seen) => judge(seen, told.from),
        None => Finding::wrong(
            "address",
            format!(
                "The list of sessions is answered {} and does not name this visit.",
                told.status.as_u16()
            ),
        ),
    })
}

/// What Signet sees, held against where we ask from.
fn judge(seen: IpAddr, own: IpAddr) -> Finding {
    if seen.to_string() == FORGED {
        return Finding::wrong(
            "address",
            "Signet believes a client that says where it comes from: let the proxy overwrite X-Forwarded-For with the address that it sees (nginx: `proxy_set_header X-Forwarded-For $remote_addr`).",
        );
    }
    if seen == own && own.is_loopback() {
        return Finding::note(
            "address",
            format!(
                "Signet sees {seen}, which is both this machine's and perhaps the proxy's: ask from another machine."
            ),
        );
    }
    if seen == own || is_public(seen) {
        return Finding::ok(
            "address",
            format!("Signet sees {seen} as the address of this machine."),
        );
    }
    Finding::wrong(
        "address",
        format!(
            "Signet sees {seen}, which is not this machine's but the proxy's: name it in server.trusted_proxies, and let it send X-Forwarded-For."
        ),
    )
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !address.is_private() && !address.is_loopback() && !address.is_link_local()
        }
        IpAddr::V6(address) => {
            !address.is_unique_local() && !address.is_loopback() && !address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::State, *};

    #[test]
    fn an_address_is_the_clients_or_somebody_elses() {
        let state =
            |seen: &str, own: &str| judge(seen.parse().unwrap(), own.parse().unwrap()).state;
        assert_eq!(state(FORGED, "192.0.2.1"), State::Wrong);
        assert_eq!(state("10.0.0.5", "10.0.0.9"), State::Wrong);
        assert_eq!(state("127.0.0.1", "10.0.0.9"), State::Wrong);
        assert_eq!(state("10.0.0.9", "10.0.0.9"), State::Ok);
        assert_eq!(state("198.51.100.1", "10.0.0.9"), State::Ok);
        assert_eq!(state("127.0.0.1", "127.0.0.1"), State::Note);
        assert_eq!(state("fd00::1", "fd00::2"), State::Wrong);
    }
}
