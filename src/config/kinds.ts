/** The event kinds an operator may choose. */
import * as z from 'zod';
import { type AgentKinds, DEFAULT_AGENT_KINDS } from '../nostr/kinds.ts';

const kind = (min: number, max: number) =>
  z.coerce
    .number()
    .int()
    .min(min, `must be a kind from ${min} to ${max}`)
    .max(max, `must be a kind from ${min} to ${max}`);

export const kindVariables = {
  KIND_TASK: kind(1000, 9999).default(DEFAULT_AGENT_KINDS.task),
  KIND_VERDICT: kind(1000, 9999).default(DEFAULT_AGENT_KINDS.verdict),
  KIND_DELTA: kind(20_000, 29_999).default(DEFAULT_AGENT_KINDS.delta),
  KIND_CARD: kind(30_000, 39_999).default(DEFAULT_AGENT_KINDS.card),
  KIND_STANDING: kind(30_000, 39_999).default(DEFAULT_AGENT_KINDS.standing),
};

export function kindsOf(env: z.infer<z.ZodObject<typeof kindVariables>>): AgentKinds {
  return {
    task: env.KIND_TASK,
    delta: env.KIND_DELTA,
    card: env.KIND_CARD,
    verdict: env.KIND_VERDICT,
    standing: env.KIND_STANDING,
  };
}
