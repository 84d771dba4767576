/** `errand key`: the key you sign with. */
import * as nip19 from 'nostr-tools/nip19';
import { EXIT } from '../exit.ts';
import { makeKey } from '../keys.ts';
import { defaultKeyFile, KEY_FLAGS, OUTPUT_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';

export const keyNew: CommandSpec = {
  name: 'key new',
  summary: 'makes a key to sign with',
  usage: '[FILE]',
  arguments: [0, 1],
  about: `Makes a secret key and keeps it in a file that only you can read; by default where errand looks for it by itself. Who has the file has your jobs and your credit: keep a copy.`,
  flags: OUTPUT_FLAGS,
  examples: [['errand key new', 'once, before the first job']],
  async run({ args: [file], world }) {
    const path = file ?? defaultKeyFile(world.env);
    const { publicKey } = makeKey(path);
    world.screen.line({ type: 'key', pubkey: publicKey, npub: nip19.npubEncode(publicKey), file: path });
    world.screen.result(nip19.npubEncode(publicKey));
    world.screen.note(`its secret key is in ${path}`);
    return EXIT.done;
  },
};

export const keyShow: CommandSpec = {
  name: 'key show',
  summary: 'shows as whom you sign',
  usage: '',
  arguments: [0, 0],
  about: 'Shows your public key. The secret one is never printed.',
  flags: { ...KEY_FLAGS, ...OUTPUT_FLAGS },
  examples: [['errand key show', 'who am I?']],
  async run({ world }) {
    const pubkey = await (await world.signer()).getPublicKey();
    world.screen.line({ type: 'key', pubkey, npub: nip19.npubEncode(pubkey) });
    world.screen.result(nip19.npubEncode(pubkey));
    return EXIT.done;
  },
};
