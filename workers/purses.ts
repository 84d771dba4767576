/** What keys and tokens of the doors ask of this Worker: the record, the accounts, the wallet. */
import { systemClock } from '../src/clock.ts';
import { type KeyAccounts, KeyRing } from '../src/door/keys.ts';
import { Purses } from '../src/door/purses.ts';
import type { AccountPorts } from '../src/http/ports.ts';
import { ACCOUNT_KEYS_SHOWN } from '../src/limits.ts';
import { deriveSecret, purseKeys } from '../src/nostr/keys.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { statementJson } from '../src/payment/account/statement.ts';
import { msatsSchema } from '../src/payment/msats.ts';
import { operatorWallet } from '../src/payment/operator-wallet.ts';
import { toPlain } from '../src/payment/wallet-json.ts';
import { openDb } from '../src/store/db.ts';
import {
  insertKey,
  keyBySecretHash,
  keyOfOwner,
  keysOfOwner,
  noteUse,
  openKeys,
  revokeKey,
} from '../src/store/door-keys.ts';
import { isBlocked } from './blocked.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { walletOf } from './wallet.ts';

/** The API keys of this deployment. */
export function keyRing(env: Env): KeyRing {
  const db = openDb(env.DB);
  const { masterSecret } = marketplaceOf(env).config;
  const now_s = () => Math.floor(systemClock() / 1_000);
  return new KeyRing({
    now: systemClock,
    random: secureRandom,
    clientOf: (id) => purseKeys(masterSecret, id).publicKey,
    accounts: keyAccounts(env),
    record: {
      insert: (key, hash) => insertKey(db, key, hash),
      find: (owner, id) => keyOfOwner(db, owner, id),
      list: (owner) => keysOfOwner(db, owner, ACCOUNT_KEYS_SHOWN),
      open: (owner) => openKeys(db, owner),
      revoke: (id) => revokeKey(db, id, now_s()),
    },
  });
}

function keyAccounts(env: Env): KeyAccounts {
  const account = (client: string) => env.ACCOUNT.getByName(client);
  return {
    openPurse: (client) => account(client).openPurse(),
    async move(id, from, to, amount) {
      const result = await account(from).moveCredit(id, to, amount.toString());
      // Told again when the books are; by now, whoever asked would find nothing there.
      if (result === 'posted' || result === 'repeated')
        await account(to).arrive(`move:${id}`, amount.toString());
      return result;
    },
    closePurse: (client, owner) => account(client).closePurse(owner),
    statement: async (client) => statementJson.parse(await account(client).statement()),
  };
}

/** The purses of this deployment. */
export function pursesOf(env: Env, accounts: Pick<AccountPorts, 'invoice'>): Purses {
  const { config } = marketplaceOf(env);
  const db = openDb(env.DB);
  return new Purses({
    now: systemClock,
    random: secureRandom,
    location: config.publicUrl,
    purseKeys: (id) => purseKeys(config.masterSecret, id),
    rootKey: (identifier) => deriveSecret(config.masterSecret, `l402:${identifier}`),
    async keyBySecretHash(hash) {
      const key = await keyBySecretHash(db, hash);
      if (key !== undefined) await noteUse(db, key, Math.floor(systemClock() / 1_000));
      return key;
    },
    isBlocked: (owner) => isBlocked(env, owner),
    openPurse: (client) => env.ACCOUNT.getByName(client).openPurse(),
    credit: async (client) => msatsSchema.parse(await env.ACCOUNT.getByName(client).credit()),
    invoice: operatorWallet(config) === null ? null : (client, amount) => accounts.invoice(client, amount),
    async settle(client, paymentHash) {
      const answer = await walletOf(env).lookup(paymentHash, 'incoming');
      if (answer.type === 'ok' && answer.value !== null)
        await env.ACCOUNT.getByName(client).walletChanged('topup', toPlain(answer.value));
    },
  });
}
