/** What QuickJS may ask of its host. */
import { SANDBOX_NOW_MS } from '../../limits.ts';

/** SHA-256 of the package's module, whose imports have the names below. With another one they have to be looked up anew. */
export const QUICKJS_SHA256 = '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232';

/**
 * The host's environment, zone and clock would lie in the guest's memory, and move what is put beside them: fuel would
 * differ between hosts. The names are those of this one build: environ_get, environ_sizes_get, tzset and
 * emscripten_date_now.
 */
export function withoutHost(imports: WebAssembly.Imports, memory: WebAssembly.Memory): WebAssembly.Imports {
  const sizes = (count: number, bytes: number): number => {
    for (const at of [count, bytes]) new DataView(memory.buffer).setUint32(at, 0, true);
    return 0;
  };
  return {
    ...imports,
    a: { ...imports.a, e: () => 0, f: sizes, n: () => undefined, p: () => SANDBOX_NOW_MS },
  };
}
