/** Changes to Pyodide's own JavaScript, so that it loads in a plain Worker, and leaves the same memory every time. */
import { SANDBOX_NOW_MS } from '../../src/limits.ts';

/** Compiles a tiny module at run time, which a Worker may not; nothing of what we run needs it. */
const COMPILES = /var convertJsFunctionToWasm=\(func,sig\)=>\{[\s\S]*?return wrappedFunc\};/;

/** Copies a snapshot into the memory; ours knows how without having it in one piece. */
const FILLS = 'return Module.HEAP8.set(t),l}';

/** @throws Error where the package is not the one this was written for */
export function patchGlue(name: string, source: string): string {
  let patched = source;
  if (name === 'pyodide.asm.mjs') {
    if (!COMPILES.test(source))
      throw new Error('convertJsFunctionToWasm is not where it was in pyodide.asm.mjs');
    if (source.split(FILLS).length !== 2)
      throw new Error('restoreSnapshot does not fill the memory as it did in pyodide.asm.mjs');
    patched = source
      .replace(COMPILES, 'var convertJsFunctionToWasm=()=>wasmExports.__trap;')
      .replace(FILLS, 'return API.config._fillMemory(Module.HEAP8),l}');
  }
  // Its file system stamps every file, and CPython remembers when it saw which.
  const date = `Date=class extends globalThis.Date{constructor(...given){super(...(given.length>0?given:[${SANDBOX_NOW_MS}]))}static now(){return ${SANDBOX_NOW_MS}}}`;
  // Wherever it runs, it shall believe that it is in a Worker: with Node's layer in sight it would look for files.
  return `var process,navigator={userAgent:'Cloudflare-Workers'},${date};${patched.replaceAll('globalThis.process', '(void 0)').replace(/^\/\/# sourceMappingURL=.*$/m, '')}`;
}
