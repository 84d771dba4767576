/** LDK, a Lightning implementation nobody here wrote, as WASM: loaded from where its package is installed. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { initializeWasmFromBinary } from 'lightningdevkit';

export * from 'lightningdevkit';

let loaded: Promise<void> | undefined;

/** Loads the WASM once; nothing else of LDK may be called before. About 80 ms. */
export function loadLdk(): Promise<void> {
  const wasm = fileURLToPath(import.meta.resolve('lightningdevkit/liblightningjs.wasm'));
  loaded ??= initializeWasmFromBinary(readFileSync(wasm));
  return loaded;
}
