/** A bunker (NIP-46) on a relay, for tests: it holds a key and signs whatever its one client asks for. By nostr-tools. */

import * as nip44 from 'nostr-tools/nip44';
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import { Relay } from 'nostr-tools/relay';
import * as z from 'zod';

const KIND = 24_133;
const request = z.object({ id: z.string(), method: z.string(), params: z.array(z.string()) });
const template = z.object({
  kind: z.number(),
  created_at: z.number(),
  tags: z.array(z.array(z.string())),
  content: z.string(),
});

export interface Bunker {
  readonly uri: string;
  readonly pubkey: string;
  /** Methods it was asked for, in order. */
  readonly asked: readonly string[];
  close(): void;
}

/** @param secretKey what it signs with. @param secret what a client has to bring */
export async function startBunker(url: string, secretKey: Uint8Array, secret: string): Promise<Bunker> {
  const relay = await Relay.connect(url);
  const pubkey = getPublicKey(secretKey);
  const asked: string[] = [];
  const admitted = new Set<string>();
  const answer = (client: string, method: string, params: readonly string[]): string => {
    if (method === 'connect') {
      // A secret counts once (NIP-46).
      if (params[1] !== secret || admitted.size > 0) throw new Error('wrong secret');
      admitted.add(client);
      return 'ack';
    }
    if (!admitted.has(client)) throw new Error('connect first');
    const [first = '', text = ''] = params;
    const key = () => nip44.getConversationKey(secretKey, first);
    switch (method) {
      case 'get_public_key':
        return pubkey;
      case 'sign_event':
        return JSON.stringify(finalizeEvent(template.parse(JSON.parse(first)), secretKey));
      case 'nip44_encrypt':
        return nip44.encrypt(text, key());
      case 'nip44_decrypt':
        return nip44.decrypt(text, key());
      default:
        throw new Error(`no ${method} here`);
    }
  };
  relay.subscribe([{ kinds: [KIND], '#p': [pubkey] }], {
    onevent: (event) => {
      const key = nip44.getConversationKey(secretKey, event.pubkey);
      const { id, method, params } = request.parse(JSON.parse(nip44.decrypt(event.content, key)));
      asked.push(method);
      let said: object;
      try {
        said = { id, result: answer(event.pubkey, method, params) };
      } catch (error) {
        said = { id, error: String(error) };
      }
      const content = nip44.encrypt(JSON.stringify(said), key);
      const created_at = Math.floor(Date.now() / 1_000);
      const reply = finalizeEvent(
        { kind: KIND, created_at, tags: [['p', event.pubkey]], content },
        secretKey,
      );
      relay.publish(reply).catch((error: unknown) => asked.push(String(error)));
    },
  });
  const uri = `bunker://${pubkey}?relay=${encodeURIComponent(url)}&secret=${secret}`;
  return { uri, pubkey, asked, close: () => relay.close() };
}
