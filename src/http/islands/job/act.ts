/** Signs and sends what a client says to its job. */
import { ClientError } from '../../../client/failure.ts';
import { signDraft } from '../../../client/request.ts';
import { cancellation, wordsTo } from '../../../client/words.ts';
import type { VerifiedEvent } from '../../../nostr/event.ts';
import { pageFacts, relayOf } from '../lib/facts.ts';
import { ownRelay } from '../lib/relay.ts';
import type { Identity } from '../signing/identity.ts';
import { signerOf } from '../signing/signers.ts';

const now_s = () => Math.floor(Date.now() / 1_000);

/** @throws ClientError */
export async function speakTo(
  request: VerifiedEvent,
  agent: string | null,
  text: string,
  identity: Identity,
): Promise<void> {
  if (agent === null) throw new ClientError('USAGE', 'nobody works on it yet');
  const signer = await signerOf(identity, () => undefined);
  const { url, kinds } = pageFacts();
  const draft = wordsTo(request, agent, text, [relayOf(url)], now_s(), kinds);
  await ownRelay().publish(await signDraft(draft, signer));
}

/** @throws ClientError */
export async function callOff(request: VerifiedEvent, reason: string, identity: Identity): Promise<void> {
  const signer = await signerOf(identity, () => undefined);
  await ownRelay().publish(await signer.signEvent(cancellation(request, reason, now_s())));
}
