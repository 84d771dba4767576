/** The same responder on NDK and its own classes for NIP-90. */
import NDK, {
  NDKDVMJobResult,
  NDKDVMRequest,
  NDKDvmJobFeedbackStatus,
  NDKKind,
  NDKPrivateKeySigner,
} from '@nostr-dev-kit/ndk';
import { argument, ready, search } from './program.ts';

const { relay: url, secretKey, notes } = argument();
const ndk = new NDK({
  explicitRelayUrls: [url],
  signer: new NDKPrivateKeySigner(secretKey),
  enableOutboxModel: false,
});
await ndk.connect(5_000);

const subscription = ndk.subscribe(
  { kinds: [NDKKind.DVMReqDiscoveryNostrContent], since: Math.floor(Date.now() / 1000) },
  { closeOnEose: false },
);
subscription.on('event', (event) => {
  const request = NDKDVMRequest.from(event);
  const query = request.tagValue('i') ?? '';
  const answer = async () => {
    await request.createFeedback(NDKDvmJobFeedbackStatus.Processing).publish();
    const result = new NDKDVMJobResult(ndk);
    result.jobRequest = request;
    result.kind = 6300;
    result.result = search(notes, query);
    await result.publish();
  };
  answer().catch((error: unknown) => process.stderr.write(`publish failed: ${String(error)}\n`));
});
subscription.on('eose', ready);
