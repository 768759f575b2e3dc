// HTTP to the hosts that the profile was granted. Credentials are added by the host, after its gates.

import { bytes } from './bytes.js';
import { Ambiguous, Denied, Invalid, LockgateError, Permanent, Transient } from './errors.js';
import { host, installed } from './host.js';
import { Response } from './response.js';

export { Response } from './response.js';

const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const KINDS = {
  name: 'the name does not resolve',
  connect: 'no connection',
  tls: 'no trusted connection',
  timeout: 'no answer in time',
  'too-large': 'the answer is too large',
  'bad-response': 'the answer is broken',
  other: 'the exchange failed',
};

/** A request. Nothing happens until it is sent. */
export class Request {
  constructor(method, url, options = {}) {
    const { query, headers, json, form, body, timeoutMs, idempotencyKey, idempotencyQuery, repeatable } = options;
    if ([json, form, body].filter((given) => given !== undefined).length > 1) {
      throw new TypeError('a request has one body: json, form or body');
    }
    const sent = pairs(headers);
    const asked = pairs(query);
    let content = body;
    if (json !== undefined) {
      sent.push(['content-type', 'application/json']);
      content = jsonText(json);
    }
    if (form !== undefined) {
      sent.push(['content-type', 'application/x-www-form-urlencoded']);
      content = encoded(pairs(form));
    }
    if (idempotencyKey !== undefined) sent.push([idempotencyKey.header, idempotencyKey.key]);
    if (idempotencyQuery !== undefined) asked.push([idempotencyQuery.name, idempotencyQuery.key]);
    this.method = method;
    this.url = asked.length > 0 ? `${url}${String(url).includes('?') ? '&' : '?'}${encoded(asked)}` : String(url);
    this.headers = sent.map(([name, value]) => [name, bytes(value)]);
    this.body = bytes(content ?? '');
    this.timeoutMs = timeoutMs;
    this.repeatable =
      repeatable ?? (REPEATABLE.has(method) || idempotencyKey !== undefined || idempotencyQuery !== undefined);
  }

  /** Sends it and waits for the whole response. A response of any status is a response: see `errorForStatus`. */
  send() {
    try {
      return received(host.http.send(wire(this)), this);
    } catch (error) {
      if (error?.payload?.tag !== undefined) throw failed(error.payload, this);
      throw error;
    }
  }

  /** The same with the errors of its status thrown, and the body read as JSON. */
  sendForJson() {
    return this.send().errorForStatus().json();
  }
}

export const get = (url, options) => new Request('GET', url, options);
export const post = (url, options) => new Request('POST', url, options);
export const put = (url, options) => new Request('PUT', url, options);
export const patch = (url, options) => new Request('PATCH', url, options);
export const del = (url, options) => new Request('DELETE', url, options);

/** Sends all requests concurrently; one response or error per request, in order. Nothing is thrown. */
export function sendAll(requests) {
  const results = host.http.sendAll(requests.map(wire));
  return requests.map((request, position) => {
    const result = results[position];
    if (result === undefined) return new Transient('the host gave no answer to a request');
    return result.tag === 'ok' ? received(result.val, request) : failed(result.val, request);
  });
}

/**
 * Sends, concurrently, those that are requests, and keeps every error in its place: one stage of a batch whose inputs
 * fail one by one.
 */
export function sendEach(requests) {
  const answers = sendAll(requests.filter((request) => request instanceof Request)).values();
  return requests.map((request) => (request instanceof Request ? answers.next().value : request));
}

/** The responses of one page after the other: `next` gives the request that follows, or nothing at the end. */
export function* pages(first, next, { max = 100 } = {}) {
  let request = first;
  for (let page = 0; request !== undefined && request !== null; page += 1) {
    if (page >= max) throw new Permanent(`the remote has more than ${max} pages`);
    const response = request.send().errorForStatus();
    yield response;
    request = next(response);
  }
}

/** One segment of a path, percent-encoded. What would change the path is invalid: nothing, `.` and `..`. */
export function segment(value) {
  const text = String(value);
  if (['', '.', '..'].includes(text)) throw new Invalid(`${JSON.stringify(text)} cannot be part of a path`);
  if (/[\ud800-\udfff]/u.test(text)) throw new Invalid('half a character cannot be part of a path');
  return encodeURIComponent(text).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Runs `body` with `transport` in place of the network. Under Node only, for tests. A transport gets the request as it
 * would be sent and returns a `Response`, or throws a `LockgateError`.
 */
export function withTransport(transport, body) {
  const send = (request) => {
    const response = transport(request);
    return { status: response.status, headers: response.headers, body: response.body };
  };
  const one = (request) => {
    try {
      return { tag: 'ok', val: send(request) };
    } catch (error) {
      if (error instanceof LockgateError) return { tag: 'err', val: error };
      throw error;
    }
  };
  return installed({ http: { send, sendAll: (requests) => requests.map(one) } }, body);
}

function received({ status, headers, body }, { repeatable }) {
  return new Response(status, { headers, body, repeatable });
}

function failed(error, { repeatable }) {
  // One that a test's transport threw.
  if (error instanceof LockgateError) return error;
  if (error.tag === 'denied') return new Denied(error.val);
  const { kind, sent, message } = error.val;
  const text = `${KINDS[kind] ?? KINDS.other}: ${message}`;
  // The size of an answer does not change by asking again.
  if (kind === 'too-large') return new Permanent(text);
  return !sent || repeatable ? new Transient(text) : new Ambiguous(text);
}

function wire({ method, url, headers, body, timeoutMs }) {
  return { method, url, headers, body, timeoutMs };
}

/** An object of values or lists of values, or a list of pairs. What is undefined is left out. */
function pairs(given = []) {
  const listed = Array.isArray(given) ? given : Object.entries(given);
  return listed
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [name, one]) : [[name, value]]))
    .filter(([, value]) => value !== undefined && value !== null);
}

function encoded(fields) {
  return new URLSearchParams(fields.map(([name, value]) => [name, String(value)])).toString();
}

function jsonText(value) {
  const text = JSON.stringify(value);
  if (text === undefined) throw new Invalid('cannot write the request as JSON: it is no value');
  return text;
}
