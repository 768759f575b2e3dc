"""What a connector says of itself and what it asks for: the types of the contract. Asking grants nothing.

A manifest is a plain dictionary: these are its shapes, for editors and type checkers.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union


class _ManifestRequired(TypedDict):
    #: Lower-case letters, digits and hyphens; at most 63.
    name: str
    #: A semantic version, for instance `1.4.0`.
    version: str
    #: For people; one line.
    title: str
    #: Where a catalogue files it.
    category: Category
    #: Requested origins: `https://api.example.com`, `https://{shop}.example.com` or `{base_url}`.
    hosts: list[str]
    #: Named sets of wire rules, to be granted one by one.
    scopes: list[Scope]


class Manifest(_ManifestRequired, total=False):
    """What `describe` returns, as JSON. Unknown fields are refused, so that a misspelt one is not
    silently ignored."""

    #: The ways to authenticate that the system accepts; a profile chooses one.
    auth: list[AuthScheme]
    #: JSON Schema of a profile's configuration. Its properties fill the host templates.
    config: Any
    #: The configuration properties that may appear in `hosts`.
    inputs: list[HostInput]
    #: What it can do.
    actions: list[Action]
    #: What it can bring.
    triggers: list[Trigger]
    #: Secrets, besides the credential, that it opens by name through the `secrets` interface.
    secrets: list[str]
    #: How fast the system may be called.
    rate: Rate
    #: What answers of the system mean where their status does not say it. The first that matches
    #: decides; the host asks, on every answer.
    answers: list[AnswerRule]


#: Catalogue sections.
Category = Literal["commerce", "erp", "marketing", "finance", "custom"]


class _AuthSchemeApiKeyRequired(TypedDict):
    kind: Literal["api_key"]
    #: Where the key goes.
    place: Placement
    #: The name of the header, of the query parameter or of the field.
    name: str


class AuthSchemeApiKey(_AuthSchemeApiKeyRequired, total=False):
    """A key in a header, in the query or in a field of the body."""

    #: Text before the key, for instance `Klaviyo-API-Key `.
    prefix: str


class AuthSchemeBasic(TypedDict):
    """HTTP Basic (RFC 7617), UTF-8."""

    kind: Literal["basic"]


class AuthSchemeBearer(TypedDict):
    """`Authorization: Bearer <token>` (RFC 6750)."""

    kind: Literal["bearer"]


class _AuthSchemeAwsSigv4Required(TypedDict):
    kind: Literal["aws_sigv4"]
    #: For instance `eu-central-1`, or `{name}` for a property of the configuration.
    region: str
    #: For instance `s3`, or `{name}` as above.
    service: str


class AuthSchemeAwsSigv4(_AuthSchemeAwsSigv4Required, total=False):
    """AWS Signature Version 4. The credential has the parts `access_key_id`, `secret_access_key` and,
    where it is a temporary one, `session_token`."""

    #: Sign `UNSIGNED-PAYLOAD` in place of the body's digest, for a service that takes it.
    unsigned_payload: bool
    #: Put the signature into the query, as in a presigned URL, and not into headers.
    in_query: bool


class _AuthSchemeOauth1Required(TypedDict):
    kind: Literal["oauth1"]


class AuthSchemeOauth1(_AuthSchemeOauth1Required, total=False):
    """OAuth 1.0a (RFC 5849) with HMAC-SHA256. The credential has the parts `consumer_key`,
    `consumer_secret`, `token` and `token_secret`."""

    #: The realm of the header, or `{name}` for a property of the configuration.
    realm: str
    #: The realm is a NetSuite account: it is written in upper case, with `_` for `-`.
    realm_is_account: bool


#: Where an API key goes.
Placement = Literal["header", "query", "json_field", "form_field"]


class _HostInputRequired(TypedDict):
    #: The property's name in the configuration.
    name: str
    #: What its value may be.
    kind: InputKind


class HostInput(_HostInputRequired, total=False):
    """A configuration property that fills `{name}` in a host template."""

    #: Used where the configuration says nothing.
    default: str


#: What the value of a host input may be.
InputKind = Literal["label", "host_name", "origin"]


class Scope(TypedDict):
    """A named set of wire rules. What no granted scope covers never leaves the host."""

    #: For instance `invoices:read`.
    name: str
    #: What it lets the connector do, for the person who grants it.
    title: str
    #: The requests that it covers.
    rules: list[Rule]


class _RuleRequired(TypedDict):
    #: An exact token, upper-case.
    method: str
    #: A path template: `/v1/invoices/{id}` matches one segment, `/files/{path...}` one or more.
    path: str


class Rule(_RuleRequired, total=False):
    """One kind of request."""

    #: One of the manifest's `hosts`, word for word; absent: any of them.
    host: str
    #: How many requests of the `rate` it counts for; one unless given.
    cost: int


class _ActionRequired(TypedDict):
    #: The name that `run` receives.
    name: str
    #: For people; one line.
    title: str
    #: Whether it changes the remote.
    effect: Effect
    #: JSON Schema of one input's body.
    input: Any
    #: JSON Schema of one output.
    output: Any


class Action(_ActionRequired, total=False):
    """Something that a connector does, on a batch of inputs."""

    #: The scopes that it needs.
    scopes: list[str]
    #: How the remote recognises a repeated attempt, if it can.
    idempotency: Idempotency
    #: Inputs with the outputs that they may give.
    examples: list[Example]


#: Whether an action changes the remote.
Effect = Literal["read", "write"]


class Idempotency(TypedDict, total=False):
    """How a remote recognises a repeated attempt: by a header or by a query parameter, one of the two.
    A write that does not carry the key there counts as one that cannot be repeated."""

    #: The request header that carries the key, for instance `Idempotency-Key`.
    header: str
    #: The query parameter that carries it, for instance `requestid`.
    query: str


class _AnswerRuleRequired(TypedDict):
    #: What it means.
    means: Meaning


class AnswerRule(_AnswerRuleRequired, total=False):
    """What an answer means that says more in its headers or its body than in its status. All conditions
    hold together, and there is at least one."""

    #: The status is one of these; empty: any.
    status: list[int]
    #: These headers have these values.
    headers: list[HeaderIs]
    #: These places of the body, which is JSON of at most 64 KiB, have these values.
    body: list[BodyIs]
    #: The least time to wait, in milliseconds, where the answer itself does not say how long.
    wait_ms: int


#: What an answer means for the one who asked.
Meaning = Literal["rate_limited", "auth", "not_processed", "transient", "conflict", "done", "permanent"]


class HeaderIs(TypedDict):
    """A header has this value, letters of any case."""

    #: The header's name.
    name: str
    #: The whole value.
    equals: str


class BodyIs(TypedDict):
    """A place of the body has this value."""

    #: A JSON pointer (RFC 6901), for instance `/errors/0/code`; the segment `*` is any item of a
    #: list.
    pointer: str
    #: A text, a whole number or a truth value.
    equals: Any


class Example(TypedDict):
    """An input and an output that it may give."""

    #: Valid against the action's input schema.
    input: Any
    #: Valid against the action's output schema.
    output: Any


class _TriggerRequired(TypedDict):
    #: The name that `poll` or `receive` receives.
    name: str
    #: For people; one line.
    title: str
    #: How records arrive.
    kind: TriggerKind
    #: JSON Schema of one record's body.
    record: Any


class Trigger(_TriggerRequired, total=False):
    """Something that brings records."""

    #: The scopes that it needs.
    scopes: list[str]


class TriggerKindWebhook(TypedDict):
    """The system sends; `receive` makes records of what it sent."""

    webhook: Webhook


class Rate(TypedDict):
    """How fast a system may be called."""

    #: Sustained requests per second.
    per_second: int
    #: Requests that may go at once after a pause.
    burst: int


class _WebhookRequired(TypedDict):
    #: How a request is signed.
    scheme: WebhookScheme


class Webhook(_WebhookRequired, total=False):
    """What arrives at a webhook trigger. The host verifies the signature before the connector is
    started."""

    #: Headers that `receive` wants to see besides those that the scheme names, for instance
    #: `X-Shop-Region`.
    headers: list[str]


class WebhookSchemeStandardWebhooks(TypedDict):
    """Standard Webhooks, and Svix, which it came from: `webhook-id`, `webhook-timestamp`, `webhook-
    signature`."""

    kind: Literal["standard_webhooks"]


class WebhookSchemeStripe(TypedDict):
    """`Stripe-Signature: t=...,v1=...`."""

    kind: Literal["stripe"]


class WebhookSchemeGithub(TypedDict):
    """`X-Hub-Signature-256: sha256=...`."""

    kind: Literal["github"]


class WebhookSchemeSlack(TypedDict):
    """`X-Slack-Signature: v0=...`; the host answers `url_verification` by itself."""

    kind: Literal["slack"]


class WebhookSchemeShopify(TypedDict):
    """`X-Shopify-Hmac-Sha256`."""

    kind: Literal["shopify"]


class WebhookSchemeHubspot(TypedDict):
    """`X-HubSpot-Signature-v3`, over the method, the public URL and the body."""

    kind: Literal["hubspot"]


class WebhookSchemeQuickbooks(TypedDict):
    """`intuit-signature`."""

    kind: Literal["quickbooks"]


class _HmacWebhookRequired(TypedDict):
    #: The header that carries the signature.
    header: str


class HmacWebhook(_HmacWebhookRequired, total=False):
    """A keyed digest in a header, over a text that the scheme describes."""

    #: Text before the signature, for instance `sha256=`.
    prefix: str
    #: The digest.
    algorithm: WebhookAlgorithm
    #: How the signature is written.
    encoding: WebhookEncoding
    #: What is signed: text with `{body}`, and `{timestamp}`, `{method}` or `{uri}` where the sender
    #: signs them too.
    signed: str
    #: Where the time of the request stands. Without one, only the memory of past events stops a
    #: repetition.
    timestamp: WebhookTimestamp
    #: Where the sender's own name of the event stands.
    event_id: WebhookEventId


#: The digest under a signature.
WebhookAlgorithm = Literal["sha256", "sha512"]


#: How a signature is written.
WebhookEncoding = Literal["hex", "base64"]


class _WebhookTimestampRequired(TypedDict):
    #: Its name.
    header: str


class WebhookTimestamp(_WebhookTimestampRequired, total=False):
    """The header with the time at which a request was sent."""

    #: What its number counts.
    unit: WebhookTimeUnit


#: What the number of a timestamp counts, since 1970.
WebhookTimeUnit = Literal["seconds", "milliseconds"]


class WebhookEventIdHeader(TypedDict):
    """A header."""

    header: str


class WebhookEventIdPointer(TypedDict):
    """A place in the JSON body, as a JSON pointer (RFC 6901)."""

    pointer: str


class _Oauth2Required(TypedDict):
    #: Which of the ways.
    grant: Oauth2Grant
    #: Where tokens are had.
    token_url: str


class Oauth2(_Oauth2Required, total=False):
    """How a profile gets its tokens. The host does all of it; a connector sees neither token nor client
    secret. URLs begin like one of the manifest's `hosts`, word for word, and go on with a path:
    `https://{shop}.example.com/oauth/token`. Texts may use a property of the configuration in
    braces, `{username}`, and the client's id, `{client_id}`."""

    #: Where a person consents; for `authorization_code` only. Its host need not be in `hosts`: the
    #: browser goes there.
    authorize_url: str
    #: Where a token is given back (RFC 7009), if anywhere.
    revoke_url: str
    #: The provider's own name, compared with `iss` in the callback (RFC 9207).
    issuer: str
    #: How the client proves itself at the token endpoint.
    client_auth: ClientAuth
    #: Leaves PKCE out, for a provider that refuses it.
    disable_pkce: bool
    #: For each scope of the manifest, what the provider calls it. Only those of granted scopes are
    #: asked for.
    scopes: dict[str, list[str]]
    #: Always asked for, for instance `offline_access`.
    base_scopes: list[str]
    #: Stands between two scopes; a space unless given.
    scope_separator: str
    #: Added to the URL of the consent.
    authorize_params: dict[str, str]
    #: Added to every request for tokens.
    token_params: dict[str, str]
    #: Parameters of the callback, each with the property of the configuration that it is saved as.
    save_callback: dict[str, str]
    #: Members of the token's answer, each with the property of the configuration that it is saved
    #: as.
    save_token: dict[str, str]
    #: What is signed, for `jwt_bearer` and for `private_key_jwt`.
    assertion: Assertion
    #: How the first token is turned into the second, for `token_exchange`.
    exchange: TokenExchange
    #: How long before its end a token is renewed; the smaller of 5 minutes and a quarter of its
    #: life unless given.
    refresh_margin_s: int
    #: How long a token lives where the answer does not say.
    lifetime_s: int
    #: A token that nobody used is renewed after so many hours, so that the provider does not forget
    #: it; 0 for never.
    keep_alive_hours: int
    #: Statuses that say that the token is no longer good; 401 unless given.
    auth_error_statuses: list[int]
    #: A regular expression over the body that says the same, for a provider that says it with
    #: another status.
    detect_on: str
    #: The header that carries the access token; `authorization` unless given.
    header: str
    #: What stands before the token in it; `Bearer ` unless given.
    prefix: str


