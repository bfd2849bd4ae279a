/** The page: shows where the session stands, and lets the user act on it. */

import { type Login, NoToken, Session, type State } from './session.js';

const signet = document.querySelector<HTMLMetaElement>('meta[name=signet]')!.content;
const session = new Session({ url: signet, onChange: show });

/** Why a session is over, in words for people. Keep a sentence for those that you do not know. */
const reasons: Record<string, string> = {
  logout: 'You are logged out.',
  idle: 'You were away for long. Please log in again.',
  absolute: 'It is time to log in again.',
  reuse: 'Somebody may have copied your login, so it was ended. Please log in again.',
  admin: 'An administrator has ended your session.',
  password_changed: 'Your password was changed. Please log in with the new one.',
  user_disabled: 'This account is disabled.',
  session_limit: 'You have logged in on too many devices; this login was the oldest.',
  credential_missing: 'The login is gone from this browser. Please log in again.',
};

function show(state: State): void {
  for (const status of ['unknown', 'out', 'in']) element(status).hidden = status !== state.status;
  element('trouble').hidden = !('unreachable' in state && state.unreachable);
  if (state.status === 'out') {
    element('why').textContent = state.why ? (reasons[state.why] ?? `You are logged out (${state.why}).`) : '';
    element<HTMLFormElement>('login').reset();
  }
  if (state.status === 'in') {
    element('scope').textContent = state.scope && `May: ${state.scope}`;
    void load();
  }
}

/** What any call to an API looks like. */
async function load(): Promise<void> {
  try {
    const [me, sessions] = await Promise.all(['/v1/me', '/v1/me/sessions'].map(async (path) => {
      const answer = await session.fetch(signet + path);
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return answer.json();
    }));
    element('name').textContent = me.username;
    element('sessions').replaceChildren(...sessions.items.map(listed));
    element('news').textContent = '';
  } catch (error) {
    // Logged out, or out of reach: `show` has said it already.
    if (!(error instanceof NoToken)) element('news').textContent = 'That did not work. Please try again.';
  }
}

interface Listed { device?: string; current: boolean; last_used_at: string }

function listed({ device, current, last_used_at }: Listed): Element {
  const item = document.createElement('li');
  const details = document.createElement('small');
  item.textContent = current ? 'This browser' : 'Another device';
  details.textContent = `${device ?? 'unknown'}, ${new Date(last_used_at).toLocaleString()}`;
  item.append(details);
  return item;
}

function refusal(login: Exclude<Login, { ok: true }>): string {
  switch (login.why) {
    case 'wrong_password': return 'Username or password is wrong.';
    case 'throttled': return `Too many attempts. Please wait ${login.seconds} s.`;
    case 'unreachable': return 'Signet does not answer. Please try again.';
    case 'cookie_blocked': return 'Your browser refuses cookies, so you cannot stay logged in. Please allow them.';
    case 'refused': return `${login.detail} (${login.code})`;
  }
}

element('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = new FormData(event.target as HTMLFormElement);
  void busy(async () => {
    element('why').textContent = '';
    element('refusal').textContent = '';
    const login = await session.login(String(fields.get('username')), String(fields.get('password')));
    if (!login.ok) element('refusal').textContent = refusal(login);
  });
});
element('reload').addEventListener('click', () => void busy(load));
element('logout').addEventListener('click', () => void busy(() => end(session.logout())));
element('everywhere').addEventListener('click', () => void busy(() => end(session.logoutEverywhere())));

async function end(done: Promise<boolean>): Promise<void> {
  if (!await done) element('news').textContent = 'Signet does not answer: you are still logged in. Please try again.';
}

/** Nothing is pressed twice meanwhile. */
async function busy(action: () => Promise<void>): Promise<void> {
  const buttons = [...document.querySelectorAll('button')];
  for (const button of buttons) button.disabled = true;
  await action().finally(() => { for (const button of buttons) button.disabled = false; });
}

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

void session.start();
