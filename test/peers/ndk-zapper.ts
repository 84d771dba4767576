/** A zap as NDK's users send it: to an event, or to its author. */
import NDK, { type NDKEvent, NDKPrivateKeySigner, NDKZapper } from '@nostr-dev-kit/ndk';

export interface NdkZap {
  readonly relay: string;
  /** Who zaps. */
  readonly secretKey: Uint8Array;
  /** Public key of who is zapped. */
  readonly payee: string;
  /** The zapped event's id; null for a zap to the payee. */
  readonly eventId: string | null;
  readonly amount_msats: number;
  readonly comment: string;
  /** Pays an invoice; its preimage. */
  readonly pay: (bolt11: string) => Promise<string>;
  /** What fetches Lightning addresses, which NDK only knows as https. */
  readonly fetch: typeof fetch;
}

/** Zaps, and returns the tags and the signer of the first receipt in the zapper's name. */
export async function zapWithNdk(zap: NdkZap): Promise<{ pubkey: string; tags: string[][] }> {
  const ndk = new NDK({
    explicitRelayUrls: [zap.relay],
    enableOutboxModel: false,
    signer: new NDKPrivateKeySigner(Buffer.from(zap.secretKey).toString('hex')),
  });
  ndk.httpFetch = zap.fetch;
  await ndk.connect(5_000);
  try {
    const event = zap.eventId === null ? null : await ndk.fetchEvent(zap.eventId);
    const target = event ?? ndk.getUser({ pubkey: zap.payee });
    const zapper = new NDKZapper(target, zap.amount_msats, 'msat', {
      comment: zap.comment,
      lnPay: async ({ pr }) => ({ preimage: await zap.pay(pr) }),
    });
    const receipt = new Promise<NDKEvent>((resolve) => {
      ndk.subscribe(
        { kinds: [9735], '#p': [zap.payee], '#P': [ndk.activeUser?.pubkey ?? ''] },
        { onEvent: resolve },
      );
    });
    const results = await zapper.zap(['nip57']);
    for (const result of results.values()) if (result instanceof Error) throw result;
    const { pubkey, tags } = await receipt;
    return { pubkey, tags };
  } finally {
    for (const relay of ndk.pool.relays.values()) relay.disconnect();
  }
}
