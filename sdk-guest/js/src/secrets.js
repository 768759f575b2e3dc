// The profile's secrets, as handles. The bytes stay in the host: nothing here reveals them.

import { bytes } from './bytes.js';
import { Denied } from './errors.js';
import { host } from './host.js';

class Secret {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  hmac(algorithm, data) {
    return bytes(orDenied(() => this.#handle.hmac(algorithm, bytes(data))));
  }

  fingerprint() {
    return orDenied(() => this.#handle.fingerprint());
  }
}

export function open(name) {
  return new Secret(orDenied(() => host.secrets.open(name)));
}

function orDenied(ask) {
  try {
    return ask();
  } catch (error) {
    if (error?.payload?.gate !== undefined) throw new Denied(error.payload);
    throw error;
  }
}
