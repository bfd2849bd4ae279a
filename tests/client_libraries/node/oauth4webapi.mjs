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
};

process.stdout.write(JSON.stringify(await steps[task.step]()));
