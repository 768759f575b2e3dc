// build.mjs TOOLCHAIN WIT TARGET: a component whose engine keeps its `fetch`.

import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [toolchain, wit, target] = process.argv.slice(2);
const componentize = join(resolve(toolchain), 'node_modules/@bytecodealliance/componentize-js/src/componentize.js');
const { componentize: build } = await import(pathToFileURL(componentize));
const { component } = await build({
  sourcePath: join(dirname(fileURLToPath(import.meta.url)), 'connector.js'),
  witPath: resolve(wit),
  worldName: 'connector-component',
  disableFeatures: ['fetch-event'],
});
await writeFile(target, component);
