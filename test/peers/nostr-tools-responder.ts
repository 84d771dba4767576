/** The smallest NIP-90 responder one can write on nostr-tools alone: nothing is stored, nothing survives a restart. */
import { finalizeEvent } from 'nostr-tools/pure';
import { Relay, useWebSocketImplementation } from 'nostr-tools/relay';
import WebSocket from 'ws';
import { argument, ready, search } from './program.ts';

useWebSocketImplementation(WebSocket);
const { relay: url, secretKey, notes } = argument();
const relay = await Relay.connect(url);
const now = () => Math.floor(Date.now() / 1000);

relay.subscribe([{ kinds: [5300], since: now() }], {
  onevent(request) {
    const about = [
      ['e', request.id],
      ['p', request.pubkey],
    ];
    const processing = {
      kind: 7000,
      created_at: now(),
      tags: [['status', 'processing'], ...about],
      content: '',
    };
    const query = request.tags.find(([name]) => name === 'i')?.[1] ?? '';
    const tags = [
      ['request', JSON.stringify(request)],
      ...request.tags.filter(([name]) => name === 'i'),
      ...about,
    ];
    const result = { kind: 6300, created_at: now(), tags, content: search(notes, query) };
    Promise.all([
      relay.publish(finalizeEvent(processing, secretKey)),
      relay.publish(finalizeEvent(result, secretKey)),
    ]).catch((error: unknown) => process.stderr.write(`publish failed: ${String(error)}\n`));
  },
  oneose: ready,
});
