/**
 * Goal: the encryption of PROTOCOL §5 works in workerd, whose node:crypto and WASM are not Node's.
 * Method: a request in every cipher by nostr-tools, opened and answered by us, the answer read by nostr-tools.
 */
import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import * as nip59 from 'nostr-tools/nip59';
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import { expect, test } from 'vitest';
import { parseEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import { openerFor, openRequest, seal } from '../../src/protocol/sealing.ts';

const kinds = DEFAULT_AGENT_KINDS;
const client = new Uint8Array(32).fill(1);
const secretKey = new Uint8Array(32).fill(2);
const agent = { secretKey, publicKey: publicKeyOf(secretKey) };
const shared = nip44.getConversationKey(client, agent.publicKey);
const tags = JSON.stringify([['i', 'find this', 'text']]);
const request = (content: string) => ({
  kind: 5302,
  created_at: 1_800_000_000,
  tags: [['p', agent.publicKey], ['encrypted']],
  content,
});

test.each([
  ['nip44', () => finalizeEvent(request(nip44.encrypt(tags, shared)), client)],
  ['nip04', () => finalizeEvent(request(nip04.encrypt(client, agent.publicKey, tags)), client)],
  [
    'giftwrap',
    () => nip59.wrapEvent({ ...request(''), tags: [['i', 'find this', 'text']] }, client, agent.publicKey),
  ],
])('a request sealed by %s is read and answered in kind', (sealing, make) => {
  const event = parseEvent(JSON.parse(JSON.stringify(make())));
  if (typeof event === 'string') throw new Error(event);
  const opened = openRequest(event, agent, kinds);
  if (opened === null) throw new Error('not a request');
  expect(opened.envelope).toMatchObject({ sealing, client: getPublicKey(client) });
  const dialect = dialectNamed('nip90', kinds);
  const body = dialect.body(opened.event, opened.envelope, openerFor(agent, opened.envelope.client));
  expect(body.messages).toEqual([{ role: 'user', content: 'find this' }]);

  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const output = { content: 'found', finishReason: 'stop', model: 'discover', usage } as const;
  const cost = { input_tokens: 0, output_tokens: 0, price_msats: 0, breakdown: [] };
  const [template] = dialect.render({ type: 'result', output, cost, demand: null }, opened, 1_800_000_001);
  if (template === undefined) throw new Error('nothing was rendered');
  const answer = seal(template, opened, agent);
  const read = {
    nip44: () => nip44.decrypt(answer.content, shared),
    nip04: () => nip04.decrypt(client, agent.publicKey, answer.content),
    giftwrap: () => nip59.unwrapEvent(JSON.parse(JSON.stringify(answer)), client).content,
  }[sealing];
  expect(read?.()).toBe('found');
});
