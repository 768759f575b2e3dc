// HTTP to the hosts that the profile was granted. Credentials are added by the host, after its gates.

import type { LockgateError } from './errors.js';

/** A header as it goes on the wire: values are bytes, and a name may appear more than once. */
export type Header = [name: string, value: Uint8Array];

type Text = string | number | boolean;
type Fields = Record<string, Text | Text[] | null | undefined> | [name: string, value: Text | null | undefined][];

/** What a request has besides its method and its URL. */
export interface RequestOptions {
  /** Added to the URL, encoded as forms are. What is undefined or null is left out. */
  query?: Fields;
  /** The host refuses `host`, `content-length`, credentials and hop-by-hop headers. */
  headers?: Record<string, string | Uint8Array | undefined> | [name: string, value: string | Uint8Array][];
  /** A body of JSON. */
  json?: unknown;
  /** A body of form fields, in order. */
  form?: Fields;
  /** A body of bytes. */
  body?: string | Uint8Array;
  /** Gives up sooner than the host would. */
  timeoutMs?: number;
  /**
   * The header by which the remote recognises a repeated attempt, with the input's key: a lost answer is then
   * `Transient`, not `Ambiguous`.
   */
  idempotencyKey?: { header: string; key: string };
  /** The same for a remote that looks for the key in the query. */
  idempotencyQuery?: { name: string; key: string };
  /** The request may be sent again without harm although its method does not say so: a search by `POST`. */
  repeatable?: boolean;
}

/** A request. Nothing happens until it is sent. */
export class Request {
  constructor(method: string, url: string, options?: RequestOptions);
  readonly method: string;
  readonly url: string;
  readonly headers: Header[];
  readonly body: Uint8Array;
  readonly timeoutMs: number | undefined;
  readonly repeatable: boolean;
  /** Sends it and waits for the whole response. A response of any status is returned: see `errorForStatus`. */
  send(): Response;
  /** The same with the errors of its status thrown, and the body read as JSON. */
  sendForJson(): any;
}

/** A whole response: decoded, and bounded by the host. */
export class Response {
  /** For tests. */
  constructor(
    status: number,
    parts?: {
      headers?: Record<string, string> | [name: string, value: string | Uint8Array][];
      body?: string | Uint8Array;
      repeatable?: boolean;
    },
  );
  readonly status: number;
  /** In the order of the wire. */
  readonly headers: Header[];
  readonly body: Uint8Array;
  /** The first header of this name that is text. */
  header(name: string): string | undefined;
  /** The body as UTF-8; what is not becomes a replacement character. */
  text(): string;
  /** The body, read as JSON. What is not JSON is `Permanent`. */
  json(): any;
  /** Milliseconds that the remote asked to wait. In a host, in whatever form it did. */
  retryAfterMs(): number | undefined;
  /**
   * The response itself if its status is 2xx; otherwise throws an error of the class that the status means.
   *
   * What a rule in the manifest's `answers` says of the answer goes before its status: the host has asked them. A refusal
   * that a rule calls `done` is as good as a 2xx.
   *
   * | status | class |
   * |---|---|
   * | 400, 422 and other 4xx | `Invalid` |
   * | 401 | `AuthRequired` |
   * | 403 | `Permanent` |
   * | 404, 410 | `NotFound` |
   * | 409 | `Conflict` |
   * | 408, 425, other 5xx | `Transient` if the request may be repeated, or else `Ambiguous` |
   * | 429 | `RateLimited`, with the wait that the remote asked for |
   * | 1xx, 3xx, 405, 415, 501, 505 | `Permanent` |
   */
  errorForStatus(): this;
  /** The status and the beginning of the body, for an error's message. */
  excerpt(): string;
}

export function get(url: string, options?: RequestOptions): Request;
export function post(url: string, options?: RequestOptions): Request;
export function put(url: string, options?: RequestOptions): Request;
export function patch(url: string, options?: RequestOptions): Request;
/** `DELETE`. */
export function del(url: string, options?: RequestOptions): Request;

/** Sends all requests concurrently; one response or error per request, in order. Nothing is thrown. */
export function sendAll(requests: Request[]): (Response | LockgateError)[];

/**
 * Sends, concurrently, those that are requests, and keeps every error in its place: one stage of a batch whose inputs
 * fail one by one.
 */
export function sendEach(requests: (Request | LockgateError)[]): (Response | LockgateError)[];

/** The responses of one page after the other: `next` gives the request that follows, or nothing at the end. */
export function pages(
  first: Request,
  next: (response: Response) => Request | null | undefined,
  options?: { max?: number },
): Generator<Response, void, void>;

/** One segment of a path, percent-encoded. What would change the path is `Invalid`: nothing, `.` and `..`. */
export function segment(value: Text): string;

/**
 * Runs `body` with `transport` in place of the network. Under Node only, for tests. A transport gets the request as it
 * would be sent and returns a `Response`, or throws a `LockgateError`.
 */
export function withTransport<T>(
  transport: (request: Pick<Request, 'method' | 'url' | 'headers' | 'body' | 'timeoutMs'>) => Response,
  body: () => T | Promise<T>,
): Promise<T>;
