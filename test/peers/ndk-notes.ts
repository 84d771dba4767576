/** What a user of NDK does with a relay: publish a note, and watch an author. */
import NDK, { NDKEvent, NDKPrivateKeySigner, NDKRelaySet } from '@nostr-dev-kit/ndk';

async function connected(relay: string, secret?: Uint8Array): Promise<NDK> {
  const ndk = new NDK({
    explicitRelayUrls: [relay],
    enableOutboxModel: false,
    ...(secret === undefined ? {} : { signer: new NDKPrivateKeySigner(Buffer.from(secret).toString('hex')) }),
  });
  await ndk.connect(5_000);
  return ndk;
}

function disconnect(ndk: NDK): void {
  for (const relay of ndk.pool.relays.values()) relay.disconnect();
}

/** Publishes a note and returns its id. @throws when no relay said OK */
export async function publishWithNdk(relay: string, secret: Uint8Array, content: string): Promise<string> {
  const ndk = await connected(relay, secret);
  const note = new NDKEvent(ndk, {
    kind: 1,
    content,
    tags: [],
    created_at: Math.floor(Date.now() / 1_000),
    pubkey: '',
  });
  await note.publish(NDKRelaySet.fromRelayUrls([relay], ndk), 5_000, 1);
  disconnect(ndk);
  return note.id;
}

/** Contents of an author's notes: those stored, then one that `meanwhile` causes. */
export async function watchWithNdk(
  relay: string,
  author: string,
  meanwhile: () => Promise<void>,
): Promise<string[]> {
  const ndk = await connected(relay);
  const contents: string[] = [];
  await new Promise<void>((resolve, reject) => {
    let stored = Number.POSITIVE_INFINITY;
    const subscription = ndk.subscribe({ kinds: [1], authors: [author] }, { closeOnEose: false });
    subscription.on('event', (event: NDKEvent) => {
      contents.push(event.content);
      if (contents.length > stored) resolve();
    });
    subscription.on('eose', () => {
      stored = contents.length;
      meanwhile().catch(reject);
    });
  });
  disconnect(ndk);
  return contents;
}
