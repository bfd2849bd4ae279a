// A resource server with Express and jose (node 20 or newer).
//
//     npm ci
//     ISSUER=http://localhost:8080 AUDIENCE=https://notes.example.com API_KEY=signet_ak_... \
//         PORT=3000 node server.mjs
//
// API_KEY is an API key with the scope signet.introspect, for AUDIENCE.

import express from 'express';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const { ISSUER: issuer, AUDIENCE: audience, API_KEY: key, PORT: port = '3000' } = process.env;

// Fetches the keys again when they are 300 s old, and for an unknown `kid` every 5 s at most.
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
  cacheMaxAge: 300_000,
  cooldownDuration: 5_000,
});

/** Says why a request does not pass. */
class Refusal extends Error {
  constructor(status, challenge) {
    super(`refused with ${status}`);
    Object.assign(this, { status, challenge });
  }
}
const invalid = () => new Refusal(401, 'Bearer error="invalid_token"');

/** Lets callers pass whose credential has the scope. `ask`: Signet is asked about access tokens too. */
function allow(scope, { ask = false } = {}) {
  return async (request, response, next) => {
    const token = presented(request);
    const claims = ask || token.startsWith('signet_ak_') ? await introspect(token, request) : await verify(token);
    if (!claims.scope?.split(' ').includes(scope)) {
      throw new Refusal(403, `Bearer error="insufficient_scope", scope="${scope}"`);
    }
    request.caller = claims;
    next();
  };
}

/** The one credential of the Authorization header. */
function presented(request) {
  const values = request.headersDistinct.authorization ?? [];
  if (values.length === 0) throw new Refusal(401, 'Bearer');
  if (values.length > 1) throw new Refusal(400, 'Bearer error="invalid_request"');
  const token = /^bearer +(\S+)$/i.exec(values[0])?.[1];
  if (!token) throw invalid();
  return token;
}

/** The claims of an access token, without asking anybody. */
async function verify(token) {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256'], // as in signing_keys.algorithms
      requiredClaims: ['sub', 'exp', 'iat'],
    });
    return payload;
  } catch (error) {
    // jose's plain JOSEError: the keys could not be fetched.
    const unreachable = !(error instanceof errors.JOSEError) || ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT'].includes(error.code);
    throw unreachable ? new Refusal(503) : invalid();
  }
}

/** What Signet says now about an API key or an access token. */
async function introspect(token, request) {
  const answer = await fetch(`${issuer}/oauth/introspect`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}` },
    body: new URLSearchParams({ token, method: request.method, address: request.ip }),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
  if (!answer?.ok) throw new Refusal(503);
  const claims = await answer.json();
  if (!claims.active) throw invalid();
  return claims;
}

const tell = ({ caller: { sub, scope } }, response) => response.json({ sub, scope });

const app = express();
app.get('/notes', allow('notes.read'), tell);
// What cannot be undone: a session that has ended counts at once.
app.delete('/notes', allow('notes.write', { ask: true }), tell);
app.use((error, request, response, next) => {
  if (!(error instanceof Refusal)) return next(error);
  if (error.challenge) response.set('WWW-Authenticate', error.challenge);
  response.sendStatus(error.status);
});
app.listen(port, '127.0.0.1');
