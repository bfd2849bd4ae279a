// What clients do, done with openid-client.

import { text } from 'node:stream/consumers';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global yet
const client = await import('openid-client');

const task = JSON.parse(await text(process.stdin));

async function discover(id, metadata, authentication, algorithm = 'oidc') {
  const options = { algorithm, execute: [client.allowInsecureRequests] }; // on this machine
  return client.discovery(new URL(task.issuer), id, metadata, authentication, options);
}

const steps = {
  async discover() {
    const configurations = [
      await discover('any', undefined, client.None(), 'oauth2'),
      await discover('any', undefined, client.None(), 'oidc'),
    ];
    return configurations.map((configuration) => configuration.serverMetadata());
  },

  async makeKey() {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const [publicKey, privateKey] = await Promise.all(
      [pair.publicKey, pair.privateKey].map((key) => crypto.subtle.exportKey('jwk', key)),
    );
    return { public: publicKey, private: privateKey };
  },

  async everything() {
    const { id, secret } = task.service;
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await crypto.subtle.importKey('jwk', task.keyed.key, curve, false, ['sign']);
    const signs = { introspection_signed_response_alg: 'ES256' };
    const byBasic = await discover(id, undefined, client.ClientSecretBasic(secret));
    const byPost = await discover(id, secret);
    const signing = await discover(id, signs, client.ClientSecretBasic(secret));
    client.enableNonRepudiationChecks(signing);
    const keyed = await discover(task.keyed.id, undefined, client.PrivateKeyJwt(key));
    const page = await discover(task.page.id, undefined, client.None());

    const parameters = { scope: 'pages.read' };
    const basic = await client.clientCredentialsGrant(byBasic, parameters);
    const post = await client.clientCredentialsGrant(byPost, parameters);
    const byKey = await client.clientCredentialsGrant(keyed, parameters);
    const refreshed = await client.refreshTokenGrant(page, task.page.refresh_token);
    const seen = await client.tokenIntrospection(byBasic, refreshed.access_token);
    const signed = await client.tokenIntrospection(signing, refreshed.access_token);
    await client.tokenRevocation(page, refreshed.refresh_token);
    const after = await client.tokenIntrospection(byBasic, refreshed.access_token);
    const afterSigned = await client.tokenIntrospection(signing, refreshed.access_token);
    return { basic, post, byKey, refreshed, seen, signed, after, afterSigned };
  },
};

process.stdout.write(JSON.stringify(await steps[task.step]()));
