// The settings of the profile that this call works for, and nothing of any other.

import { Permanent } from './errors.js';
import { host, installed } from './host.js';

export function config() {
  try {
    return JSON.parse(host.profile.config());
  } catch (error) {
    throw new Permanent(`cannot read the profile's configuration: ${error.message}`);
  }
}

export function scopes() {
  return host.profile.scopes();
}

/** Runs `body` with these settings in place of a profile's. Under Node only, for tests. */
export function withProfile({ config = {}, scopes = [] }, body) {
  return installed({ profile: { config: () => JSON.stringify(config), scopes: () => [...scopes] } }, body);
}
