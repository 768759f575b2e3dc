// A connector: its definition in plain values and functions, and what the contract wants of it.

import { bytes } from './bytes.js';
import { Invalid, LockgateError, Permanent } from './errors.js';
import { Request, sendEach } from './http.js';
import * as logging from './logging.js';

/** What the world `connector-component` exports as `connector`. */
export function defineConnector({ manifest, check, actions = {}, polls = {}, receives = {} }) {
  agree('action', manifest.actions, actions, () => true);
  agree('poll trigger', manifest.triggers, polls, ({ kind }) => kind === 'poll');
  agree('webhook trigger', manifest.triggers, receives, ({ kind }) => kind !== 'poll');
  const described = JSON.stringify(manifest);
  return {
    describe: () => described,
    check: () => thrown(async () => void (await check?.())),
    run: (action, inputs) => run(action, own(actions, action), inputs),
    poll: (trigger, cursor) => thrown(() => poll(trigger, own(polls, trigger), cursor)),
    receive: (hook, event) => thrown(() => receive(hook, own(receives, hook), event)),
  };
}

/** An action that looks at one input at a time. What it throws is the result of that input alone. */
export function each(action) {
  return async (inputs) => {
    const results = [];
    for (const input of inputs) {
      results.push(await settled(() => action(input)));
    }
    return results;
  };
}

/** An action of one request per input, sent all at once: `request` makes it, `result` reads the answer. */
export function inOneStage({ request, result = (response) => response.errorForStatus().json() }) {
  return async (inputs) => {
    const requests = [];
    for (const input of inputs) {
      requests.push(await settled(() => request(input)));
    }
    const answers = sendEach(requests.map((it) => (it instanceof Error || it instanceof Request ? it : noRequest())));
    const results = [];
    for (const [position, answer] of answers.entries()) {
      results.push(answer instanceof Error ? answer : await settled(() => result(answer, inputs[position])));
    }
    return results;
  };
}

/**
 * A poll of a source that gives a list and says where the next page begins. The cursor is what `next` returned; without
 * one the host keeps the old, so that a poll of a source with nothing new changes nothing.
 */
export function pagedBy({ request, records, next, more = (_body, cursor) => cursor !== undefined }) {
  return async (cursor) => {
    const body = request(cursor).sendForJson();
    const found = await records(body);
    const then = next(body, found) ?? undefined;
    return { records: found, next: then, more: Boolean(more(body, then)) };
  };
}

async function run(action, batch, inputs) {
  if (batch === undefined) return inputs.map(() => unsuccessful(unknown('action', action)));
  const results = inputs.map(({ key, body }) => {
    try {
      return { input: { key, body: JSON.parse(body) } };
    } catch (error) {
      return { error: new Invalid(`the input is not JSON: ${error.message}`) };
    }
  });
  const readable = results.filter(({ error }) => error === undefined);
  const answers = await told(() => batch(readable.map(({ input }) => input)));
  if (!Array.isArray(answers) || answers.length !== readable.length) {
    const gave = Array.isArray(answers) ? `${answers.length} results` : 'no list';
    return inputs.map(() => unsuccessful(new Permanent(`the action gave ${gave} for ${readable.length} inputs`)));
  }
  readable.forEach((result, position) => {
    result.answer = answers[position];
  });
  return results.map(({ error, answer }) => output(error ?? answer));
}

async function poll(trigger, source, cursor) {
  if (source === undefined) throw unknown('trigger', trigger);
  const { records, next, more = false } = await source(cursor === undefined ? undefined : parsed(cursor));
  return { records: records.map(record), next: next === undefined ? undefined : text(next), more };
}

async function receive(hook, reader, { headers, body }) {
  if (reader === undefined) throw unknown('hook', hook);
  const records = await reader(new Inbound(headers, body));
  return { records: records.map(record) };
}

/** A webhook, as received; the host has verified its signature over these bytes. */
class Inbound {
  constructor(headers, body) {
    this.headers = headers.map(([name, value]) => [name, bytes(value)]);
    this.body = bytes(body);
  }

  header(name) {
    const found = this.headers.find(([other]) => other === name);
    return found === undefined ? undefined : new TextDecoder().decode(found[1]);
  }

  json() {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(this.body));
    } catch (error) {
      throw new Invalid(`the event is not the JSON that was expected: ${error.message}`);
    }
  }
}

function record({ key, body }) {
  return { key: String(key), body: text(body) };
}

function output(answer) {
  if (answer instanceof LockgateError) return unsuccessful(answer);
  if (answer instanceof Error) return unsuccessful(mistake(answer));
  try {
    return { tag: 'ok', val: text(answer) };
  } catch (error) {
    return unsuccessful(mistake(error));
  }
}

function unsuccessful(error) {
  return { tag: 'err', val: error.payload };
}

/** A value, or the error that was thrown instead. A mistake in the code costs one input, not the batch. */
async function settled(attempt) {
  try {
    return await attempt();
  } catch (error) {
    return error instanceof LockgateError ? error : mistake(error);
  }
}

/** What is thrown crosses the boundary as the contract's case; a mistake in the code is told and ends the call. */
async function thrown(attempt) {
  try {
    return await told(attempt);
  } catch (error) {
    if (error instanceof LockgateError) throw error.payload;
    throw error;
  }
}

async function told(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof LockgateError)) mistake(error);
    throw error;
  }
}

/** A mistake in the connector's own code: its place goes into the log. */
function mistake(error) {
  logging.error(`the connector threw ${error}`, { stack: String(error?.stack ?? '').slice(0, 2000) });
  return new Permanent(`the connector threw ${error}`);
}

function noRequest() {
  return new Permanent('the action made something else than a request');
}

function unknown(what, name) {
  return new Permanent(`this connector has no ${what} ${JSON.stringify(name)}`);
}

function parsed(cursor) {
  try {
    return JSON.parse(cursor);
  } catch (error) {
    throw new Permanent(`the cursor is not JSON: ${error.message}`);
  }
}

/** What has no JSON text, such as `undefined`, is null. */
function text(value) {
  return JSON.stringify(value) ?? 'null';
}

/** Only names that the connector itself gave: `toString` is no action. */
function own(named, name) {
  return Object.hasOwn(named, name) ? named[name] : undefined;
}

/** A manifest that promises what the code does not have, or the other way round, is found when the project is built. */
function agree(what, described = [], named, ours) {
  const promised = new Set(described.filter(ours).map(({ name }) => name));
  for (const name of promised) {
    if (!Object.hasOwn(named, name)) throw new TypeError(`the manifest has the ${what} ${name}, and the code does not`);
  }
  for (const name of Object.keys(named)) {
    if (!promised.has(name)) throw new TypeError(`the code has the ${what} ${name}, and the manifest does not`);
  }
}
