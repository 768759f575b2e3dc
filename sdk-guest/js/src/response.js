// A response, and what its status means.

import { bytes } from './bytes.js';
import { Ambiguous, AuthRequired, Conflict, Invalid, NotFound, Permanent, RateLimited, Transient } from './errors.js';

/** What the host adds to an answer: what a rule of the manifest says of it, and the wait that the remote asked for. */
const CLASS = 'lockgate-class';
const WAIT_MS = 'lockgate-wait-ms';
/** So much of an answer is quoted in an error. */
const EXCERPT_CHARS = 300;
const SECONDS = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A whole response: decoded, and bounded by the host. */
export class Response {
  #repeatable;

  constructor(status, { headers = [], body = new Uint8Array(), repeatable = false } = {}) {
    this.status = status;
    const listed = Array.isArray(headers) ? headers : Object.entries(headers);
    this.headers = listed.map(([name, value]) => [name, bytes(value)]);
    this.body = bytes(body);
    this.#repeatable = repeatable;
  }

  /** The first header of this name that is text. */
  header(name) {
    const wanted = name.toLowerCase();
    for (const [other, value] of this.headers) {
      if (other.toLowerCase() !== wanted) continue;
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(value);
      } catch {
        // Not text: the next of this name may be.
      }
    }
    return undefined;
  }

  text() {
    return new TextDecoder().decode(this.body);
  }

  json() {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(this.body));
    } catch (error) {
      throw new Permanent(`the remote's answer is not what was expected: ${error.message}`);
    }
  }

  /** Milliseconds that the remote asked to wait. */
  retryAfterMs() {
    const told = this.header(WAIT_MS);
    if (told !== undefined && /^\d+$/.test(told)) return Number(told);
    const asked = this.header('retry-after')?.trim();
    if (asked === undefined) return undefined;
    if (SECONDS.test(asked)) {
      const waitMs = Math.ceil(Number(asked) * 1000);
      return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
    }
    // By the remote's own clock, so that two clocks that differ do no harm.
    const waitMs = Date.parse(asked) - Date.parse(this.header('date') ?? '');
    return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
  }

  /** The response itself if its status is 2xx; otherwise throws an error of the class that the status means. */
  errorForStatus() {
    const error = this.#error();
    if (error !== undefined) throw error;
    return this;
  }

  #error() {
    const message = this.excerpt();
    switch (this.header(CLASS)) {
      case 'done':
        return undefined;
      case 'rate_limited':
        return new RateLimited(this.retryAfterMs());
      case 'auth':
        return new AuthRequired(message);
      case 'transient_safe':
        return new Transient(message);
      case 'transient':
      case 'ambiguous':
        return this.#doubtful(message);
      case 'conflict':
        return new Conflict(message);
      case 'permanent':
        return new Permanent(message);
    }
    const { status } = this;
    if (status >= 200 && status < 300) return undefined;
    if (status === 401) return new AuthRequired(message);
    if (status === 404 || status === 410) return new NotFound(message);
    if (status === 409) return new Conflict(message);
    if (status === 429) return new RateLimited(this.retryAfterMs());
    if ([403, 405, 415, 501, 505].includes(status)) return new Permanent(message);
    if (status === 408 || status === 425 || status >= 500) return this.#doubtful(message);
    if (status >= 400) return new Invalid(message);
    return new Permanent(message);
  }

  /** Whether it was done nobody knows; where that does not matter it may be tried again. */
  #doubtful(message) {
    const recognised = this.#repeatable || this.header(CLASS) === 'transient';
    return recognised ? new Transient(message) : new Ambiguous(message);
  }

  /** The status and the beginning of the body, for an error's message. */
  excerpt() {
    const plain = this.text().trim().replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
    const text = Array.from(plain.slice(0, 2 * EXCERPT_CHARS)).slice(0, EXCERPT_CHARS).join('');
    return `the remote answered ${this.status}${text === '' ? '' : `: ${text}`}`;
  }
}
