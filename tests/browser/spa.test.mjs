// examples/spa in a real browser, page and Signet on different origins, and everything that may go wrong between them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { Site, browse } from './site.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOGIN = 'POST /v1/auth/login';
const REFRESH = 'POST /v1/auth/refresh';
const LOGOUT = 'POST /v1/auth/logout';
const HOURS = 3_600_000;

let browser;
before(async () => { browser = await browse(); });
after(() => browser.close());

/** A test with a site and a browser context of its own. No page of it may ever break its own policy. */
function spa(name, { settings, clock = false, cookies = true }, body) {
  test(name, { timeout: 180_000 }, async () => {
    const site = await Site.start(settings);
    const context = cookies ? await browser.newContext() : await browse({ cookies });
    try {
      const violations = [];
      await context.exposeBinding('violated', (_, what) => violations.push(what));
      await context.addInitScript(() => {
        addEventListener('securitypolicyviolation', (event) => violated(`${event.violatedDirective} ${event.blockedURI}`));
      });
      if (clock) await context.clock.install();
      await body(new Visitor(site, context), site);
      assert.deepEqual(violations, []);
    } finally {
      await context.close();
      await site.end();
    }
  });
}

/** Somebody with a browser. */
class Visitor {
  constructor(site, context) {
    this.site = site;
    this.context = context;
  }

  /** A new tab with the page. */
  async open() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(this.site.url);
    return page;
  }

  /** Types a name and a password. */
  async type(page, password = this.site.password, username = 'ada') {
    await page.fill('#username', username);
    await page.fill('#password', password);
    await page.click('#login button');
  }

  /** A new tab that is logged in. */
  async enter() {
    const page = await this.open();
    await this.type(page);
    await isIn(page);
    return page;
  }
}

const isIn = (page) => page.waitForSelector('#sessions li', { state: 'visible' });
const isOut = (page) => page.waitForSelector('#login', { state: 'visible' });
const isInTrouble = (page) => page.waitForSelector('#trouble', { state: 'visible' });
const isFine = (page) => page.waitForSelector('#trouble', { state: 'hidden' });
const says = (page, where, text) => page.waitForSelector(`${where}:text(${JSON.stringify(text)})`);

/** Calls an API anew, and is answered. */
const callsApi = (page) => page.evaluate(() => {
  document.querySelector('#sessions').replaceChildren();
  document.querySelector('#reload').click();
}).then(() => isIn(page));

spa('somebody logs in, stays so after a reload, and logs out', {}, async (visitor, { wire }) => {
  const page = await visitor.open();
  await isOut(page);
  assert.equal(await page.textContent('#why'), '', 'nobody was logged in, so nothing is explained');
  await visitor.type(page);
  await isIn(page);
  assert.equal(await page.textContent('#name'), 'ada');
  await page.reload();
  await isIn(page);
  await page.click('#logout');
  await isOut(page);
  assert.deepEqual(await visitor.context.cookies(), []);
  await page.reload();
  await isOut(page);
  assert.equal(wire.count(LOGIN), 1);
});

spa('neither token can be read by a script of the page', {}, async (visitor) => {
  const page = await visitor.enter();
  const kept = await page.evaluate(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    cookie: document.cookie,
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    name: window.name,
    history: history.state,
    address: location.search + location.hash,
  }));
  const nothing = { local: {}, session: {}, cookie: '', databases: [], caches: [], name: '', history: null, address: '' };
  assert.deepEqual(kept, nothing);
  const [cookie, ...others] = await visitor.context.cookies();
  assert.deepEqual(others, []);
  assert.match(cookie.name, /^__Host-signet_refresh-/);
  const { httpOnly, secure, sameSite, path } = cookie;
  assert.deepEqual({ httpOnly, secure, sameSite, path }, { httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
});

