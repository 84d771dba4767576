/**
 * Puts tool calls together from the parts in which providers stream them. By OpenAI's rule parts belong together by
 * `index`, and the first has id and name; servers that call themselves compatible leave out the index or the id,
 * give every call index 0, or send whole calls, some with an object for arguments (Workers AI's older models).
 */
import * as z from 'zod';
import { LOOP_MAX_ANSWER_BYTES, LOOP_MAX_CALLS } from '../../limits.ts';
import { brokenStream } from '../chat/failures.ts';
import type { LoopChunk } from '../loop/model.ts';

/** More than the loop reads of one answer (loop/listen.ts), so that it decides what is too much. */
const MAX_CALLS = 2 * LOOP_MAX_CALLS + 1;
const MAX_ARGUMENT_CHARS = LOOP_MAX_ANSWER_BYTES + 1;

const text = z.string().nullish();
const partShape = z.object({
  index: z.number().nullish().catch(null),
  id: text.catch(null),
  name: text,
  arguments: z.json().optional(),
  function: z.object({ name: text, arguments: z.json().optional() }).nullish(),
});
const partsShape = z.array(partShape).nullish();

interface Draft {
  index: number | null;
  id: string;
  name: string;
  arguments: string;
}

export class CallAssembly {
  private readonly drafts: Draft[] = [];
  private chars = 0;

  /**
   * Takes what an answer brings of its calls.
   *
   * @returns whether to read on; false beyond what any run takes
   * @throws JobError MODEL_ERROR for what is no calls at all
   */
  take(calls: unknown): boolean {
    const parsed = partsShape.safeParse(calls);
    if (!parsed.success) throw brokenStream(parsed.error);
    for (const part of parsed.data ?? []) {
      const { id, index } = part;
      const name = part.function?.name ?? part.name ?? '';
      const args = textOf(part.function?.arguments ?? part.arguments ?? null);
      // Some providers close each call with a part that says nothing.
      if (!id && name === '' && args === '') continue;
      const draft = this.draftOf({ index: index ?? null, id: id ?? '', name, arguments: args });
      draft.id ||= id ?? '';
      draft.name ||= name;
      draft.arguments += args;
      this.chars += args.length;
      if (this.drafts.length >= MAX_CALLS || this.chars >= MAX_ARGUMENT_CHARS) return false;
    }
    return true;
  }

  /** The calls so far, in the order they began. */
  *chunks(): Generator<Extract<LoopChunk, { type: 'call' }>> {
    for (const { id, name, arguments: args } of this.drafts) {
      yield { type: 'call', call: { id, name, arguments: args } };
    }
  }

  /** The call a part belongs to, begun where there is none yet. */
  private draftOf(part: Draft): Draft {
    const { id, index, name } = part;
    const known = id === '' ? undefined : this.drafts.findLast((draft) => draft.id === id);
    if (known !== undefined) return known;
    // A part without index that names a tool is a call of its own; else it goes on with the one before it.
    const open =
      index === null
        ? name === '' || id !== ''
          ? this.drafts.at(-1)
          : undefined
        : this.drafts.findLast((draft) => draft.index === index);
    if (open !== undefined && !isAnother(open, part)) return open;
    const draft = { index, id: '', name: '', arguments: '' };
    this.drafts.push(draft);
    return draft;
  }
}

/** Whether a part begins another call than the one that is open at its place. */
function isAnother(open: Draft, { id, name, arguments: args }: Draft): boolean {
  if (id !== '' && open.id !== '') return true;
  if (name === '' || open.name === '') return false;
  return name !== open.name || (args !== '' && isJson(open.arguments));
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function textOf(value: z.infer<ReturnType<typeof z.json>>): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
