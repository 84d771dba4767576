#!/usr/bin/env node
/**
 * `npx errand`. In a clone it runs the sources by scripts/bootstrap.mjs, which installs what is missing and finds a Node
 * that runs TypeScript; the published package has them bundled for Node 20 and later (cli/build.ts).
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = new URL('../scripts/bootstrap.mjs', import.meta.url);
const bundle = new URL('../dist/cli/errand.mjs', import.meta.url);

if (existsSync(fileURLToPath(sources))) {
  process.argv.splice(2, 0, 'errand');
  await import(sources.href);
} else {
  await import(bundle.href);
}
