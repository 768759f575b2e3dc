// Why something did not succeed: one class for each case of the contract's `error`, which decides what the host does next.

/** A message crosses the boundary cut to this many characters. */
const MESSAGE_CHARS = 1000;

export class LockgateError extends Error {
  constructor(tag, message) {
    super(message);
    this.name = new.target.name;
    this.tag = tag;
  }

  /** The case as the contract writes it. */
  get payload() {
    return { tag: this.tag, val: cut(this.message) };
  }
}

export class Invalid extends LockgateError {
  constructor(message) {
    super('invalid', message);
  }
}

export class AuthRequired extends LockgateError {
  constructor(message) {
    super('auth-required', message);
  }
}

export class NotFound extends LockgateError {
  constructor(message) {
    super('not-found', message);
  }
}

export class Conflict extends LockgateError {
  constructor(message) {
    super('conflict', message);
  }
}

export class RateLimited extends LockgateError {
  constructor(waitMs) {
    super('rate-limited', waitMs === undefined ? 'rate limited' : `rate limited: wait ${waitMs} ms`);
    this.waitMs = waitMs;
  }

  get payload() {
    const known = Number.isFinite(this.waitMs) && this.waitMs >= 0;
    const waitMs = known ? BigInt(Math.ceil(Math.min(this.waitMs, Number.MAX_SAFE_INTEGER))) : undefined;
    return { tag: this.tag, val: waitMs };
  }
}

export class Denied extends LockgateError {
  constructor({ gate, reason, remedy }) {
    super('denied', `${reason} (${gate}): ${remedy}`);
    this.denial = { gate, reason, remedy };
  }

  get payload() {
    return { tag: this.tag, val: this.denial };
  }
}

export class Transient extends LockgateError {
  constructor(message) {
    super('transient', message);
  }
}

export class Ambiguous extends LockgateError {
  constructor(message) {
    super('ambiguous', message);
  }
}

export class Permanent extends LockgateError {
  constructor(message) {
    super('permanent', message);
  }
}

function cut(message) {
  const characters = Array.from(String(message));
  return characters.length > MESSAGE_CHARS ? `${characters.slice(0, MESSAGE_CHARS).join('')}…` : characters.join('');
}
