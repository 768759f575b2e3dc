// The connector against a shop of the tests' own: under Node, in milliseconds, without a host.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { http } from '@lockgate/sdk';

import { connector } from '../src/connector.js';

const run = (action, body) => connector.run(action, [{ key: 'run-1/1', body: JSON.stringify(body) }]);
const text = (bytes) => new TextDecoder().decode(bytes);

test('an order carries the key by which it is recognised', async () => {
  const shop = ({ method, url, headers }) => {
    assert.deepEqual([method, new URL(url).pathname], ['POST', '/v1/orders']);
    assert.equal(text(new Map(headers).get('idempotency-key')), 'run-1/1');
    return new http.Response(201, { body: '{"id": "order_1"}' });
  };
  const placed = await http.withTransport(shop, () => run('place_order', { book_id: '1', copies: 2 }));
  assert.deepEqual(placed, [{ tag: 'ok', val: '{"id":"order_1"}' }]);
});

test('a book that is not there is not found', async () => {
  const read = await http.withTransport(() => new http.Response(404), () => run('get_book', { id: '9' }));
  assert.equal(read[0].val.tag, 'not-found');
});

test('orders are read on behind the last one', async () => {
  const shop = ({ url }) => {
    assert.equal(new URL(url).searchParams.get('after'), 'order_1');
    const orders = [{ id: 'order_2', book_id: '1', copies: 1 }];
    return new http.Response(200, { body: JSON.stringify({ orders, has_more: false }) });
  };
  const page = await http.withTransport(shop, () => connector.poll('new_orders', '{"after":"order_1"}'));
  assert.deepEqual([page.records.length, page.next, page.more], [1, '{"after":"order_2"}', false]);
});
