// What a test needs around its browser: Signet itself, the page's server, and the wire between browser and Signet.

import { spawn, execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';

const binary = process.env.SIGNET;
const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** A page and a Signet of their own, on different origins. */
export class Site {
  /** Starts all; `settings` go to Signet's environment. */
  static async start(settings = {}) {
    const site = new Site();
    site.folder = mkdtempSync(join(tmpdir(), 'signet-browser-'));
    site.wire = await Wire.open();
    const page = { PORT: '0', SIGNET: site.wire.url };
    site.server = spawn('node', ['serve.mjs'], { cwd: process.env.SPA, env: { ...process.env, ...page }, ...piped });
    site.url = await firstLine(site.server);
    site.settings = {
      SIGNET_SERVER__LISTEN: '127.0.0.1:0',
      SIGNET_SERVER__METRICS_LISTEN: 'off',
      SIGNET_DEFAULT_CLIENT__ORIGINS: site.url,
      SIGNET_LOG__LEVEL: 'error',
      ...settings,
    };
    site.password = JSON.parse(site.run('user', 'create', '--username', 'ada', '--generate')).password;
    await site.startNode();
    return site;
  }

  /** Starts the node, on another port than before. */
  async startNode() {
    const env = { ...process.env, ...this.settings };
    this.node = spawn(binary, ['serve', '--json'], { cwd: this.folder, env, ...piped });
    this.wire.upstream = JSON.parse(await firstLine(this.node)).address;
  }

  /** kill -9. */
  async killNode() {
    this.node.kill('SIGKILL');
    await once(this.node, 'exit');
  }

  /** Runs a command of the binary beside the server. */
  run(...command) {
    const env = { ...process.env, ...this.settings };
    return execFileSync(binary, [...command, '--json'], { cwd: this.folder, env, encoding: 'utf8' });
  }

  async end() {
    this.node?.kill('SIGKILL');
    this.server?.kill('SIGKILL');
    this.wire?.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const piped = { stdio: ['ignore', 'pipe', 'inherit'] };

async function firstLine(child) {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('it ended and said nothing');
}

/** What lies between the browser and Signet. It counts, and it can fail. Emits `call` for every call it has dealt with. */
export class Wire extends EventEmitter {
  /** Calls so far: `{ route: 'POST /v1/…', cookie, status }`, status 0 where the browser got no answer. */
  calls = [];
  /** Where Signet is: `host:port`. */
  upstream;
  /** `(route) => 'pass' | 'cut' | 'lose' | { status, body }`: what becomes of the next call. */
  fate = () => 'pass';

  static async open() {
    const wire = new Wire();
    wire.server = http.createServer((request, answer) => wire.#carry(request, answer));
    wire.server.listen(0, 'localhost');
    await once(wire.server, 'listening');
    wire.url = `http://localhost:${wire.server.address().port}`;
    return wire;
  }

  /** How often this route was called. */
  count(route) {
    return this.calls.filter((call) => call.route === route).length;
  }

  /** The next call of this route that it has dealt with. */
  async next(route) {
    for (;;) {
      const [call] = await once(this, 'call');
      if (call.route === route) return call;
    }
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  #carry(request, answer) {
    const route = `${request.method} ${request.url}`;
    const done = (status) => {
      const call = { route, cookie: request.headers.cookie, status };
      this.calls.push(call);
      this.emit('call', call);
    };
    const fate = this.fate(route);
    const cut = () => {
      request.socket.destroy();
      done(0);
    };
    if (fate === 'cut') return cut();
    if (typeof fate === 'object') {
      const open = { 'Access-Control-Allow-Origin': request.headers.origin, 'Access-Control-Allow-Credentials': 'true' };
      answer.writeHead(fate.status, { ...open, 'Content-Type': 'text/html' }).end(fate.body);
      return done(fate.status);
    }
    const [host, port] = this.upstream.split(':');
    const onward = http.request({ host, port, method: request.method, path: request.url, headers: request.headers });
    onward.on('error', cut);
    onward.on('response', (said) => {
      // Only a whole answer counts as given, or as lost.
      const parts = [];
      said.on('error', cut).on('data', (part) => parts.push(part));
      said.on('end', () => {
        if (fate === 'lose') return cut();
        answer.writeHead(said.statusCode, said.rawHeaders).end(Buffer.concat(parts), () => done(said.statusCode));
      });
    });
    request.pipe(onward);
  }
}

/** Chromium. With `cookies: false`, one whose user has blocked all cookies. */
export async function browse({ cookies = true } = {}) {
  const options = { executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] };
  if (cookies) return chromium.launch(options);
  const profile = mkdtempSync(join(process.env.PLACE, 'profile-'));
  mkdirSync(join(profile, 'Default'));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  return chromium.launchPersistentContext(profile, options);
}
