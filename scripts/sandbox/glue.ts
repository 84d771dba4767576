/** Two changes to Pyodide's own JavaScript, so that it loads in a plain Worker. */

/** Compiles a tiny module at run time, which a Worker may not; nothing of what we run needs it. */
const COMPILES = /var convertJsFunctionToWasm=\(func,sig\)=>\{[\s\S]*?return wrappedFunc\};/;

/** @throws Error where the package is not the one this was written for */
export function patchGlue(name: string, source: string): string {
  let patched = source;
  if (name === 'pyodide.asm.mjs') {
    if (!COMPILES.test(source))
      throw new Error('convertJsFunctionToWasm is not where it was in pyodide.asm.mjs');
    patched = source.replace(COMPILES, 'var convertJsFunctionToWasm=()=>wasmExports.__trap;');
  }
  // Wherever it runs, it shall believe that it is in a Worker: with Node's layer in sight it would look for files.
  return `var process,navigator={userAgent:'Cloudflare-Workers'};${patched.replaceAll('globalThis.process', '(void 0)').replace(/^\/\/# sourceMappingURL=.*$/m, '')}`;
}
