// One class for each case of the contract's `error`: it decides what the host does next.

/** One of the classes below: throw those. */
export class LockgateError extends Error {
  /** The case, as the contract spells it. */
  readonly tag:
    | 'invalid'
    | 'auth-required'
    | 'not-found'
    | 'conflict'
    | 'rate-limited'
    | 'denied'
    | 'transient'
    | 'ambiguous'
    | 'permanent';
}

/** The input is wrong: never retried, a dead letter at once. */
export class Invalid extends LockgateError {
  constructor(message: string);
}

/** The credentials no longer work: the profile is degraded. */
export class AuthRequired extends LockgateError {
  constructor(message: string);
}

/** The remote has no such thing. */
export class NotFound extends LockgateError {
  constructor(message: string);
}

/** The remote holds a conflicting state. */
export class Conflict extends LockgateError {
  constructor(message: string);
}

/** The remote asked to slow down; milliseconds to wait, if it said so. */
export class RateLimited extends LockgateError {
  constructor(waitMs?: number);
  readonly waitMs: number | undefined;
}

/** The host refused a request that was needed. */
export class Denied extends LockgateError {
  constructor(denial: Denial);
  readonly denial: Denial;
}

/** May work later. */
export class Transient extends LockgateError {
  constructor(message: string);
}

/** The request was sent and its outcome is unknown. */
export class Ambiguous extends LockgateError {
  constructor(message: string);
}

/** Will not work later either. */
export class Permanent extends LockgateError {
  constructor(message: string);
}

/** The host said no. */
export interface Denial {
  /** The gate that refused, for instance `hosts` or `scope`. */
  gate: string;
  /** What was refused, in one sentence. */
  reason: string;
  /** The line of policy that would allow it, or what to do instead. */
  remedy: string;
}
