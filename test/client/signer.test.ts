/**
 * Goal: whoever signs elsewhere is not believed: only what was asked to be signed, by the one key, goes on.
 * Method: honest and dishonest signers behind the same port.
 * Not proved: real extensions and bunkers; the pages' tests have an extension, test/e2e/cli.test.ts a bunker.
 */
import { describe, expect, test } from 'vitest';
import { checkedSigner, extensionSigner, keySigner, type RemoteSigner } from '../../src/client/signer.ts';
import { signAs } from '../../src/nostr/event.ts';
import { person } from '../support/events.ts';

const alice = person('alice');
const mallory = person('mallory');
const template = { kind: 1, created_at: 1_800_000_000, tags: [['t', 'x']], content: 'hello' };

const honest: RemoteSigner = {
  getPublicKey: async () => alice.publicKey,
  signEvent: async (asked) => structuredClone(signAs(asked, alice)),
  nip44Encrypt: async (peer, text) => await keySigner(alice).nip44Encrypt(peer, text),
  nip44Decrypt: async (peer, text) => await keySigner(alice).nip44Decrypt(peer, text),
};

test('a key signs, encrypts and opens what the other side encrypted', async () => {
  const event = await keySigner(alice).signEvent(template);
  expect(event).toMatchObject({ pubkey: alice.publicKey, ...template });
  const sealed = await keySigner(alice).nip44Encrypt(mallory.publicKey, 'for you');
  expect(await keySigner(mallory).nip44Decrypt(alice.publicKey, sealed)).toBe('for you');
});

describe('a signer elsewhere', () => {
  test('is asked once who it is, and its signature is what it says', async () => {
    let asked = 0;
    const signer = checkedSigner({
      ...honest,
      getPublicKey: async () => {
        asked++;
        return alice.publicKey;
      },
    });
    expect(await signer.signEvent(template)).toMatchObject(template);
    expect(await signer.getPublicKey()).toBe(alice.publicKey);
    expect(asked).toBe(1);
  });

  test.each<[string, RemoteSigner['signEvent'], RegExp]>([
    ['another key', async (asked) => signAs(asked, mallory), /something else/],
    ['another text', async (asked) => signAs({ ...asked, content: 'pay' }, alice), /something else/],
    ['more tags', async (asked) => signAs({ ...asked, tags: [['p', 'x']] }, alice), /something else/],
    [
      'a forged signature',
      async (asked) => ({ ...signAs(asked, alice), sig: signAs(asked, mallory).sig }),
      /bad signature/,
    ],
    ['no event', async () => 'no', /no event/],
    ['a refusal', () => Promise.reject(new Error('rejected by the person')), /rejected by the person/],
  ])('that gives %s is a failure of the signer', async (_, signEvent, said) => {
    const signing = checkedSigner({ ...honest, signEvent }).signEvent(template);
    await expect(signing).rejects.toMatchObject({ code: 'SIGNER', message: expect.stringMatching(said) });
  });

  test('that names no key is none', async () => {
    const signer = checkedSigner({ ...honest, getPublicKey: async () => 'npub1x' });
    await expect(signer.getPublicKey()).rejects.toMatchObject({ code: 'SIGNER' });
  });
});

test('an extension without NIP-44 signs, and says what is missing when it is to encrypt', async () => {
  const signer = extensionSigner({
    getPublicKey: () => honest.getPublicKey(),
    signEvent: (asked) => honest.signEvent(asked),
  });
  expect(await signer.signEvent(template)).toMatchObject(template);
  await expect(signer.nip44Encrypt(mallory.publicKey, 'x')).rejects.toMatchObject({
    code: 'SIGNER',
    message: expect.stringContaining('cannot encrypt'),
  });
});
