/** Doors of a marketplace that has no purses: for tests that are about something else, also in workerd. */
import { KeyRing } from '../../src/door/keys.ts';
import { Purses } from '../../src/door/purses.ts';
import { purseKeys } from '../../src/nostr/keys.ts';
import { msats } from '../../src/payment/msats.ts';
import { doorWorld } from './door-world.ts';

const MASTER = '22'.repeat(32);

export function noPurses() {
  const nothing = async () => undefined;
  const none = async () => msats(0);
  const common = { now: () => 0, random: (length: number) => new Uint8Array(length) };
  const statement = { credit: msats(0), owing: msats(0), setAside: msats(0), refunds: [] };
  return {
    door: doorWorld().door,
    purses: new Purses({
      ...common,
      location: 'https://market.example',
      purseKeys: (id) => purseKeys(MASTER, id),
      rootKey: () => new Uint8Array(32),
      keyBySecretHash: nothing,
      isBlocked: async () => false,
      openPurse: nothing,
      credit: none,
      invoice: null,
      settle: nothing,
    }),
    keyRing: new KeyRing({
      ...common,
      clientOf: (id) => purseKeys(MASTER, id).publicKey,
      record: {
        insert: nothing,
        find: nothing,
        list: async () => [],
        open: async () => 0,
        revoke: nothing,
      },
      accounts: {
        openPurse: nothing,
        move: async () => 'posted',
        closePurse: nothing,
        statement: async () => statement,
      },
    }),
  };
}