#: The ways to a token.
Oauth2Grant = Literal["authorization_code", "client_credentials", "jwt_bearer", "token_exchange"]


#: How a client proves itself at the token endpoint.
ClientAuth = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]


class _AssertionRequired(TypedDict):
    #: How it is signed.
    alg: AssertionAlg


class Assertion(_AssertionRequired, total=False):
    """What the host signs with the profile's private key. The texts may use the configuration."""

    #: Who says it; the client's id unless given.
    iss: str
    #: Whom it is about; the client's id unless given.
    sub: str
    #: Whom it is for; the URL of the token endpoint unless given.
    aud: str
    #: Which key signed it.
    kid: str
    #: How long it is good for; 180 seconds unless given.
    lifetime_s: int


#: How an assertion is signed.
AssertionAlg = Literal["RS256", "PS256", "ES256"]


class TokenExchange(TypedDict, total=False):
    """A request that turns the stored credential into a token. Its values may use `{credential}`,
    besides the configuration."""

    #: A form or JSON.
    encoding: BodyEncoding
    #: The members of the body. RFC 8693 where it is left out: the credential is the subject token.
    body: dict[str, str]
    #: What kind of token the credential is (RFC 8693).
    subject_token_type: str
    #: What kind of token is wanted (RFC 8693).
    requested_token_type: str
    #: The member of the answer that holds the token; `access_token` unless given.
    token_member: str


