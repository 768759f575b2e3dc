#!/usr/bin/env node
// Makes a component of a connector: bundles it with the SDK, and lets componentize-js put it beside an engine.
//
//     lockgate-componentize src/connector.js dist/hello.wasm [--wit DIR] [--toolchain DIR]
//
// The toolchain is what npm put into `node_modules` of the project, or of the folder that is named.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const SDK = dirname(fileURLToPath(import.meta.url));
const PACKAGE = 'lockgate:connector';
const VERSION = '0.1.0';
const COMPONENTIZE = 'node_modules/@bytecodealliance/componentize-js/src/componentize.js';
// What is left is inert in a host: the clock, random bytes, and the console, whose lines go into the log. Without them
// the time and the random numbers of the build would be those of every call.
const DISABLED = ['http', 'fetch-event'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { wit: { type: 'string' }, toolchain: { type: 'string', default: '.' } },
});
const [source, target] = positionals;
if (target === undefined) stop('usage: lockgate-componentize SOURCE TARGET [--wit DIR] [--toolchain DIR]');
if (!existsSync(source)) stop(`there is no ${source}`);
const wit = values.wit ?? [join(SDK, 'wit'), join(SDK, '../../wit/v0')].find(existsSync);

const modules = ancestors(resolve(values.toolchain)).find((folder) => existsSync(join(folder, COMPONENTIZE)));
if (modules === undefined) stop('componentize-js is not installed; install what package.json names: npm install');
const { componentize } = await import(pathToFileURL(join(modules, COMPONENTIZE)));
const { build } = createRequire(join(modules, 'package.json'))('esbuild');

const entry = `
${['http', 'logging', 'profile', 'secrets'].map((it) => `import * as ${it} from '${PACKAGE}/${it}@${VERSION}';`).join('\n')}
import { fetch } from ${JSON.stringify(join(SDK, 'src/fetch.js'))};
import { install } from ${JSON.stringify(join(SDK, 'src/host.js'))};
install({ http, logging, profile, secrets });
// The engine's own would want an interface that a host does not have.
globalThis.fetch = fetch;
export { connector } from ${JSON.stringify(resolve(source))};
`;

await mkdir(dirname(resolve(target)), { recursive: true });
const folder = await mkdtemp(join(dirname(resolve(target)), '.build-'));
try {
  const bundle = join(folder, 'bundle.js');
  await build({
    stdin: { contents: entry, resolveDir: process.cwd(), sourcefile: 'entry.js' },
    outfile: bundle,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    alias: { '@lockgate/sdk': join(SDK, 'src/index.js') },
    external: [`${PACKAGE}/*`],
    logLevel: 'error',
  });
  const { component } = await componentize({
    sourcePath: bundle,
    witPath: resolve(wit),
    worldName: 'connector-component',
    disableFeatures: DISABLED,
  });
  await writeFile(target, component);
} catch (error) {
  // esbuild has said what is wrong, with file and line.
  if (!Array.isArray(error?.errors)) console.error(String(error?.message ?? error));
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function ancestors(folder) {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestors(above)];
}

function stop(message) {
  console.error(message);
  process.exit(2);
}
