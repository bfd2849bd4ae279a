/**
 * A login at Signet, for a web page: copy this file, or import it. It needs nothing else.
 * The access token is in memory and nowhere else; the refresh token is in an HttpOnly cookie that no script can read.
 * The tabs of an origin share one session: one refreshes at a time (Web Locks) and tells the others (BroadcastChannel).
 * Only Signet's own word ends a session. Trouble on the way to it never does.
 */

/** Where the page stands: `unknown` until Signet's first answer. `unreachable`: Signet does not answer now, which logs
 * nobody out; it is asked again. Another `sessionId` than before: another tab has logged in, maybe as somebody else.
 * `why` is the `reason` of `session_ended` (`logout`, `idle`, `reuse`, …), or the `code` of another refusal
 * (`credential_missing`: the cookie is gone); absent where nobody was logged in. */
export type State =
  | { status: 'unknown'; unreachable: boolean }
  | { status: 'in'; unreachable: boolean; sessionId: string; scope: string }
  | { status: 'out'; why?: string };

/** What a login came to. `cookie_blocked`: the password is right, but the browser dropped the cookie: cookies are
 * blocked, or page and Signet are not of one site. `refused`: anything else; `code` as in docs/errors.md. */
export type Login =
  | { ok: true }
  | { ok: false; why: 'wrong_password' | 'unreachable' | 'cookie_blocked' }
  | { ok: false; why: 'throttled'; seconds: number }
  | { ok: false; why: 'refused'; code: string; detail: string };

export interface Options {
  url: string; // of Signet, without a trailing slash
  onChange: (state: State) => void;
  clientId?: string; // where it is not the default client
  apis?: string[]; // origins that `fetch` may show the access token to, besides Signet's
}

/** No access token can be had now: the session's `state` says whether it is over, or Signet unreachable. */
export class NoToken extends Error {}

/** An access token; `at` is when this browser received it (unix milliseconds), `seconds` how long it lives then. */
interface Token { access: string; sessionId: string; scope: string; at: number; seconds: number }
type News = { token: Token } | { ended: string; why?: string }; // what tabs tell each other

/** The session of this page. Make one, `start` it, and keep it as long as the page lives. */
export class Session {
  state: Readonly<State> = { status: 'unknown', unreachable: false };
  #token?: Token;
  #ended = new Set<string>();
  #refreshing?: Promise<void>;
  #next = { from: 0, to: Infinity, failures: 0 }; // when to refresh, since when we mean to: unix milliseconds
  #timer?: ReturnType<typeof setTimeout>;
  #name: string;
  #tabs?: BroadcastChannel;