spa('a wrong password, and too many of them', {}, async (visitor) => {
  const page = await visitor.open();
  await isOut(page);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await visitor.type(page, 'wrong password');
    await says(page, '#refusal', 'Username or password is wrong.');
  }
  await visitor.type(page);
  const refusal = await (await says(page, '#refusal', 'Too many attempts.')).textContent();
  const [, seconds] = refusal.match(/wait (\d+) s\.$/);
  assert.ok(seconds >= 1 && seconds <= 900, refusal);
});

spa('a browser that refuses cookies is told so, and leaves no session behind', { cookies: false }, async (visitor, site) => {
  const page = await visitor.open();
  await isOut(page);
  await visitor.type(page);
  await says(page, '#refusal', 'Your browser refuses cookies');
  assert.equal(JSON.parse(site.run('session', 'list', 'ada')).items.length, 0);
});

spa('a login while Signet is away', {}, async (visitor, { wire }) => {
  const page = await visitor.open();
  await isOut(page);
  wire.fate = () => 'cut';
  await visitor.type(page);
  await says(page, '#refusal', 'Signet does not answer. Please try again.');
  wire.fate = () => 'pass';
  await page.click('#login button');
  await isIn(page);
});

spa('refreshes come at random between 50 and 90 % of the lifetime', { clock: true }, async (visitor, { wire }) => {
  const page = await visitor.open();
  await isOut(page);
  const draw = (number) => page.evaluate((drawn) => { Math.random = () => drawn; }, number);
  await draw(0);
  await page.clock.pauseAt(Date.now() + HOURS); // from here on time passes only by `runFor`
  await visitor.type(page);
  await isIn(page);
  // The number drawn at a refresh decides when the next one comes, of 300 s; 45 s, for an answer takes some.
  for (const [moment, next] of [[150, 0.5], [210, 0.999], [269, 0.25], [180, 0]]) {
    await draw(next);
    const before = wire.count(REFRESH);
    await page.clock.runFor((moment - 45) * 1000);
    await page.evaluate((url) => fetch(`${url}/healthz`, { mode: 'no-cors' }), wire.url);
    assert.equal(wire.count(REFRESH), before, `before ${moment} s`);
    const [refreshed] = await Promise.all([wire.next(REFRESH), page.clock.runFor(50_000)]);
    assert.equal(refreshed.status, 200);
    assert.equal(wire.count(REFRESH), before + 1);
    await page.evaluate((lock) => navigator.locks.request(lock, () => {}), `signet ${wire.url} `);
  }
});

spa('two tabs log in, refresh and log out as one', { clock: true }, async (visitor, { wire }) => {
  const [one, two] = [await visitor.open(), await visitor.open()];
  await isOut(one);
  await isOut(two);
  await visitor.type(one);
  await Promise.all([isIn(one), isIn(two)]);

  const before = wire.count(REFRESH);
  await visitor.context.clock.fastForward(290_000);
  await wire.next(REFRESH);
  await Promise.all([callsApi(one), callsApi(two)]);
  assert.ok(wire.count(REFRESH) - before <= 2, `${wire.count(REFRESH) - before} refreshes for two tabs`);

  await two.click('#logout');
  await Promise.all([isOut(one), isOut(two)]);
  assert.equal(await one.textContent('#why'), 'You are logged out.');
  assert.equal(wire.count(LOGOUT), 1);
});

spa('ten tabs wake up together, and are restored together', { clock: true }, async (visitor, { wire }) => {
  await visitor.enter();
  const tabs = [visitor.context.pages()[0]];
  while (tabs.length < 10) tabs.push(await visitor.open());
  await Promise.all(tabs.map(isIn));

  let before = wire.count(REFRESH);
  await visitor.context.clock.fastForward(8 * HOURS);
  await Promise.all(tabs.map(callsApi));
  assert.ok(wire.count(REFRESH) - before < 10, `${wire.count(REFRESH) - before} refreshes for ten tabs`);

  before = wire.count(REFRESH);
  await Promise.all(tabs.map((tab) => tab.reload()));
  await Promise.all(tabs.map(isIn));
  assert.ok(wire.count(REFRESH) - before <= 10, `${wire.count(REFRESH) - before} refreshes for ten tabs`);
  const refused = wire.calls.filter(({ route, status }) => route === REFRESH && status !== 200);
  assert.equal(refused.length, 1, 'only the very first, before anybody was logged in');
});

