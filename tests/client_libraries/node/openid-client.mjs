// What clients do, done with openid-client.

import { text } from 'node:stream/consumers';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global yet
const client = await import('openid-client');

const task = JSON.parse(await text(process.stdin));

async function discover(authentication, algorithm = 'oidc') {
  const options = { algorithm, execute: [client.allowInsecureRequests] }; // on this machine
  const { id, secret } = task.client;
  return client.discovery(new URL(task.issuer), id, secret, authentication, options);
}

const steps = {
  async discover() {
    const configurations = [await discover(undefined, 'oauth2'), await discover(undefined, 'oidc')];
    return configurations.map((configuration) => configuration.serverMetadata());
  },
};

process.stdout.write(JSON.stringify(await steps[task.step]()));
