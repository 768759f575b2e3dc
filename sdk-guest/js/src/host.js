// The interfaces of the host. The entry that `lockgate build` writes installs the real ones; under Node there are none,
// and a test puts its own in their place.

const nowhere = {
  http: {
    send() {
      throw { payload: nobody() };
    },
    sendAll(requests) {
      return requests.map(() => ({ tag: 'err', val: nobody() }));
    },
  },
  logging: { log() {} },
  profile: { config: () => '{}', scopes: () => [] },
  secrets: {
    open(name) {
      const reason = `no profile holds ${JSON.stringify(name)} outside a host`;
      throw { payload: { gate: 'secrets', reason, remedy: 'call it as a component' } };
    },
  },
};

function nobody() {
  const message = 'there is no network outside a host: use `http.withTransport`';
  return { tag: 'failed', val: { kind: 'other', sent: false, message } };
}

/** What is there now. */
export const host = { ...nowhere };

/** Puts these interfaces in place of those of the same name, and gives back what undoes it. */
export function install(interfaces) {
  const former = { ...host };
  Object.assign(host, interfaces);
  return () => Object.assign(host, former);
}

/** Runs `body` with these interfaces; it may be async. */
export async function installed(interfaces, body) {
  const undo = install(interfaces);
  try {
    return await body();
  } finally {
    undo();
  }
}