spa('offline for hours, and back', { clock: true }, async (visitor, { wire }) => {
  const page = await visitor.enter();
  await visitor.context.setOffline(true);
  await page.clock.fastForward(8 * HOURS);
  await isInTrouble(page);
  assert.ok(await page.isVisible('#in'), 'still logged in');
  const before = wire.count(REFRESH);
  await visitor.context.setOffline(false);
  await isFine(page);
  assert.equal(wire.count(REFRESH), before + 1);
  await callsApi(page);
});

spa('a logout that Signet does not hear is not claimed', {}, async (visitor, { wire }) => {
  const page = await visitor.enter();
  wire.fate = () => 'cut';
  await page.click('#logout');
  await says(page, '#news', 'Signet does not answer: you are still logged in.');
  await page.click('#everywhere');
  await says(page, '#news', 'Signet does not answer: you are still logged in.');
  wire.fate = () => 'pass';
  await page.click('#logout');
  await isOut(page);
});

spa('a laptop sleeps for hours: the first call afterwards works', { clock: true }, async (visitor, { wire }) => {
  const page = await visitor.enter();
  const before = wire.calls.length;
  await page.clock.fastForward(8 * HOURS);
  await callsApi(page);
  const refused = wire.calls.slice(before).filter(({ status }) => status !== 200);
  assert.deepEqual(refused, [], 'it refreshes first and calls then');
});

spa('a page is frozen until its token has expired', { settings: { SIGNET_TOKENS__ACCESS_LIFETIME: '5s' } }, async (visitor, { wire }) => {
  const page = await visitor.enter();
  const devtools = await visitor.context.newCDPSession(page);
  const authorization = new Promise((seen) => page.on('request', (request) => {
    if (request.url().endsWith('/v1/me')) seen(request.headers().authorization);
  }));
  await page.click('#reload');
  const headers = { authorization: await authorization };
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
  while ((await fetch(`${wire.url}/v1/me`, { headers })).status === 200);
  await devtools.send('Page.setWebLifecycleState', { state: 'active' });
  await callsApi(page);
  assert.ok(await page.isVisible('#in'));
});

spa('a clock that was set back does no harm', { clock: true }, async (visitor, { wire }) => {
  const page = await visitor.enter();
  await page.clock.setSystemTime(Date.now() - 8 * HOURS);
  const refreshed = wire.next(REFRESH);
  await callsApi(page);
  assert.equal((await refreshed).status, 200);
});

spa('the answer to a refresh is lost', { clock: true }, async (visitor, { wire }) => {
  const page = await visitor.enter();
  let losses = 2;
  wire.fate = (route) => (route === REFRESH && losses-- > 0 ? 'lose' : 'pass');
  const before = wire.calls.length;
  await page.clock.fastForward(280_000);
  await isInTrouble(page);
  while (losses > 0) await page.clock.runFor(500);
  while (await page.isVisible('#trouble')) await page.clock.runFor(500);
  const refreshes = wire.calls.slice(before).filter(({ route }) => route === REFRESH);
  assert.deepEqual(refreshes.map(({ status }) => status), [0, 0, 200]);
  assert.equal(new Set(refreshes.map(({ cookie }) => cookie)).size, 1, 'the same token each time');
  await page.clock.fastForward(280_000);
  await wire.next(REFRESH);
  await callsApi(page);
});

