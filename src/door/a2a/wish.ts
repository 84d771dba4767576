/** What an A2A message asks for: text and data parts, and terms in its metadata. */
import type { Message, SendMessageRequest } from '@a2a-js/sdk';
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import type { KeyedAgent } from '../../protocol/agent.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { isFree } from '../../protocol/prices.ts';
import type { Wish } from '../desk.ts';

const object = z.record(z.string(), z.json());

/** Terms of a message, in its own metadata or that of the request. */
const termsShape = z.object({
  skill: z.string().exactOptional(),
  max_sats: z.int().min(0).exactOptional(),
  parameters: object.exactOptional(),
  contract: object.exactOptional(),
});

/**
 * @param only the agent of this door; null at the marketplace's own, where `skill` says who is meant
 * @throws JobError BAD_REQUEST or NOT_FOUND
 */
export function wishOf(
  { message, metadata }: SendMessageRequest,
  agents: readonly KeyedAgent[],
  only: KeyedAgent | null,
  session: string,
): Wish {
  const terms = termsShape.safeParse({ ...metadata, ...message?.metadata });
  if (!terms.success) {
    const issue = terms.error.issues[0];
    throw new JobError('BAD_REQUEST', `metadata.${issue?.path.join('.')}: ${issue?.message ?? 'wrong'}`);
  }
  const { skill, parameters, ...rest } = terms.data;
  const { text, data } = contentOf(message);
  const wanted = { ...data, ...parameters };
  return {
    ...rest,
    agent: only ?? agentOf(agents, skill),
    text,
    session,
    ...(Object.keys(wanted).length === 0 ? {} : { parameters: wanted }),
  };
}

/** Text of a message, and its data parts as the agent's parameters. @throws JobError BAD_REQUEST */
export function contentOf(message: Message | undefined): {
  readonly text: string;
  readonly data: JsonObject;
} {
  const texts: string[] = [];
  let data: JsonObject = {};
  for (const { content } of message?.parts ?? []) {
    if (content?.$case === 'text') texts.push(content.value);
    else if (content?.$case === 'data') {
      const parsed = object.safeParse(content.value);
      if (!parsed.success)
        throw new JobError('BAD_REQUEST', 'a data part holds parameters, and is an object');
      data = { ...data, ...parsed.data };
    } else throw new JobError('BAD_REQUEST', 'parts are text or data here');
  }
  if (texts.length === 0) throw new JobError('BAD_REQUEST', 'a message needs a part with text');
  return { text: texts.join('\n\n'), data };
}

/** Whom a message without a skill is for: the best agent that costs nothing and answers in words. @throws JobError */
function agentOf(agents: readonly KeyedAgent[], skill: string | undefined): KeyedAgent {
  if (skill !== undefined) {
    const named = agents.find(({ slug }) => slug === skill);
    if (named !== undefined) return named;
    throw new JobError('NOT_FOUND', `there is no skill ${skill}`);
  }
  const free = agents.filter(({ prices }) => isFree(prices));
  const found = free.find(({ runtime }) => runtime === 'chat') ?? free[0];
  if (found !== undefined) return found;
  throw new JobError('BAD_REQUEST', 'say in metadata.skill which agent is meant');
}