#: How a body is written.
BodyEncoding = Literal["form", "json"]


class AuthSchemeOauth2(Oauth2):
    """Tokens that the host gets and renews (RFC 6749)."""

    kind: Literal["oauth2"]


class WebhookSchemeHmac(HmacWebhook):
    """Any other keyed digest in a header."""

    kind: Literal["hmac"]


#: One way to authenticate. The host applies it; a connector never sees the credential.
AuthScheme = Union[AuthSchemeApiKey, AuthSchemeBasic, AuthSchemeBearer, AuthSchemeOauth2, AuthSchemeAwsSigv4, AuthSchemeOauth1]


#: How records arrive. In JSON `"poll"`, or `{"webhook": {"scheme": {"kind": "stripe"}}}`.
TriggerKind = Union[Literal["poll"], TriggerKindWebhook]


#: How a request is signed. All of them prove that the sender knows the hook's secret.
WebhookScheme = Union[WebhookSchemeStandardWebhooks, WebhookSchemeStripe, WebhookSchemeGithub, WebhookSchemeSlack, WebhookSchemeShopify, WebhookSchemeHubspot, WebhookSchemeQuickbooks, WebhookSchemeHmac]


#: Where the sender's own name of an event stands: the same for every attempt to send it.
WebhookEventId = Union[WebhookEventIdHeader, WebhookEventIdPointer]