  constructor(private options: Options) {
    this.#name = `signet ${options.url} ${options.clientId ?? ''}`;
    try { this.#tabs = new BroadcastChannel(this.#name); } catch { return; } // denied, as cookies are
    this.#tabs.onmessage = ({ data }: MessageEvent<News>) => {
      if ('token' in data) this.#adopt(data.token);
      else if (this.#ended.add(data.ended) && data.ended === this.#token?.sessionId) this.#end(data.why, false);
    };
  }

  /** Takes up the session that the browser's cookie may hold, and keeps it alive from now on. */
  start(): Promise<void> {
    for (const event of ['pageshow', 'focus', 'resume', 'visibilitychange']) addEventListener(event, this.#look, true);
    addEventListener('online', () => { if (this.#next.failures) void this.refresh(); });
    return this.refresh();
  }

  /** Logs in, in all tabs. It does not try again by itself: a person is waiting, and can. */
  login(username: string, password: string): Promise<Login> {
    return this.#alone(async () => {
      const { status, body, wait } = await this.#post('login', { username, password, delivery: 'cookie' });
      if (body.code === 'invalid_credentials') return { ok: false, why: 'wrong_password' };
      if (status === 429) return { ok: false, why: 'throttled', seconds: wait };
      if (isTrouble(status)) return { ok: false, why: 'unreachable' };
      if (status !== 200) return { ok: false, why: 'refused', code: body.code, detail: body.detail };
      // Whether the browser kept the cookie shows only when it is used: now, not in some minutes.
      const proof = await this.#post('refresh', {});
      if (proof.body.code === 'credential_missing') {
        await this.#post('logout', {}, { Authorization: `Bearer ${body.access_token}` });
        return { ok: false, why: 'cookie_blocked' };
      }
      this.#adopt(received(proof.status === 200 ? proof.body : body), true);
      return { ok: true };
    });
  }

  /** Logs out, in all tabs of this browser. `false`: Signet could not be asked and the session lives; try again. */
  async logout(): Promise<boolean> {
    const done = (await this.#alone(() => this.#post('logout', {}))).status === 204;
    if (done) this.#end('logout');
    return done;
  }

  /** Ends all sessions of the user, on every device. `false`: they live; try again. */
  async logoutEverywhere(): Promise<boolean> {
    const all = `${this.options.url}/v1/me/sessions?include_current=true`;
    if ((await this.fetch(all, { method: 'DELETE' }).catch(() => undefined))?.status !== 204) return false;
    if (!await this.logout()) this.#end('logout'); // the cookie is still there, and worthless
    return true;
  }

  /** `fetch` with the access token. After a 401 it refreshes and asks once more, so a body must not be a stream.
   * Rejects with `NoToken`, with `fetch`'s own errors, and for origins that are not in `apis`. */
  async fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input, location.href);
    const known = [this.options.url, ...(this.options.apis ?? [])].map((api) => new URL(api).origin);
    if (!known.includes(url.origin)) throw new TypeError(`${url.origin} is not in \`apis\``);
    const headers = new Headers(init.headers);
    for (let again = false; ; again = true) {
      const token = await this.token();
      headers.set('Authorization', `Bearer ${token}`);
      const answer = await fetch(url, { ...init, headers });
      if (answer.status !== 401 || again) return answer;
      if (this.#token?.access === token) await this.refresh();
    }
  }

  /** A living access token, for other HTTP clients; ask for each request anew. Rejects with `NoToken`. */
  async token(): Promise<string> {
    const isWaiting = this.state.status === 'out' || (this.#next.failures > 0 && !this.#isDue());
    if (!isAlive(this.#token) && !isWaiting) await this.refresh();
    if (!isAlive(this.#token)) throw new NoToken(`no access token: ${this.state.status}`);
    return this.#token.access;
  }

  /** Refreshes now, unless another tab just did. `state` tells what came of it. */
  refresh(): Promise<void> {
    const before = this.#token;
    return this.#refreshing ??= this.#alone(async () => {
      if (this.#token !== before) return;
      const { status, body, wait } = await this.#post('refresh', {});
      if (status === 200) this.#adopt(received(body), true);
      else if (isTrouble(status)) this.#tryLater(wait);
      else this.#end(body.code === 'credential_missing' && !before ? undefined : body.reason ?? body.code);
    }).finally(() => { this.#refreshing = undefined; });
  }

  /** One tab of the browser at a time, but where the browser denies locks: it does where it denies cookies. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    const denied = (error: Error) => { if (error.name === 'SecurityError') return act(); else throw error; };
    return navigator.locks.request(this.#name, act).catch(denied) as Promise<T>;
  }

  /** What Signet says; status 0 where it says nothing. `wait` is Retry-After in seconds, or 0. */
  async #post(verb: string, fields: object, authorization = {}) {
    const headers = { 'Content-Type': 'application/json', 'X-Signet-Request': '1', ...authorization };
    const body = JSON.stringify({ ...fields, client_id: this.options.clientId });
    const init = { method: 'POST', credentials: 'include', signal: AbortSignal.timeout(15_000) } as const;
    try {
      const answer = await fetch(`${this.options.url}/v1/auth/${verb}`, { ...init, headers, body });
      const said = answer.status === 204 ? { code: 'done' } : await answer.json();
      // The 401 of a proxy on the way is not Signet's word: what has neither a token nor a code of ours is trouble.
      const status = said.access_token || said.code ? answer.status : 0;
      return { status, body: said, wait: Number(answer.headers.get('Retry-After')) || 0 };
    } catch { return { status: 0, body: {}, wait: 0 }; }
  }

  #adopt(token: Token, tell = false): void {
    if (this.#ended.has(token.sessionId)) return;
    if (tell) this.#tabs?.postMessage({ token } satisfies News);
    this.#token = token;
    this.#plan(token.seconds * (0.5 + 0.4 * Math.random()), token.at); // a fixed beat would hide a thief who keeps it
    this.#become({ status: 'in', unreachable: false, sessionId: token.sessionId, scope: token.scope });
  }
  #end(why?: string, tell = true): void {
    const ended = this.#token?.sessionId ?? '';
    if (ended && tell) this.#tabs?.postMessage({ ended, why } satisfies News);
    this.#ended.add(ended);
    this.#token = undefined;
    this.#plan(Infinity);
    if (this.state.status !== 'out') this.#become({ status: 'out', why });
  }
  #become(state: State): void {
    if (JSON.stringify(state) !== JSON.stringify(this.state)) this.options.onChange(this.state = state);
  }

  /** Trouble: the same cookie again, after what Signet asks for, or after about 1, 2, 4 … 30 s. */
  #tryLater(wait: number): void {
    const { failures } = this.#next;
    this.#plan(Math.max(wait, Math.min(30, 2 ** failures) * (0.5 + Math.random())), Date.now(), failures + 1);
    if (this.state.status !== 'out') this.#become({ ...this.state, unreachable: true });
  }
  #plan(seconds: number, from = 0, failures = 0): void {
    this.#next = { from, to: from + seconds * 1000, failures };
    this.#look();
  }
  #isDue(): boolean { return Date.now() >= this.#next.to || Date.now() < this.#next.from; }
  /** Timers stand still while a machine sleeps and crawl in hidden tabs: look at the clock often, and on waking. */
  #look = (): void => {
    clearTimeout(this.#timer);
    if (this.#next.to === Infinity) return;
    if (this.#isDue()) void this.refresh();
    this.#timer = setTimeout(this.#look, Math.max(500, Math.min(5_000, this.#next.to - Date.now())));
  };
}

const received = (body: Record<string, any>): Token => ({
  access: body.access_token, sessionId: body.session_id, scope: body.scope, at: Date.now(), seconds: body.expires_in,
});
/** Up to 95 % of its time, for it has a way to go. */
const isAlive = (token?: Token): token is Token => !!token && Date.now() < token.at + token.seconds * 950;
const isTrouble = (status: number) => status === 0 || status === 408 || status === 429 || status >= 500;
