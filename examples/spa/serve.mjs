// Serves the page on http://localhost:3000 (PORT), for a Signet at http://localhost:8080 (SIGNET), with the headers
// that a page of your own should have: scripts of this origin alone, no HTML from strings, no frames.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const signet = process.env.SIGNET ?? 'http://localhost:8080';
const types = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
const files = new Map([
  ['/', 'index.html'],
  ...['style.css', 'icon.svg', 'dist/main.js', 'dist/session.js'].map((name) => [`/${name}`, name]),
]);
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  `connect-src ${signet}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const server = createServer(async (request, answer) => {
  const name = files.get(request.url);
  if (!name) return answer.writeHead(404).end();
  const text = await readFile(new URL(name, import.meta.url), 'utf8');
  answer.writeHead(200, {
    'Content-Type': `${types[name.split('.').pop()]}; charset=utf-8`,
    'Content-Security-Policy': policy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
  });
  answer.end(text.replace('{{signet}}', signet));
});

server.listen(Number(process.env.PORT ?? 3000), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}`);
});
