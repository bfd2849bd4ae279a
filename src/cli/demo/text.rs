//! What a demo prints once it answers.

/// Who to be, and where.
pub(super) struct Card {
    pub(super) url: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) client_id: String,
    pub(super) docs: bool,
}

impl Card {
    /// For people: the URL, the credentials, and lines to paste.
    pub(super) fn text(&self) -> String {
        let Self {
            url,
            username,
            password,
            ..
        } = self;
        let docs = if self.docs {
            format!("  API docs  {url}/docs\n")
        } else {
            String::new()
        };
        format!(
            "
Signet is running. What it remembers is thrown away when it stops (Ctrl-C).

  URL       {url}
  Username  {username}
  Password  {password}
{docs}
Try it: paste these lines into bash in another window, one step after the other.

{steps}
",
            steps = self.steps()
        )
    }

    /// The lines to paste, those of the README. The tokens of the newest answer are cut out with
    /// sed, so that nothing but curl is needed.
    fn steps(&self) -> String {
        let Self {
            url,
            username,
            password,
            ..
        } = self;
        format!(
            r#"# 1. Log in: a short-lived access token, and a refresh token for new ones
PASSWORD='{password}'
URL={url} JSON='Content-Type: application/json'
answer=$(curl -sS $URL/v1/auth/login -H "$JSON" \
  -d '{{"username":"{username}","password":"'$PASSWORD'"}}'); echo "$answer"
token() {{ sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$answer"; }}

# 2. Who am I?
curl -sS $URL/v1/me -H "Authorization: Bearer $(token access_token)"; echo

# 3. Refresh: new tokens; the old refresh token is spent
refresh() {{ curl -sS $URL/v1/auth/refresh -H "$JSON" -d '{{"refresh_token":"'$1'"}}'; }}
answer=$(refresh $(token refresh_token)); echo "$answer"

# 4. The public keys with which anybody verifies access tokens offline
curl -sS $URL/.well-known/jwks.json; echo

# 5. Log out: from now on refreshing is refused
curl -sS $URL/v1/auth/logout -H "$JSON" -d '{{"refresh_token":"'$(token refresh_token)'"}}'
refresh $(token refresh_token); echo"#
        )
    }
}
