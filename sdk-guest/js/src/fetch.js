// `fetch` for libraries that bring it as their client: the same requests through the same gates as `http`, nothing else.

import { LockgateError } from './errors.js';
import { Request, sendAll } from './http.js';

/** Those that were begun and not sent yet: what is begun together is sent at once. */
let waiting = [];

/** Resolves to a `Response` of the Web; what the host refuses, or what is lost, rejects with a `LockgateError`. */
export async function fetch(resource, init = {}) {
  const asked = await described(resource, init);
  const answer = await new Promise((resolve) => {
    if (waiting.length === 0) Promise.resolve().then(sendWaiting);
    waiting.push({ request: asked, resolve });
  });
  if (answer instanceof LockgateError) throw answer;
  const text = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  const headers = answer.headers.map(([name, value]) => [name, text(value)]);
  const isEmpty = [204, 205, 304].includes(answer.status);
  return new globalThis.Response(isEmpty ? null : answer.body, { status: answer.status, headers });
}

function sendWaiting() {
  const sent = waiting;
  waiting = [];
  const answers = sendAll(sent.map(({ request }) => request));
  sent.forEach(({ resolve }, position) => resolve(answers[position]));
}

async function described(resource, init) {
  const isRequest = typeof resource === 'object' && !(resource instanceof URL);
  const from = isRequest ? resource : {};
  const method = (init.method ?? from.method ?? 'GET').toUpperCase();
  const headers = listed(init.headers ?? from.headers);
  let body = init.body;
  if (body === undefined && isRequest && from.body !== null && from.body !== undefined) body = await from.arrayBuffer();
  if (body instanceof URLSearchParams) {
    named(headers, 'content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
    body = body.toString();
  } else if (typeof body === 'string') {
    named(headers, 'content-type', 'text/plain;charset=UTF-8');
  } else if (body instanceof ArrayBuffer) {
    body = new Uint8Array(body);
  } else if (ArrayBuffer.isView(body)) {
    body = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  } else if (body !== undefined && body !== null) {
    throw new TypeError('a body of `fetch` is a text, bytes or URLSearchParams here');
  }
  return new Request(method, isRequest ? from.url : String(resource), { headers, body: body ?? undefined });
}

function listed(headers = []) {
  const pairs = typeof headers[Symbol.iterator] === 'function' ? headers : Object.entries(headers);
  return Array.from(pairs, ([name, value]) => [name, String(value)]);
}

function named(headers, name, value) {
  if (!headers.some(([other]) => other.toLowerCase() === name)) headers.push([name, value]);
}
