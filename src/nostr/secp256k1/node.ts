/** The libsecp256k1 module under Node (scripts and unit tests): read from the package and compiled once. */
import { readFileSync } from 'node:fs';

const file = new URL('../../../node_modules/tiny-secp256k1/lib/secp256k1.wasm', import.meta.url);
const module: WebAssembly.Module = new WebAssembly.Module(readFileSync(file));

export default module;
