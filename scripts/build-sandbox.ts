/** Builds what the sandbox Worker imports; wrangler runs it before it bundles that Worker (wrangler.sandbox.toml). */
import { buildSandbox } from './sandbox/build.ts';

const { javascript, python } = await buildSandbox();
process.stdout.write(`sandbox: ${javascript}, ${python}\n`);
