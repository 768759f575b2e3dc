// What a connector says of itself and what it asks for: the types of the contract. Asking grants nothing.

/** Any JSON value. */
export type Json = any;

/**
 * What `describe` returns, as JSON. Unknown fields are refused, so that a misspelt one is not
 * silently ignored.
 */
export interface Manifest {
  /** Lower-case letters, digits and hyphens; at most 63. */
  name: string;
  /** A semantic version, for instance `1.4.0`. */
  version: string;
  /** For people; one line. */
  title: string;
  /** Where a catalogue files it. */
  category: Category;
  /** The ways to authenticate that the system accepts; a profile chooses one. */
  auth?: AuthScheme[];
  /** JSON Schema of a profile's configuration. Its properties fill the host templates. */
  config?: Json;
  /** The configuration properties that may appear in `hosts`. */
  inputs?: HostInput[];
  /** Requested origins: `https://api.example.com`, `https://{shop}.example.com` or `{base_url}`. */
  hosts: string[];
  /** Named sets of wire rules, to be granted one by one. */
  scopes: Scope[];
  /** What it can do. */
  actions?: Action[];
  /** What it can bring. */
  triggers?: Trigger[];
  /** Secrets, besides the credential, that it opens by name through the `secrets` interface. */
  secrets?: string[];
  /** How fast the system may be called. */
  rate?: Rate;
  /**
   * What answers of the system mean where their status does not say it. The first that matches
   * decides; the host asks, on every answer.
   */
  answers?: AnswerRule[];
}

/** Catalogue sections. */
export type Category =
  | 'commerce'
  | 'erp'
  | 'marketing'
  | 'finance'
  | 'custom';

/** One way to authenticate. The host applies it; a connector never sees the credential. */
export type AuthScheme =
  | { kind: 'api_key'; place: Placement; name: string; prefix?: string; }
  | { kind: 'basic' }
  | { kind: 'bearer' }
  | ({ kind: 'oauth2' } & Oauth2)
  | { kind: 'aws_sigv4'; region: string; service: string; unsigned_payload?: boolean; in_query?: boolean; }
  | { kind: 'oauth1'; realm?: string; realm_is_account?: boolean; };

/** Where an API key goes. */
export type Placement =
  | 'header'
  | 'query'
  | 'json_field'
  | 'form_field';

/** A configuration property that fills `{name}` in a host template. */
export interface HostInput {
  /** The property's name in the configuration. */
  name: string;
  /** What its value may be. */
  kind: InputKind;
  /** Used where the configuration says nothing. */
  default?: string;
}

/** What the value of a host input may be. */
export type InputKind =
  | 'label'
  | 'host_name'
  | 'origin';

/** A named set of wire rules. What no granted scope covers never leaves the host. */
export interface Scope {
  /** For instance `invoices:read`. */
  name: string;
  /** What it lets the connector do, for the person who grants it. */
  title: string;
  /** The requests that it covers. */
  rules: Rule[];
}

/** One kind of request. */
export interface Rule {
  /** An exact token, upper-case. */
  method: string;
  /** A path template: `/v1/invoices/{id}` matches one segment, `/files/{path...}` one or more. */
  path: string;
  /** One of the manifest's `hosts`, word for word; absent: any of them. */
  host?: string;
  /** How many requests of the `rate` it counts for; one unless given. */
  cost?: number;
}

/** Something that a connector does, on a batch of inputs. */
export interface Action {
  /** The name that `run` receives. */
  name: string;
  /** For people; one line. */
  title: string;
  /** Whether it changes the remote. */
  effect: Effect;
  /** The scopes that it needs. */
  scopes?: string[];
  /** JSON Schema of one input's body. */
  input: Json;
  /** JSON Schema of one output. */
  output: Json;
  /** How the remote recognises a repeated attempt, if it can. */
  idempotency?: Idempotency;
  /** Inputs with the outputs that they may give. */
  examples?: Example[];
}

/** Whether an action changes the remote. */
export type Effect =
  | 'read'
  | 'write';

/**
 * How a remote recognises a repeated attempt: by a header or by a query parameter, one of the two.
 * A write that does not carry the key there counts as one that cannot be repeated.
 */
export interface Idempotency {
  /** The request header that carries the key, for instance `Idempotency-Key`. */
  header?: string;
  /** The query parameter that carries it, for instance `requestid`. */
  query?: string;
}

