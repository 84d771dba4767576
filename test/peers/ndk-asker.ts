/** A client as NDK's users write it: posts one NIP-90 search over a relay and waits for what comes back. */
import NDK, { NDKDVMRequest, NDKPrivateKeySigner, NDKRelaySet } from '@nostr-dev-kit/ndk';

/** Content of the result. @param agent public key of who is asked */
export async function askByNdk(relay: string, agent: string, text: string): Promise<string> {
  const ndk = new NDK({ explicitRelayUrls: [relay], signer: NDKPrivateKeySigner.generate() });
  // `ndk.connect` waits out its whole time limit even when every relay is there.
  await Promise.all([...ndk.pool.relays.values()].map((known) => known.connect()));
  try {
    const request = new NDKDVMRequest(ndk);
    request.kind = 5302;
    request.addInput(text, 'text');
    request.dvm = ndk.getUser({ pubkey: agent });
    await request.sign();
    const result = new Promise<string>((resolve) => {
      ndk.subscribe(request.filter(), {
        onEvent: ({ kind, content }) => {
          if (kind === 6302) resolve(content);
        },
      });
    });
    await request.publish(NDKRelaySet.fromRelayUrls([relay], ndk));
    return await result;
  } finally {
    for (const connected of ndk.pool.relays.values()) connected.disconnect();
  }
}
