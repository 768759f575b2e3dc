// Lines in the tenant's log. The host stamps time, connector and run; it bounds count and size.

import { host } from './host.js';

export function log(level, message, fields = {}) {
  host.logging.log(level, String(message), Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

export const debug = (message, fields) => log('debug', message, fields);
export const info = (message, fields) => log('info', message, fields);
export const warn = (message, fields) => log('warn', message, fields);
export const error = (message, fields) => log('error', message, fields);
