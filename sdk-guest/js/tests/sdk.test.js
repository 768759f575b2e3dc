// The SDK under Node: classes of errors, encoding, batches and pages, with a remote of the test in place of the network.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fetch } from '../src/fetch.js';
import { install } from '../src/host.js';
import { Denied, Invalid, NotFound, RateLimited, Transient, defineConnector, each, http, inOneStage, pagedBy } from '../src/index.js';

const manifest = {
  name: 'probe',
  version: '0.1.0',
  title: 'Probe',
  category: 'custom',
  hosts: ['https://a.example'],
  scopes: [],
  actions: ['get', 'echo'].map((name) => ({ name, title: name, effect: 'read', input: {}, output: {} })),
  triggers: [
    { name: 'things', title: 'Things', kind: 'poll', record: {} },
    { name: 'events', title: 'Events', kind: { webhook: { scheme: { kind: 'github' } } }, record: {} },
  ],
};

const connector = defineConnector({
  manifest,
  check: () => void http.get('https://a.example/me').send().errorForStatus(),
  actions: {
    get: inOneStage({ request: ({ body }) => http.get(`https://a.example/${http.segment(body.id)}`) }),
    echo: each(({ body }) => body.what.trim()),
  },
  polls: {
    things: pagedBy({
      request: (after) => http.get('https://a.example/things', { query: { after, limit: 2 } }),
      records: ({ items }) => items.map((body) => ({ key: body.id, body })),
      next: ({ next }) => next,
    }),
  },
  receives: { events: (event) => [{ key: event.json().id, body: event.json() }] },
});

const bytes = (text) => new TextEncoder().encode(text);
const input = (key, body) => ({ key, body: typeof body === 'string' ? body : JSON.stringify(body) });
const answering = (status, body, headers) => () => new http.Response(status, { body, headers });

test('each input gets its own result, in order', async () => {
  const remote = ({ url }) => new http.Response(url.endsWith('/7') ? 200 : 404, { body: '{"id":"7"}' });
  const inputs = [input('a', { id: '7' }), input('b', { id: '..' }), input('c', 'not json'), input('d', { id: '8' })];
  const results = await http.withTransport(remote, () => connector.run('get', inputs));
  assert.deepEqual(results[0], { tag: 'ok', val: '{"id":"7"}' });
  assert.equal(results[1].val.tag, 'invalid');
  assert.equal(results[2].val.tag, 'invalid');
  assert.equal(results[3].val.tag, 'not-found');
});

test('a mistake in the code costs one input, not the batch', async () => {
  const results = await connector.run('echo', [input('a', {}), input('b', { what: ' x ' })]);
  assert.equal(results[0].val.tag, 'permanent');
  assert.deepEqual(results[1], { tag: 'ok', val: '"x"' });
});

test('a status becomes the class that decides what happens next', () => {
  const classes = { 400: 'invalid', 401: 'auth-required', 403: 'permanent', 404: 'not-found', 409: 'conflict', 422: 'invalid', 429: 'rate-limited', 500: 'ambiguous', 302: 'permanent' };
  for (const [status, tag] of Object.entries(classes)) {
    assert.throws(() => new http.Response(Number(status)).errorForStatus(), { tag }, status);
  }
  assert.throws(() => new http.Response(500, { repeatable: true }).errorForStatus(), Transient);
  assert.throws(() => new http.Response(200, { headers: { 'lockgate-class': 'conflict' } }).errorForStatus(), { tag: 'conflict' });
  assert.equal(new http.Response(409, { headers: { 'lockgate-class': 'done' } }).errorForStatus().status, 409);
});

