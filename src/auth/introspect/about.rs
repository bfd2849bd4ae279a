//! What there is to say of a credential, by its kind.

use crate::{
    auth::{
        Auth, AuthError,
        api_keys::KeyHolder,
        seen_tokens::{SeenToken, Signed},
    },
    crypto::access,
    model::{
        claims::{Audience, KeyClaims},
        client::TokenType,
        client_claims::ClientClaims,
        time::Timestamp,
    },
};

use super::{Asker, Introspection, Kind, Question};

impl Auth {
    /// What is to be said of a credential, to whomever it concerns.
    pub(super) async fn about(
        &self,
        asker: &Asker,
        question: &Question<'_>,
    ) -> Result<Option<Introspection>, AuthError> {
        self.keep_fresh().await?;
        if self.is_api_key(question.token) {
            return self.about_key(asker, question).await;
        }
        if let Some(client) = asker.refresher()
            && let Some(presented) = self.refresh_token(question.token)?
        {
            return self.about_refresh_token(client, &presented).await;
        }
        match self.signed(question.token)? {
            Signed::Session(seen) => self.about_session(&seen).await,
            Signed::Key(typ, claims) => self.about_derived(typ, &claims).await,
            Signed::Client(typ, claims) => self.about_client(typ, &claims),
        }
    }

    async fn about_session(&self, seen: &SeenToken) -> Result<Option<Introspection>, AuthError> {
        let claims = &seen.claims;
        self.check_current(&claims.iss, claims.iat, claims.exp)?;
        self.check_going_on(seen).await?;
        let Some(user) = self.enabled_user(claims.sub).await? else {
            return Ok(None);
        };
        Ok(Some(Introspection {
            iss: claims.iss.clone(),
            sub: claims.sub.to_string(),
            username: Some(user.username.to_string()),
            aud: Some(claims.aud.clone()),
            client_id: Some(claims.client_id),
            // What was taken back since counts no more.
            scope: user.grants.effective(Some(&claims.scope), &self.registry()),
            exp: Some(claims.exp),
            iat: claims.iat,
            jti: Some(claims.jti.to_string()),
            kind: Kind::Session {
                sid: claims.sid,
                auth_time: claims.auth_time,
                amr: claims.amr.clone(),
            },
        }))
    }

    async fn about_derived(
        &self,
        typ: TokenType,
        claims: &KeyClaims,
    ) -> Result<Option<Introspection>, AuthError> {
        self.check_current(&claims.iss, claims.iat, claims.exp)?;
        if !self.client_counts(claims.client_id, typ, &[claims.jti.created_at()]) {
            return Ok(None);
        }
        let holder = self.key_behind(claims).await?;
        Ok(Some(Introspection {
            iss: claims.iss.clone(),
            sub: claims.sub.to_string(),
            username: username(&holder),
            aud: Some(claims.aud.clone()),
            client_id: Some(claims.client_id),
            scope: claims.scope.clone(),
            exp: Some(claims.exp),
            iat: claims.iat,
            jti: Some(claims.jti.to_string()),
            kind: Kind::Derived(Box::new(holder.key().clone())),
        }))
    }

    fn about_client(
        &self,
        typ: TokenType,
        claims: &ClientClaims,
    ) -> Result<Option<Introspection>, AuthError> {
        self.check_current(&claims.iss, claims.iat, claims.exp)?;
        if !self.client_counts(claims.client_id, typ, &[claims.jti.created_at()]) {
            return Ok(None);
        }
        let Some(client) = self.client(claims.client_id) else {
            return Ok(None);
        };
        Ok(Some(Introspection {
            iss: claims.iss.clone(),
            sub: claims.sub.to_string(),
            username: None,
            aud: Some(claims.aud.clone()),
            client_id: Some(claims.client_id),
            // What was taken back since counts no more.
            scope: client
                .scopes
                .effective(Some(&claims.scope), &self.registry()),
            exp: Some(claims.exp),
            iat: claims.iat,
            jti: Some(claims.jti.to_string()),
            kind: Kind::Client,
        }))
    }

    async fn about_key(
        &self,
        asker: &Asker,
        question: &Question<'_>,
    ) -> Result<Option<Introspection>, AuthError> {
        let holder = self.holder_of(question.token).await?;
        // Whoever authenticates with it was judged by where they are already.
        if !asker.is_itself(question.token) && !question.suits(&holder) {
            return Ok(None);
        }
        self.note_use_of(&holder);
        let key = holder.key();
        let audiences = holder.audiences(&self.terms.audiences).to_vec();
        Ok(Some(Introspection {
            iss: self.terms.issuer.clone(),
            sub: holder.subject().to_string(),
            username: username(&holder),
            aud: Some(Audience::from(audiences)),
            client_id: None,
            scope: Self::shown_scopes(asker, question.token, &holder.scopes),
            exp: key.expires_at.map(Timestamp::seconds),
            iat: key.created_at.seconds(),
            jti: Some(key.id.to_string()),
            kind: Kind::ApiKey(Box::new(key.clone())),
        }))
    }

    /// Refuses what another has issued, and what is not valid now.
    fn check_current(&self, iss: &str, iat: i64, exp: i64) -> Result<(), AuthError> {
        let times = access::check_times(self.now(), self.terms.leeway, iat, exp);
        if iss == self.terms.issuer && times.is_ok() {
            Ok(())
        } else {
            Err(AuthError::InvalidAccessToken)
        }
    }
}

fn username(holder: &KeyHolder) -> Option<String> {
    let owner = holder.owner.as_ref();
    owner.map(|owner| owner.username.to_string())
}
