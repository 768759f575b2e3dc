// What the connector offers and what it asks for.

const ticket = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    subject: { type: 'string' },
    status: { enum: ['open', 'closed'] },
    updated_at: { type: 'string' },
  },
  required: ['id', 'subject', 'status', 'updated_at'],
};

const one = { id: '7', subject: 'No light', status: 'open', updated_at: '2026-01-01T08:00:00Z' };

/** @type {import('@lockgate/sdk').Manifest} */
export const manifest = {
  name: 'desk-js',
  version: '0.1.0',
  title: 'Help desk',
  category: 'custom',
  auth: [{ kind: 'bearer' }],
  config: {
    type: 'object',
    properties: { base_url: { type: 'string' } },
    additionalProperties: false,
  },
  inputs: [{ name: 'base_url', kind: 'origin', default: 'https://api.desk.example' }],
  hosts: ['{base_url}'],
  scopes: [
    {
      name: 'tickets:read',
      title: 'Read tickets',
      rules: [
        { method: 'GET', path: '/v1/me' },
        { method: 'GET', path: '/v1/tickets' },
        { method: 'GET', path: '/v1/tickets/{id}' },
      ],
    },
    { name: 'tickets:write', title: 'Make tickets', rules: [{ method: 'POST', path: '/v1/tickets' }] },
  ],
  actions: [
    {
      name: 'get_ticket',
      title: 'Read one ticket',
      effect: 'read',
      scopes: ['tickets:read'],
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      output: ticket,
      examples: [{ input: { id: '7' }, output: one }],
    },
    {
      name: 'create_ticket',
      title: 'Make a ticket',
      effect: 'write',
      scopes: ['tickets:write'],
      input: { type: 'object', properties: { subject: { type: 'string' } }, required: ['subject'] },
      output: ticket,
      examples: [{ input: { subject: 'No light' }, output: one }],
      idempotency: { header: 'Idempotency-Key' },
    },
  ],
  triggers: [
    { name: 'tickets', title: 'New and changed tickets', kind: 'poll', scopes: ['tickets:read'], record: ticket },
    {
      name: 'ticket_events',
      title: 'Tickets, as they change',
      kind: { webhook: { scheme: { kind: 'standard_webhooks' } } },
      record: ticket,
    },
  ],
};