/**
 * What an answer means that says more in its headers or its body than in its status. All conditions
 * hold together, and there is at least one.
 */
export interface AnswerRule {
  /** What it means. */
  means: Meaning;
  /** The status is one of these; empty: any. */
  status?: number[];
  /** These headers have these values. */
  headers?: HeaderIs[];
  /** These places of the body, which is JSON of at most 64 KiB, have these values. */
  body?: BodyIs[];
  /** The least time to wait, in milliseconds, where the answer itself does not say how long. */
  wait_ms?: number;
}

/** What an answer means for the one who asked. */
export type Meaning =
  | 'rate_limited'
  | 'auth'
  | 'not_processed'
  | 'transient'
  | 'conflict'
  | 'done'
  | 'permanent';

/** A header has this value, letters of any case. */
export interface HeaderIs {
  /** The header's name. */
  name: string;
  /** The whole value. */
  equals: string;
}

/** A place of the body has this value. */
export interface BodyIs {
  /**
   * A JSON pointer (RFC 6901), for instance `/errors/0/code`; the segment `*` is any item of a
   * list.
   */
  pointer: string;
  /** A text, a whole number or a truth value. */
  equals: Json;
}

/** An input and an output that it may give. */
export interface Example {
  /** Valid against the action's input schema. */
  input: Json;
  /** Valid against the action's output schema. */
  output: Json;
}

/** Something that brings records. */
export interface Trigger {
  /** The name that `poll` or `receive` receives. */
  name: string;
  /** For people; one line. */
  title: string;
  /** How records arrive. */
  kind: TriggerKind;
  /** The scopes that it needs. */
  scopes?: string[];
  /** JSON Schema of one record's body. */
  record: Json;
}

/** How records arrive. In JSON `"poll"`, or `{"webhook": {"scheme": {"kind": "stripe"}}}`. */
export type TriggerKind =
  | 'poll'
  | { webhook: Webhook };

/** How fast a system may be called. */
export interface Rate {
  /** Sustained requests per second. */
  per_second: number;
  /** Requests that may go at once after a pause. */
  burst: number;
}

/**
 * What arrives at a webhook trigger. The host verifies the signature before the connector is
 * started.
 */
export interface Webhook {
  /** How a request is signed. */
  scheme: WebhookScheme;
  /**
   * Headers that `receive` wants to see besides those that the scheme names, for instance `X-Shop-
   * Region`.
   */
  headers?: string[];
}

/** How a request is signed. All of them prove that the sender knows the hook's secret. */
export type WebhookScheme =
  | { kind: 'standard_webhooks' }
  | { kind: 'stripe' }
  | { kind: 'github' }
  | { kind: 'slack' }
  | { kind: 'shopify' }
  | { kind: 'hubspot' }
  | { kind: 'quickbooks' }
  | ({ kind: 'hmac' } & HmacWebhook);

/** A keyed digest in a header, over a text that the scheme describes. */
export interface HmacWebhook {
  /** The header that carries the signature. */
  header: string;
  /** Text before the signature, for instance `sha256=`. */
  prefix?: string;
  /** The digest. */
  algorithm?: WebhookAlgorithm;
  /** How the signature is written. */
  encoding?: WebhookEncoding;
  /**
   * What is signed: text with `{body}`, and `{timestamp}`, `{method}` or `{uri}` where the sender
   * signs them too.
   */
  signed?: string;
  /**
   * Where the time of the request stands. Without one, only the memory of past events stops a
   * repetition.
   */
  timestamp?: WebhookTimestamp;
  /** Where the sender's own name of the event stands. */
  event_id?: WebhookEventId;
}

/** The digest under a signature. */
export type WebhookAlgorithm =
  | 'sha256'
  | 'sha512';

/** How a signature is written. */
export type WebhookEncoding =
  | 'hex'
  | 'base64';

/** The header with the time at which a request was sent. */
export interface WebhookTimestamp {
  /** Its name. */
  header: string;
  /** What its number counts. */
  unit?: WebhookTimeUnit;
}

/** What the number of a timestamp counts, since 1970. */
export type WebhookTimeUnit =
  | 'seconds'
  | 'milliseconds';

/** Where the sender's own name of an event stands: the same for every attempt to send it. */
export type WebhookEventId =
  | { header: string }
  | { pointer: string };

