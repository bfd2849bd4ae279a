//! `signet doctor`: what is wrong with this deployment, and what to do.
//!
//! Without a URL it looks from inside, by the configuration; with one from outside, as a client
//! does, through whatever stands between.

mod finding;
mod local;
mod remote;
mod visit;

use clap::Args;
use serde_json::json;

use self::finding::{Finding, State};
use super::{
    Shared,
    admin::block_on,
    failure::{Failure, Kind},
    password,
};
use crate::config::Issuer;

#[derive(Args)]
pub(super) struct Doctor {
    /// Look from outside, through the proxy: the issuer's URL
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Log in there as this user, and out again, to see which address Signet takes for the client's
    #[arg(long, value_name = "NAME", requires = "url")]
    username: Option<String>,
    /// Read that user's password from standard input, up to the first line break
    #[arg(long, requires = "username")]
    password_stdin: bool,
}

impl Doctor {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        let findings = match &self.url {
            None => block_on(async { Ok(local::look(shared).await) })?,
            Some(url) => {
                let issuer = Issuer::parse(url);
                let issuer = issuer
                    .map_err(|wrong| Failure::new(Kind::Usage, format_args!("--url {wrong}.")))?;
                let visitor = self.visitor()?;
                block_on(remote::look(&issuer, visitor.as_ref()))?
            }
        };
        report(&findings, shared)
    }

    fn visitor(&self) -> Result<Option<visit::Visitor>, Failure> {
        let Some(username) = self.username.clone() else {
            return Ok(None);
        };
        let password = password::known(self.password_stdin)?;
        Ok(Some(visit::Visitor { username, password }))
    }
}

/// Says everything, and ends with 1 where something is wrong.
fn report(findings: &[Finding], shared: &Shared) -> Result<(), Failure> {
    let is_well = findings.iter().all(|one| one.state != State::Wrong);
    let list: Vec<_> = findings.iter().map(Finding::json).collect();
    shared
        .output()
        .print(&json!({ "ok": is_well, "findings": list }), || {
            findings.iter().map(Finding::line).collect()
        })?;
    if is_well {
        return Ok(());
    }
    Err(Failure::all(Kind::Failed, Vec::new()))
}
