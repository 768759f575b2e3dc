// Lines in the tenant's log. The host stamps time, connector and run; it bounds count and size.

export type Level = 'debug' | 'info' | 'warn' | 'error';
type Fields = Record<string, unknown>;

/** Writes one line, with fields that can be searched for. */
export function log(level: Level, message: string, fields?: Fields): void;
export function debug(message: string, fields?: Fields): void;
export function info(message: string, fields?: Fields): void;
export function warn(message: string, fields?: Fields): void;
export function error(message: string, fields?: Fields): void;
