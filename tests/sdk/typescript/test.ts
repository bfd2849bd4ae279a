// What a user of the TypeScript SDK writes.
import { createClient } from './client/client';
import { createMyApiKey, getMe, getMyApiKey, introspectToken, listUsers, login, refresh, type Problem } from './client';

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

  refused(await login({ client, body: { username, password: 'wrong' } }), 401, 'invalid_credentials');
  refused(await listUsers({ client: mine }), 403, 'insufficient_scope');
  refused(await getMyApiKey({ client: mine, path: { id: 'unknown' } }), 404, 'not_found');
  const again = refused(await createMyApiKey({ client: mine, body: key }), 409, 'api_key_exists');
  is(again.api_key_id === issued.data.key.id, 'the key that has the name');
  const odd = refused(await createMyApiKey({ client: mine, body: { ...key, name: ' odd' } }), 422, 'validation_failed');
  is(odd.errors![0].pointer === '/name' && odd.errors![0].code === 'malformed', 'the field');
  const guess = () => login({ client, body: { username: 'typescript', password: 'wrong' } });
  for (let i = 0; i < 10; i++) await guess();
  const throttled = await guess();
  refused(throttled, 429, 'throttled');
  is(Number(throttled.response!.headers.get('Retry-After')) > 0, 'how long to wait');
}

/** What a refusal says, as a type. */
function refused(answer: { error?: Problem; response?: Response }, status: number, code: string): Problem {
  const problem = answer.error;
  is(answer.response?.status === status && problem?.status === status && problem.code === code, `${status} ${code}: ${JSON.stringify(problem)}`);
  return problem!;
}

function is(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

void main();
