/** Bundles the command line into one file for Node 20 and later: `npm pack` does, and so do its tests. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Where the published package has it. */
export const BUNDLE = join(ROOT, 'dist', 'cli', 'errand.mjs');

/** @param outfile where it goes */
export async function buildCli(outfile = BUNDLE): Promise<string> {
  await build({
    entryPoints: [join(ROOT, 'cli', 'bundled.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Plain JavaScript for hashes and curve: no file of WASM has to lie beside it.
    conditions: ['portable'],
    minify: true,
    keepNames: true,
    legalComments: 'linked',
    // Packages in CommonJS ask for Node's modules by `require`.
    banner: {
      js: "import { createRequire as errandRequire } from 'node:module'; const require = errandRequire(import.meta.url);",
    },
    // `ws` is faster with these, and looks whether they are there.
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'error',
  });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${await buildCli()}\n`);
