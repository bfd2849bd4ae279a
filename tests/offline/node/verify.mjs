// Verifies access tokens offline with jose.

import { text } from 'node:stream/consumers';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global yet
const { createLocalJWKSet, jwtVerify } = await import('jose');

const task = JSON.parse(await text(process.stdin));
const keys = createLocalJWKSet(task.jwks);
const algorithms = task.jwks.keys.map((key) => key.alg);

async function outcome(token) {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: task.issuer,
      audience: task.audience,
      typ: 'at+jwt',
      algorithms,
      requiredClaims: ['sub', 'exp', 'iat'],
    });
    return { claims: payload };
  } catch (error) {
    return { refused: error.code ?? error.name };
  }
}

const outcomes = {};
for (const [name, token] of Object.entries(task.tokens)) {
  outcomes[name] = await outcome(token);
}
process.stdout.write(JSON.stringify(outcomes));
