// @title@: books to read about, orders to place and to hear of.

import { defineConnector, http, inOneStage, pagedBy, profile } from '@lockgate/sdk';

const API = 'https://api.bookshop.example';
/** The header by which the shop recognises an order that it has already. */
const KEY = 'idempotency-key';

const url = (path) => `${(profile.config().api_base ?? API).replace(/\/+$/, '')}${path}`;

const object = (properties) => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(properties).map(([name, type]) => [name, { type }])),
  required: Object.keys(properties),
});

/** @type {import('@lockgate/sdk').Manifest} */
const manifest = {
  name: '@name@',
  version: '0.1.0',
  title: '@title@',
  category: 'commerce',
  auth: [{ kind: 'bearer' }],
  config: { type: 'object', properties: { api_base: { type: 'string' } } },
  inputs: [{ name: 'api_base', kind: 'origin', default: API }],
  hosts: ['{api_base}'],
  scopes: [
    { name: 'books:read', title: 'Read books', rules: [{ method: 'GET', path: '/v1/books/{id}' }] },
    { name: 'orders:read', title: 'Read orders', rules: [{ method: 'GET', path: '/v1/orders' }] },
    { name: 'orders:write', title: 'Place orders', rules: [{ method: 'POST', path: '/v1/orders' }] },
  ],
  actions: [
    {
      name: 'get_book',
      title: 'Read one book',
      effect: 'read',
      scopes: ['books:read'],
      input: object({ id: 'string' }),
      output: object({ id: 'string', title: 'string', price_cents: 'integer' }),
      examples: [{ input: { id: '7' }, output: { id: '7', title: 'Emma', price_cents: 950 } }],
    },
    {
      name: 'place_order',
      title: 'Order copies of a book',
      effect: 'write',
      scopes: ['orders:write'],
      input: object({ book_id: 'string', copies: 'integer' }),
      output: object({ id: 'string' }),
      examples: [{ input: { book_id: '7', copies: 2 }, output: { id: 'order_1' } }],
      idempotency: { header: KEY },
    },
  ],
  triggers: [
    {
      name: 'new_orders',
      title: 'Orders, as they are placed',
      kind: 'poll',
      scopes: ['orders:read'],
      record: object({ id: 'string', book_id: 'string', copies: 'integer' }),
    },
  ],
};

export const connector = defineConnector({
  manifest,

  check() {
    http.get(url('/v1/orders'), { query: { limit: 1 } }).send().errorForStatus();
  },

  actions: {
    get_book: inOneStage({
      request: ({ body }) => http.get(url(`/v1/books/${http.segment(body.id)}`)),
    }),

    place_order: inOneStage({
      request: ({ key, body }) =>
        http.post(url('/v1/orders'), { json: body, idempotencyKey: { header: KEY, key } }),
    }),
  },

  polls: {
    // The shop lists orders in the order in which they were placed: the last one that was read is where to go on.
    new_orders: pagedBy({
      request: (cursor) => http.get(url('/v1/orders'), { query: { limit: 100, after: cursor?.after } }),
      records: ({ orders }) => orders.map((order) => ({ key: `order/${order.id}`, body: order })),
      next: ({ orders }) => (orders.length > 0 ? { after: orders.at(-1).id } : undefined),
      more: ({ has_more }) => has_more,
    }),
  },
});