spa('the node is killed while it refreshes, and comes back', { clock: true }, async (visitor, site) => {
  const { wire } = site;
  const page = await visitor.enter();
  let killed;
  wire.fate = (route) => {
    if (route === REFRESH) killed ??= site.killNode();
    return 'pass';
  };
  await page.clock.fastForward(280_000);
  await isInTrouble(page);
  await killed;
  assert.ok(await page.isVisible('#in'), 'still logged in');
  await page.reload();
  await isInTrouble(page);
  assert.ok(!await page.isVisible('#login'), 'a reload meanwhile does not claim a logout');
  wire.fate = () => 'pass';
  await site.startNode();
  await page.clock.fastForward(40_000);
  await isIn(page);
  await isFine(page);
  assert.equal(wire.count(LOGIN), 1);
});

spa('what a proxy says is not taken for the word of Signet', { clock: true }, async (visitor, { wire }) => {
  const page = await visitor.enter();
  for (const status of [401, 403, 404, 502, 503]) {
    const body = status % 2 ? '{"message":"The proxy is unhappy."}' : '<h1>The proxy is unhappy.</h1>';
    wire.fate = () => ({ status, body });
    await page.clock.fastForward(8 * HOURS);
    await wire.next(REFRESH);
    await isInTrouble(page);
    assert.ok(await page.isVisible('#in'), `logged out by a proxy's ${status}`);
    wire.fate = () => 'pass';
    await page.clock.fastForward(60_000);
    await isFine(page);
  }
});

spa('somebody ends the session elsewhere, and the page says why', { clock: true }, async (visitor, site) => {
  const page = await visitor.enter();
  site.run('session', 'revoke', '--user', 'ada');
  await page.clock.fastForward(8 * HOURS);
  await isOut(page);
  assert.equal(await page.textContent('#why'), 'An administrator has ended your session.');
});

spa('one logs out everywhere, on another device too', { clock: true }, async (visitor, site) => {
  const page = await visitor.enter();
  const other = await browser.newContext();
  const device = new Visitor(site, other);
  const elsewhere = await device.enter();
  await elsewhere.click('#everywhere');
  await isOut(elsewhere);
  await page.click('#reload');
  await isOut(page);
  assert.equal(await page.textContent('#why'), 'You are logged out.');
  await other.close();
});

spa('another tab logs in as somebody else', {}, async (visitor, site) => {
  const { password } = JSON.parse(site.run('user', 'create', '--username', 'grace', '--generate'));
  const [one, two] = [await visitor.enter(), await visitor.open()];
  await isIn(two);
  await two.click('#logout');
  await isOut(one);
  await isOut(two);
  await visitor.type(two, password, 'grace');
  await says(one, '#name', 'grace');
  await says(two, '#name', 'grace');
});

spa('the access token goes to nobody who is not named', {}, async (visitor) => {
  const page = await visitor.enter();
  const refused = await page.evaluate(async () => {
    const { Session } = await import('/dist/session.js');
    const session = new Session({ url: document.querySelector('meta[name=signet]').content, onChange() {} });
    return session.fetch('https://stranger.example/').catch((error) => error.message);
  });
  assert.equal(refused, 'https://stranger.example is not in `apis`');
});

spa('the policy is in force, and the page can be used by everybody', {}, async (visitor) => {
  const page = await visitor.open();
  for (const view of ['out', 'refused', 'in', 'trouble']) {
    if (view === 'out') await isOut(page);
    if (view === 'refused') {
      await visitor.type(page, 'wrong password');
      await says(page, '#refusal', 'Username or password is wrong.');
    }
    if (view === 'in') {
      await visitor.type(page);
      await isIn(page);
    }
    if (view === 'trouble') await page.evaluate(() => { document.querySelector('#trouble').hidden = false; });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${process.env.SHOTS}/${view}-${colorScheme}.png` });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${view}, ${colorScheme}`);
    }
  }
  const header = (await page.reload()).headers()['content-security-policy'];
  assert.match(header, /require-trusted-types-for 'script'; trusted-types 'none'/);
});

test('an injected text is refused by the policy', async () => {
  const site = await Site.start();
  const page = await browser.newPage();
  await page.goto(site.url);
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = '<img src=x onerror=alert(1)>';
      return 'taken';
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(refused, 'TypeError');
  await page.close();
  await site.end();
});
