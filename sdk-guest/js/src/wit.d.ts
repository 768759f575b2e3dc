// The contract's interfaces as TypeScript, made of wit/v0 by a test (wit/tests/definitions.rs): do not edit.
//
// The SDK wraps them; who imports them directly speaks the contract itself.

/** What a connector offers. Few functions: growth happens in the manifest and in JSON bodies. */
declare module 'lockgate:connector/connector@0.1.0' {
  export type Error = import('lockgate:connector/types@0.1.0').Error;
  export type Inbound = import('lockgate:connector/types@0.1.0').Inbound;
  export type Input = import('lockgate:connector/types@0.1.0').Input;
  export type Json = import('lockgate:connector/types@0.1.0').Json;
  export type Page = import('lockgate:connector/types@0.1.0').Page;
  export type Received = import('lockgate:connector/types@0.1.0').Received;
  /** The manifest as JSON (`lockgate-wit`, `Manifest`). Called once, at admission, with no capability at all. */
  export function describe(): Json;
  /** Verifies that the profile's target and credentials work. */
  export function check(): void;
  /** Runs one action on a batch: one result per input, in order. */
  export function run(action: string, inputs: Array<Input>): Array<{ tag: 'ok'; val: Json } | { tag: 'err'; val: Error }>;
  /** Reads one page of records. */
  export function poll(trigger: string, cursor?: Json | undefined): Page;
  /** Turns a verified webhook into records. */
  export function receive(hook: string, event: Inbound): Received;
}

/** HTTP to the hosts that the profile was granted. Credentials are added by the host, after its gates. */
declare module 'lockgate:connector/http@0.1.0' {
  export type Denial = import('lockgate:connector/types@0.1.0').Denial;
  export type Header = import('lockgate:connector/types@0.1.0').Header;
  export interface Request {
    /** An exact token: `GET`, `POST`, ... `CONNECT` and `TRACE` are always refused. */
    method: string;
    /** An absolute URL without user information. The host judges and sends the same normalised string. */
    url: string;
    /** `host`, `content-length`, credentials and other hop-by-hop headers are refused, not dropped. */
    headers: Array<Header>;
    /** Empty for none. */
    body: Uint8Array;
    /** A shorter time-out than the host's, in milliseconds. */
    timeoutMs?: number | undefined;
  }
  export interface Response {
    status: number;
    headers: Array<Header>;
    /** Decoded (gzip) and bounded by the host. */
    body: Uint8Array;
  }
  /** How an exchange failed. Coarse on purpose: a guest cannot map the host's network with it. */
  export type FailureKind =
    /** The name does not resolve. */
    | 'name'
    /** No connection. */
    | 'connect'
    /** No trusted connection: certificate, name or version. */
    | 'tls'
    /** No answer in time. */
    | 'timeout'
    /** The answer is larger than the host allows. */
    | 'too-large'
    /** The answer is not valid HTTP or its encoding is broken. */
    | 'bad-response'
    /** Anything else. */
    | 'other';
  export interface Failure {
    kind: FailureKind;
    /** Whether the remote may have received the request. */
    sent: boolean;
    message: string;
  }
  export type HttpError =
    | { tag: 'denied'; val: Denial }
    | { tag: 'failed'; val: Failure };
  /** Sends one request and waits for the whole response. */
  export function send(request: Request): Response;
  /** Sends all requests concurrently; one result per request, in order. */
  export function sendAll(requests: Array<Request>): Array<{ tag: 'ok'; val: Response } | { tag: 'err'; val: HttpError }>;
}

/** Lines in the tenant's log. The host stamps time, connector and run; it bounds count and size. */
declare module 'lockgate:connector/logging@0.1.0' {
  export type Level =
    | 'debug'
    | 'info'
    | 'warn'
    | 'error';
  export function log(level: Level, message: string, fields: Array<[string, string]>): void;
}

