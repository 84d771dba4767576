/** libsecp256k1 as workerd loads it, through the same tests as under Node. */
import '../nostr/bip340.test.ts';
