/** What drives an engine, as one text: its part of an executor's version. */
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Language } from '../../src/sandbox/port.ts';
import { ROOT } from '../local/state.ts';

/**
 * The engine's own source with its harness and the limits it uses, without comments and names: neither of them changes
 * what a program does. Packages are left out, but for what the build makes of them.
 *
 * @param root of the checkout
 */
export async function driverOf(language: Language, root = ROOT): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'src', 'sandbox', language, 'engine.ts')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    legalComments: 'none',
    packages: 'external',
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error(`nothing drives ${language}`);
  return bundle.contents;
}
