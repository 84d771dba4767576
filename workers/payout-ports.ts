/** An account's ways to pay out: the operator's wallet, strangers' LNURL endpoints, and its own books. */
import { LNURL_MAX_ANSWER_BYTES } from '../src/limits.ts';
import { resolver } from '../src/net/resolver.ts';
import { safeFetch } from '../src/net/safe-fetch.ts';
import { toHex } from '../src/nostr/hex.ts';
import { secureRandom } from '../src/nostr/random.ts';
import type { PayoutPorts } from '../src/payment/account/payout-ports.ts';
import type { TailPorts } from '../src/payment/account/tail.ts';
import { lnurlPayee } from '../src/payment/lnurl/payee.ts';
import { configOf, type Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { walletOf } from './wallet.ts';

/** Of a payout's name, bytes. */
const ID_BYTES = 16;

/** @param post posts to the books of this account */
export function payoutPorts(env: Env, ports: TailPorts, post: PayoutPorts['post']): PayoutPorts {
  const { local, publicUrl } = configOf(env);
  // Under `npm start` everything shares the loopback address, so there is no own host to keep apart.
  const guard = { allowPrivate: local, ownHosts: local ? [] : [new URL(publicUrl).hostname] };
  return {
    ...ports,
    wallet: walletOf(env),
    network: local ? 'regtest' : 'mainnet',
    bind: (paymentHash, purpose) => env.WALLET.getByName('main').bind(paymentHash, purpose),
    payee: lnurlPayee({
      guard,
      async read(url) {
        const fetched = await safeFetch(url, {
          ...guard,
          fetch: (input, init) => fetch(input, init),
          resolve: resolver(),
          maxBytes: LNURL_MAX_ANSWER_BYTES,
        });
        return fetched.text;
      },
    }),
    post,
    newId: () => toHex(secureRandom(ID_BYTES)),
    fault: (point, about) => faultPoint(env, point, about),
  };
}
