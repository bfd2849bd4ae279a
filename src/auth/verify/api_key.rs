//! By an API key.

use super::{Identity, Question, Subject, for_application};
use crate::auth::{
    Auth, AuthError,
    api_keys::{KeyRefusal, KeyUse},
};

impl Auth {
    /// Whose an API key is, if it is for the rule's audiences and counts for this request.
    pub(super) async fn by_api_key(
        &self,
        kind: &'static str,
        text: &str,
        question: &Question<'_>,
    ) -> Result<Identity, AuthError> {
        let used = KeyUse {
            address: question.caller.address,
            writes: !question.only_reads,
        };
        let holder = self.authenticate_key(text, used).await?;
        let key = holder.key();
        let audiences = if key.audiences.is_empty() {
            &self.terms.audiences
        } else {
            &key.audiences
        };
        let is_for = |audience: &str| audiences.iter().any(|one| one == audience);
        if self.audience_of(question.rule, is_for).is_none() {
            return Err(KeyRefusal::Invalid.into());
        }
        let owner = holder.owner.as_ref();
        Ok(Identity {
            kind,
            subject: owner.map_or(Subject::ApiKey(key.id), |owner| Subject::User(owner.id)),
            user: owner.map(|owner| (owner.id, owner.username.clone())),
            token_id: Some(key.id.to_string()),
            expires_at: key.expires_at,
            scopes: for_application(&holder.scopes),
        })
    }
}
