// What clients do, done with oauth4webapi.

import { text } from 'node:stream/consumers';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global yet
const oauth = await import('oauth4webapi');

const task = JSON.parse(await text(process.stdin));
const insecure = { [oauth.allowInsecureRequests]: true }; // plain http, on this machine

async function discover(algorithm = 'oauth2') {
  const issuer = new URL(task.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

const steps = {
  async discover() {
    return [await discover('oauth2'), await discover('oidc')];
  },

  async makeKey() {
    const pair = await oauth.generateKeyPair('ES256', { extractable: true });
    const [publicKey, privateKey] = await Promise.all(
      [pair.publicKey, pair.privateKey].map((key) => crypto.subtle.exportKey('jwk', key)),
    );
    return { public: publicKey, private: privateKey };
  },

  async everything() {
    const as = await discover();
    const service = { client_id: task.service.id };
    const keyed = { client_id: task.keyed.id };
    const page = { client_id: task.page.id };
    const { secret } = task.service;
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await crypto.subtle.importKey('jwk', task.keyed.key, curve, false, ['sign']);

    const credentials = async (client, authentication) => {
      const parameters = { scope: 'pages.read' };
      const response = await oauth.clientCredentialsGrantRequest(
        as, client, authentication, parameters, insecure,
      );
      return oauth.processClientCredentialsResponse(as, client, response);
    };
    const introspect = async (token, requestJwtResponse) => {
      const basic = oauth.ClientSecretBasic(secret);
      const options = { requestJwtResponse, ...insecure };
      const response = await oauth.introspectionRequest(as, service, basic, token, options);
      const client = { ...service, introspection_signed_response_alg: 'ES256' };
      const said = await oauth.processIntrospectionResponse(as, client, response);
      if (requestJwtResponse) {
        await oauth.validateApplicationLevelSignature(as, response, insecure);
      }
      return said;
    };

    const basic = await credentials(service, oauth.ClientSecretBasic(secret));
    const post = await credentials(service, oauth.ClientSecretPost(secret));
    const byKey = await credentials(keyed, oauth.PrivateKeyJwt(key));
    const refreshing = await oauth.refreshTokenGrantRequest(
      as, page, oauth.None(), task.page.refresh_token, insecure,
    );
    const refreshed = await oauth.processRefreshTokenResponse(as, page, refreshing);
    const seen = await introspect(refreshed.access_token, false);
    const signed = await introspect(refreshed.access_token, true);
    const revoking = await oauth.revocationRequest(
      as, page, oauth.None(), refreshed.refresh_token, insecure,
    );
    await oauth.processRevocationResponse(revoking);
    const after = await introspect(refreshed.access_token, false);
    const afterSigned = await introspect(refreshed.access_token, true);
    return { basic, post, byKey, refreshed, seen, signed, after, afterSigned };
  },
};

process.stdout.write(JSON.stringify(await steps[task.step]()));
