// The SDK's types. What each name is for stands at its name; the tutorial is in README.md.

import type { Json, Manifest } from './manifest.js';

export type * from './manifest.js';
export * as http from './http.js';
export * as logging from './logging.js';
export * as profile from './profile.js';
export * as secrets from './secrets.js';
export * from './errors.js';

import type { LockgateError } from './errors.js';
import type { Header, Request, Response } from './http.js';

type Awaitable<T> = T | Promise<T>;

/** One input of an action. */
export interface Input<Body = any> {
  /** The idempotency key: the same on every attempt at this input. At most 255 ASCII characters. */
  key: string;
  /** Valid against the action's input schema. */
  body: Body;
}

/** One unit of data in a flow. */
export interface FlowRecord<Body = any> {
  /** Identifies the record in its source: the same thing has the same key for ever. */
  key: string;
  /** Valid against the trigger's record schema. */
  body: Body;
}

/** One page of a poll. */
export interface Page<Body = any> {
  /** The records, oldest first where the source has an order. */
  records: FlowRecord<Body>[];
  /** Where the next poll continues; kept by the host, opaque to it. Absent: it keeps the old one. */
  next?: Json;
  /** Whether another page waits behind this one now. */
  more?: boolean;
}

/** A webhook, as received; the host has verified its signature over these bytes. */
export interface Inbound {
  /** Those that say what the event is, with their names in lower case; never its signature. */
  headers: Header[];
  /** As received. */
  body: Uint8Array;
  /** The first header of this name, in lower case, as text. */
  header(name: string): string | undefined;
  /** The body, read as JSON. */
  json(): any;
}

/** Runs on a batch: one value or error per input, in order. */
export type Action = (inputs: Input[]) => Awaitable<(Json | LockgateError)[]>;
/** Reads one page; the cursor is the `next` of an earlier page. */
export type Poll = (cursor: Json | undefined) => Awaitable<Page>;
/**
 * Turns an event into records. It may be handed over again after a failure that may pass: a record's `key` must follow
 * from the event. What is no record for anybody is an empty list; what will never be readable is `Invalid`.
 */
export type Receive = (event: Inbound) => Awaitable<FlowRecord[]>;

/** A connector: its manifest, and what does the things that the manifest names. */
export interface Definition {
  /** What the connector offers and asks for. */
  manifest: Manifest;
  /** Verifies that the profile's target and credentials work. By default there is nothing to verify. */
  check?(): Awaitable<unknown>;
  /** By the names of the manifest's actions. */
  actions?: Record<string, Action>;
  /** By the names of the manifest's triggers that are polled. */
  polls?: Record<string, Poll>;
  /** By the names of the manifest's triggers that are webhooks. */
  receives?: Record<string, Receive>;
}

/** What the contract wants of a connector: export it under the name `connector`. */
export interface Connector {
  describe(): string;
  check(): Promise<void>;
  run(action: string, inputs: { key: string; body: string }[]): Promise<unknown[]>;
  poll(trigger: string, cursor: string | undefined): Promise<unknown>;
  receive(hook: string, event: { headers: Header[]; body: Uint8Array }): Promise<unknown>;
}

/**
 * Makes a connector. A manifest that promises what the code does not have, or the other way round, is an error when the
 * project is built.
 */
export function defineConnector(definition: Definition): Connector;

/** An action that looks at one input at a time. What it throws is the result of that input alone. */
export function each<Body = any>(action: (input: Input<Body>) => Awaitable<Json>): Action;

/**
 * An action of one request per input, sent all at once: `request` makes it, `result` reads the answer (by default: the
 * body as JSON, or the error of its status).
 */
export function inOneStage<Body = any>(stage: {
  request(input: Input<Body>): Awaitable<Request>;
  result?(response: Response, input: Input<Body>): Awaitable<Json>;
}): Action;

/**
 * A poll of a source that gives a list and says where the next page begins. Without a cursor from `next` the host keeps
 * the old one. By default there are more pages while there is a cursor; where the source says it itself, give `more`.
 */
export function pagedBy<Body = any>(source: {
  request(cursor: Json | undefined): Request;
  records(body: Body): Awaitable<FlowRecord[]>;
  next(body: Body, records: FlowRecord[]): Json | null | undefined;
  more?(body: Body, cursor: Json | undefined): boolean;
}): Poll;
