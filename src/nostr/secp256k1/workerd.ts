/** The compiled libsecp256k1 module as workerd wants it: imported, never compiled from bytes at run time. */
// tiny-secp256k1 ships the file but its export map hides it, hence the path.
import module from '../../../node_modules/tiny-secp256k1/lib/secp256k1.wasm';

export default module;
