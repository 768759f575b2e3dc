// A connector without the SDK: its `fetch` is the one of its engine, which sends through `wasi:http`.

import { config } from 'lockgate:connector/profile@0.1.0';

const manifest = {
  name: 'own-fetch',
  version: '0.1.0',
  title: 'A client of its own',
  category: 'custom',
  auth: [{ kind: 'bearer' }],
  config: { type: 'object', properties: { api_base: { type: 'string' } }, required: ['api_base'] },
  inputs: [{ name: 'api_base', kind: 'origin' }],
  hosts: ['{api_base}'],
  scopes: [{ name: 'things:read', title: 'Read things', rules: [{ method: 'GET', path: '/things/{id}' }] }],
  actions: [{ name: 'fetch', title: 'Fetch', effect: 'read', scopes: ['things:read'], input: {}, output: {} }],
};

async function sent(path) {
  try {
    const answer = await fetch(new URL(path, JSON.parse(config()).api_base));
    return { status: answer.status, body: await answer.text() };
  } catch (error) {
    return { failed: String(error?.message ?? error) };
  }
}

export const connector = {
  describe: () => JSON.stringify(manifest),
  check() {},
  async run(_action, inputs) {
    const answers = await Promise.all(inputs.map(({ body }) => sent(JSON.parse(body).path)));
    return answers.map((answer) => ({ tag: 'ok', val: JSON.stringify(answer) }));
  },
  poll: () => ({ records: [], more: false }),
  receive: () => ({ records: [] }),
};
