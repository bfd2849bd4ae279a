// The document against its baseline, and the comparison against one fixture for each break.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { breaks } from './breaks.mjs';

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const fixtures = read('breaks.json');

test('no client made from the baseline is broken', () => {
  const found = breaks(read('../../openapi/baseline-1.json'), read('../../openapi/openapi.json'));
  assert.deepEqual(found, [], 'where it is meant, openapi/README.md says what to do');
});

test('a document does not break itself', () => {
  assert.deepEqual(breaks(fixtures.base, fixtures.base), []);
});

for (const { at, to, says } of fixtures.breaks) {
  test(`found: ${says}`, () => assert.ok(breaks(fixtures.base, edited(at, to)).includes(says), `${breaks(fixtures.base, edited(at, to))}`));
}

for (const { at, to } of fixtures.free) {
  test(`free: ${at}`, () => assert.deepEqual(breaks(fixtures.base, edited(at, to)), []));
}

/** The base with the value at this JSON pointer set, or taken away. */
function edited(pointer, value) {
  const document = structuredClone(fixtures.base);
  const steps = pointer.slice(1).split('/').map((step) => step.replaceAll('~1', '/'));
  const last = steps.pop();
  const place = steps.reduce((inside, step) => inside[step], document);
  assert.ok(value !== undefined || last in place, `${pointer} names nothing`);
  if (value === undefined) delete place[last];
  else place[last] = value;
  return document;
}
