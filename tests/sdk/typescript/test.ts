// What a user of the TypeScript SDK writes.
import { createClient } from './client/client';
import { createMyApiKey, getMe, introspectToken, login, refresh, type Problem } from './client';

declare const process: { env: Record<string, string> };
const { SIGNET_URL: url, SIGNET_USERNAME: username, SIGNET_PASSWORD: password } = process.env;
const client_id = process.env.SIGNET_CLIENT_ID;

async function main(): Promise<void> {
  const client = createClient({ baseUrl: url });
  const pair = await login({ client, body: { username, password, client_id }, throwOnError: true });
  const next = await refresh({ client, body: { refresh_token: pair.data.refresh_token }, throwOnError: true });
  is(next.data.refresh_token !== pair.data.refresh_token, 'another refresh token');

  const mine = createClient({ baseUrl: url, auth: next.data.access_token });
  const me = await getMe({ client: mine, throwOnError: true });
  is(me.data.username === username, 'the username');
  const key = { name: 'TypeScript SDK', current_password: password };
  const issued = await createMyApiKey({ client: mine, body: key, throwOnError: true });
  const { api_key } = issued.data;
  is(api_key.startsWith('signet_ak_'), 'an API key');
  const asking = createClient({ baseUrl: url, auth: api_key });
  const known = await introspectToken({ client: asking, body: { token: api_key }, throwOnError: true });
  is(known.data.active && known.data.name === key.name, 'a key that counts');

  const refused = await login({ client, body: { username, password: 'wrong' } });
  const problem: Problem = refused.error!;
  is(problem.code === 'invalid_credentials', `a typed error: ${JSON.stringify(problem)}`);
}

function is(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

void main();