/** The settings of the profile that this call works for, and nothing of any other. */
declare module 'lockgate:connector/profile@0.1.0' {
  export type Json = import('lockgate:connector/types@0.1.0').Json;
  /** The configuration, valid against the manifest's schema. */
  export function config(): Json;
  /** The granted scopes, by name. */
  export function scopes(): Array<string>;
}

/** The profile's secrets, as handles. The bytes stay in the host: nothing here reveals them. */
declare module 'lockgate:connector/secrets@0.1.0' {
  export type Denial = import('lockgate:connector/types@0.1.0').Denial;
  export type Algorithm =
    | 'hmac-sha256'
    | 'hmac-sha512';
  export class Secret {
    private constructor();
    /** Authenticates `data` with the secret as the key. */
    hmac(algorithm: Algorithm, data: Uint8Array): Uint8Array;
    /** Sixteen hexadecimal characters that change when the secret does, and tell nothing else of it. */
    fingerprint(): string;
  }
  /** Opens a secret that the profile holds, by name. */
  export function open(name: string): Secret;
}

/** The mapping step of a flow: a program in the transform's own language, run on each record. */
declare module 'lockgate:connector/transform@0.1.0' {
  export type Error = import('lockgate:connector/types@0.1.0').Error;
  export type Json = import('lockgate:connector/types@0.1.0').Json;
  /** One result per record, in order. `none` drops the record from the flow. */
  export function transform(program: string, records: Array<Json>): Array<{ tag: 'ok'; val: Json | undefined } | { tag: 'err'; val: Error }>;
}

/** Values that cross the boundary. Types live here and in the other interfaces, never in a world. */
declare module 'lockgate:connector/types@0.1.0' {
  /** One JSON text (RFC 8259), UTF-8. */
  export type Json = string;
  /** A header as it goes on the wire: values are bytes, and a name may appear more than once. */
  export type Header = [string, Uint8Array];
  /** The host said no. A denial is a value: it never traps the guest. */
  export interface Denial {
    /** The gate that refused, for instance `hosts` or `scope`. */
    gate: string;
    /** What was refused, in one sentence. */
    reason: string;
    /** The line of policy that would allow it, or what to do instead. */
    remedy: string;
  }
  /** Why an action, a check or a poll did not succeed. The case decides what the host does next. */
  export type Error =
    /** The input is wrong: never retried, a dead letter at once. */
    | { tag: 'invalid'; val: string }
    /** The credentials no longer work: the profile is degraded. */
    | { tag: 'auth-required'; val: string }
    /** The remote has no such thing. */
    | { tag: 'not-found'; val: string }
    /** The remote holds a conflicting state. */
    | { tag: 'conflict'; val: string }
    /** The remote asked to slow down; milliseconds to wait, if it said so. */
    | { tag: 'rate-limited'; val: bigint | undefined }
    /** The host refused a request that was needed. */
    | { tag: 'denied'; val: Denial }
    /** May work later. */
    | { tag: 'transient'; val: string }
    /** The request was sent and its outcome is unknown. */
    | { tag: 'ambiguous'; val: string }
    /** Will not work later either. */
    | { tag: 'permanent'; val: string };
  /** One unit of data in a flow. */
  export interface Record {
    /** Identifies the record in its source: the same thing has the same key for ever. */
    key: string;
    body: Json;
  }
  /** One input of an action. */
  export interface Input {
    /** The idempotency key: the same on every attempt at this input. At most 255 ASCII characters. */
    key: string;
    body: Json;
  }
  /** One page of a poll. */
  export interface Page {
    records: Array<Record>;
    /** Where the next poll continues; kept by the host, opaque to it. Absent: keep the old one. */
    next?: Json | undefined;
    /** Whether another page waits behind this one now. */
    more: boolean;
  }
  /** A webhook, as received; the host has verified its signature over these bytes. */
  export interface Inbound {
    headers: Array<Header>;
    body: Uint8Array;
  }
  /** What a webhook contained. */
  export interface Received {
    records: Array<Record>;
  }
}
