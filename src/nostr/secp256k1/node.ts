/** The libsecp256k1 module under Node (scripts and unit tests), compiled once. */
import { readFileSync } from 'node:fs';

const module: WebAssembly.Module = new WebAssembly.Module(
  readFileSync(new URL('./secp256k1.wasm', import.meta.url)),
);

export default module;