/**
 * How a profile gets its tokens. The host does all of it; a connector sees neither token nor client
 * secret. URLs begin like one of the manifest's `hosts`, word for word, and go on with a path:
 * `https://{shop}.example.com/oauth/token`. Texts may use a property of the configuration in
 * braces, `{username}`, and the client's id, `{client_id}`.
 */
export interface Oauth2 {
  /** Which of the ways. */
  grant: Oauth2Grant;
  /**
   * Where a person consents; for `authorization_code` only. Its host need not be in `hosts`: the
   * browser goes there.
   */
  authorize_url?: string;
  /** Where tokens are had. */
  token_url: string;
  /** Where a token is given back (RFC 7009), if anywhere. */
  revoke_url?: string;
  /** The provider's own name, compared with `iss` in the callback (RFC 9207). */
  issuer?: string;
  /** How the client proves itself at the token endpoint. */
  client_auth?: ClientAuth;
  /** Leaves PKCE out, for a provider that refuses it. */
  disable_pkce?: boolean;
  /**
   * For each scope of the manifest, what the provider calls it. Only those of granted scopes are
   * asked for.
   */
  scopes?: Record<string, string[]>;
  /** Always asked for, for instance `offline_access`. */
  base_scopes?: string[];
  /** Stands between two scopes; a space unless given. */
  scope_separator?: string;
  /** Added to the URL of the consent. */
  authorize_params?: Record<string, string>;
  /** Added to every request for tokens. */
  token_params?: Record<string, string>;
  /** Parameters of the callback, each with the property of the configuration that it is saved as. */
  save_callback?: Record<string, string>;
  /** Members of the token's answer, each with the property of the configuration that it is saved as. */
  save_token?: Record<string, string>;
  /** What is signed, for `jwt_bearer` and for `private_key_jwt`. */
  assertion?: Assertion;
  /** How the first token is turned into the second, for `token_exchange`. */
  exchange?: TokenExchange;
  /**
   * How long before its end a token is renewed; the smaller of 5 minutes and a quarter of its life
   * unless given.
   */
  refresh_margin_s?: number;
  /** How long a token lives where the answer does not say. */
  lifetime_s?: number;
  /**
   * A token that nobody used is renewed after so many hours, so that the provider does not forget
   * it; 0 for never.
   */
  keep_alive_hours?: number;
  /** Statuses that say that the token is no longer good; 401 unless given. */
  auth_error_statuses?: number[];
  /**
   * A regular expression over the body that says the same, for a provider that says it with another
   * status.
   */
  detect_on?: string;
  /** The header that carries the access token; `authorization` unless given. */
  header?: string;
  /** What stands before the token in it; `Bearer ` unless given. */
  prefix?: string;
}

/** The ways to a token. */
export type Oauth2Grant =
  | 'authorization_code'
  | 'client_credentials'
  | 'jwt_bearer'
  | 'token_exchange';

/** How a client proves itself at the token endpoint. */
export type ClientAuth =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'none';

/** What the host signs with the profile's private key. The texts may use the configuration. */
export interface Assertion {
  /** How it is signed. */
  alg: AssertionAlg;
  /** Who says it; the client's id unless given. */
  iss?: string;
  /** Whom it is about; the client's id unless given. */
  sub?: string;
  /** Whom it is for; the URL of the token endpoint unless given. */
  aud?: string;
  /** Which key signed it. */
  kid?: string;
  /** How long it is good for; 180 seconds unless given. */
  lifetime_s?: number;
}

/** How an assertion is signed. */
export type AssertionAlg =
  | 'RS256'
  | 'PS256'
  | 'ES256';

/**
 * A request that turns the stored credential into a token. Its values may use `{credential}`,
 * besides the configuration.
 */
export interface TokenExchange {
  /** A form or JSON. */
  encoding?: BodyEncoding;
  /** The members of the body. RFC 8693 where it is left out: the credential is the subject token. */
  body?: Record<string, string>;
  /** What kind of token the credential is (RFC 8693). */
  subject_token_type?: string;
  /** What kind of token is wanted (RFC 8693). */
  requested_token_type?: string;
  /** The member of the answer that holds the token; `access_token` unless given. */
  token_member?: string;
}

/** How a body is written. */
export type BodyEncoding =
  | 'form'
  | 'json';
