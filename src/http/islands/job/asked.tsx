/** @jsxImportSource preact */
/** What was asked, from the signed request. */
import { useEffect, useState } from 'preact/hooks';
import * as z from 'zod/mini';
import type { Signer } from '../../../client/signer.ts';
import { type Tag, tagValue, type VerifiedEvent } from '../../../nostr/event.ts';
import { parseJson } from '../../../protocol/json.ts';
import { ShowEvent } from '../lib/event.tsx';

const body = z.looseObject({
  messages: z.optional(z.array(z.looseObject({ role: z.string(), content: z.unknown() }))),
});
const privateTags = z.array(z.array(z.string()));

export function Asked({
  request,
  signer,
}: {
  readonly request: VerifiedEvent;
  readonly signer: Signer | null;
}) {
  const sealed = request.tags.some(([name]) => name === 'encrypted');
  const [tags, setTags] = useState<readonly Tag[] | null>(sealed ? null : request.tags);
  useEffect(() => {
    const agent = tagValue(request, 'p');
    if (!sealed || signer === null || agent === undefined) return;
    signer.nip44Decrypt(agent, request.content).then(
      (text) => {
        const read = privateTags.safeParse(parseJson(text));
        if (read.success) setTags(read.data);
      },
      // Another client's: it stays sealed.
      () => setTags(null),
    );
  }, [request, signer, sealed]);
  const text = tags === null ? null : textOf(tags, request.content);
  return (
    <section class="panel" aria-label="Request">
      <h2>Asked</h2>
      {text === null ? (
        <p class="soft">Encrypted: only its client and the agent can read it.</p>
      ) : (
        <p class="said">{text}</p>
      )}
      <ShowEvent event={request} />
    </section>
  );
}

function textOf(tags: readonly Tag[], content: string): string {
  const input = tags.find(([name, , type]) => name === 'i' && type === 'text')?.[1];
  if (input !== undefined) return input;
  const read = body.safeParse(parseJson(tagValue({ tags }, 'request')));
  const last = read.success ? read.data.messages?.at(-1)?.content : undefined;
  return typeof last === 'string' ? last : content;
}
