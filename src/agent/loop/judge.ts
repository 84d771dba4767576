/** Judges an answer: its size, keys in it, and the checks of its definition. */
import type { Json } from '../../errors.ts';
import { LOOP_MAX_OBSERVED_CHARS, LOOP_MODEL_TIMEOUT_MS } from '../../limits.ts';
import { clip, utf8Bytes } from '../../protocol/size.ts';
import { attempt } from './attempt.ts';
import { type Refused, refuse } from './calls.ts';
import type { LoopDefinition } from './definition.ts';
import type { Observation } from './entry.ts';
import { answerText } from './final-answer.ts';
import type { RunPaused } from './outcome.ts';
import type { LoopPorts } from './ports.ts';
import { holdsSecret } from './secrets.ts';

type Judging = Pick<LoopDefinition, 'checks' | 'maxAnswerBytes'>;

/** The answer as an observation, or what stands against it. Checks may ask a model, so they have its time. */
export function judged(
  answer: Json,
  definition: Judging,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<Observation | RunPaused> {
  return attempt(LOOP_MODEL_TIMEOUT_MS, ports, signal, async (stop) => {
    return (await objection(answer, definition, stop)) ?? { ok: true, text: answerText(answer) };
  });
}

/** What stands against an answer; null where nothing does. The first check that objects is the last one asked. */
async function objection(
  answer: Json,
  { checks, maxAnswerBytes }: Judging,
  signal: AbortSignal,
): Promise<Refused | null> {
  const text = answerText(answer);
  const bytes = utf8Bytes(text);
  if (bytes > maxAnswerBytes) {
    return refuse('ANSWER_TOO_LARGE', `${bytes} bytes, and an answer may have ${maxAnswerBytes}`);
  }
  if (holdsSecret(text)) return refuse('SECRET_IN_TEXT', 'the answer holds a key, which never leaves');
  for (const check of checks) {
    const problem = await check(answer, signal);
    if (problem !== null) return refuse('ANSWER_REFUSED', clip(problem, LOOP_MAX_OBSERVED_CHARS));
  }
  return null;
}