test('a wait is read in seconds, as a date and from the host', () => {
  const wait = (headers) => new http.Response(429, { headers }).retryAfterMs();
  assert.equal(wait({ 'Retry-After': '2.5' }), 2500);
  assert.equal(wait({ 'retry-after': '-1' }), 0);
  assert.equal(wait({ 'retry-after': 'soon' }), undefined);
  const date = { date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:49:39 GMT' };
  assert.equal(wait(date), 2000);
  assert.equal(wait({ ...date, 'lockgate-wait-ms': '7' }), 7);
  assert.deepEqual(new RateLimited(7).payload, { tag: 'rate-limited', val: 7n });
});

test('a lost answer to a write is ambiguous unless the remote recognises it', async () => {
  const lost = { tag: 'failed', val: { kind: 'timeout', sent: true, message: 'no answer in 10 s' } };
  const undo = install({ http: { send: () => { throw { payload: lost }; } } });
  const url = 'https://a.example/orders';
  assert.throws(() => http.post(url, { json: {} }).send(), { tag: 'ambiguous' });
  assert.throws(() => http.get(url).send(), { tag: 'transient' });
  assert.throws(() => http.post(url, { idempotencyKey: { header: 'Idempotency-Key', key: 'k' } }).send(), Transient);
  undo();
});

test('pages end where the source ends, and the cursor is what comes next', async () => {
  const remote = ({ url }) => {
    const after = new URL(url).searchParams.get('after');
    const body = after === null ? { items: [{ id: '1' }, { id: '2' }], next: '2' } : { items: [], next: null };
    return new http.Response(200, { body: JSON.stringify(body) });
  };
  const first = await http.withTransport(remote, () => connector.poll('things', undefined));
  assert.deepEqual(first, { records: [{ key: '1', body: '{"id":"1"}' }, { key: '2', body: '{"id":"2"}' }], next: '"2"', more: true });
  const last = await http.withTransport(remote, () => connector.poll('things', first.next));
  assert.deepEqual(last, { records: [], next: undefined, more: false });
});

test('what is thrown crosses the boundary as a case of the contract', async () => {
  await assert.rejects(connector.receive('events', { headers: [], body: bytes('{') }), (error) => error.tag === 'invalid');
  await assert.rejects(http.withTransport(answering(401), () => connector.check()), (error) => error.tag === 'auth-required');
  await assert.rejects(http.withTransport(answering(200, '<html>'), () => connector.poll('things')), (error) => error.tag === 'permanent');
  await assert.rejects(connector.poll('toString'), (error) => error.tag === 'permanent');
});

test('a segment cannot change the path, and a query is encoded as forms are', () => {
  assert.equal(http.segment("in/42 ü(')"), 'in%2F42%20%C3%BC%28%27%29');
  for (const bad of ['', '.', '..', '\ud800']) assert.throws(() => http.segment(bad), Invalid);
  const request = http.get('https://a.example/?a=1', { query: { status: 'paid & sent', tag: ['x', 'y'], none: undefined } });
  assert.equal(request.url, 'https://a.example/?a=1&status=paid+%26+sent&tag=x&tag=y');
});

test('a manifest that promises what the code does not have is found at once', () => {
  assert.throws(() => defineConnector({ manifest }), /the manifest has the action get, and the code does not/);
  assert.throws(() => defineConnector({ manifest: { ...manifest, actions: [], triggers: [] }, polls: { x() {} } }), /the code has the poll trigger x/);
});

test('all pages of a list can be read in one action, up to a bound', async () => {
  const remote = ({ url }) => new http.Response(url.endsWith('3') ? 404 : 200, { body: JSON.stringify(Number(url.at(-1)) + 1) });
  const next = (response) => http.get(`https://a.example/${response.json()}`);
  const all = () => [...http.pages(http.get('https://a.example/1'), next)];
  await assert.rejects(http.withTransport(remote, all), NotFound);
  const two = () => [...http.pages(http.get('https://a.example/1'), (it) => (it.json() < 3 ? next(it) : undefined))].length;
  assert.equal(await http.withTransport(remote, two), 2);
});

test('fetch goes through the same gates, and what is begun together is sent at once', async () => {
  const batches = [];
  const denial = { gate: 'hosts', reason: 'not granted', remedy: 'grant it' };
  const sendAll = (requests) => {
    batches.push(requests.map(({ method, url }) => `${method} ${url}`));
    return requests.map(({ url, body, headers }) => {
      if (url.includes('evil')) return { tag: 'err', val: { tag: 'denied', val: denial } };
      const status = url.endsWith('/empty') ? 204 : 201;
      return { tag: 'ok', val: { status, headers: [['X-Sent', headers[0]?.[1] ?? bytes('')]], body } };
    });
  };
  const undo = install({ http: { sendAll } });
  const post = { method: 'post', body: new URLSearchParams({ a: 'b c' }) };
  const [first, second] = await Promise.all([fetch('https://a.example/1', post), fetch(new URL('https://a.example/2'))]);
  assert.deepEqual([first.status, await first.text()], [201, 'a=b+c']);
  assert.equal(first.headers.get('x-sent'), 'application/x-www-form-urlencoded;charset=UTF-8');
  assert.equal(second.ok, true);
  const request = new globalThis.Request('https://a.example/3', { method: 'PUT', body: 'x', headers: { 'X-A': '1' } });
  assert.equal(await (await fetch(request)).text(), 'x');
  assert.equal((await fetch('https://a.example/empty')).status, 204);
  await assert.rejects(fetch('https://evil.example/'), Denied);
  await assert.rejects(fetch('https://a.example/', { method: 'POST', body: {} }), TypeError);
  undo();
  assert.deepEqual(batches, [
    ['POST https://a.example/1', 'GET https://a.example/2'],
    ['PUT https://a.example/3'],
    ['GET https://a.example/empty'],
    ['GET https://evil.example/'],
  ]);
});
