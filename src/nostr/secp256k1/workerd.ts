/** The libsecp256k1 module as workerd wants it: imported, never compiled from bytes at run time. */
import module from './secp256k1.wasm';

export default module;
