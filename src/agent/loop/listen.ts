/** Reads one answer of a model to its end, within bounds. */
import { LOOP_MAX_ANSWER_BYTES, LOOP_MAX_CALLS, LOOP_MAX_TEXT_BYTES } from '../../limits.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { brokenStream } from '../chat/failures.ts';
import { mostBytes } from './calls.ts';
import type { LoopChunk, ModelCall } from './model.ts';

/** Calls read of one answer; those over LOOP_MAX_CALLS are refused, those over this are not even read. */
const MAX_CALLS_READ = 2 * LOOP_MAX_CALLS;
/** Arguments of all calls of one answer, bytes: they are one row of a journal, which holds 2 MB, and JSON may escape them sixfold. */
const MAX_ARGUMENT_BYTES_READ = LOOP_MAX_ANSWER_BYTES;

/** What was heard so far; of use also when the answer broke off. */
export class Heard {
  /** Whether the question was put at all. */
  asked = false;
  text = '';
  calls: ModelCall[] = [];
  /** Null until the end was heard. */
  finishReason: JobOutput['finishReason'] | null = null;
  usage: Usage | null = null;
  model: string | null = null;
  private bytes = 0;
  private argumentBytes = 0;

  get nothing(): boolean {
    return this.text === '' && this.calls.length === 0;
  }

  /** Whether to read on. */
  take(chunk: LoopChunk): boolean {
    if (chunk.type === 'end') {
      this.finishReason = chunk.finishReason;
      this.usage = chunk.usage;
      this.model = chunk.model ?? null;
      return false;
    }
    if (chunk.type === 'call') {
      // One that is too long for itself is refused later and told of, so it does not end the reading here.
      this.argumentBytes += Math.min(utf8Bytes(chunk.call.arguments), mostBytes(chunk.call.name));
      const full = this.calls.length === MAX_CALLS_READ || this.argumentBytes > MAX_ARGUMENT_BYTES_READ;
      if (full) return this.stop();
      this.calls.push(chunk.call);
      return true;
    }
    this.bytes += utf8Bytes(chunk.text);
    if (this.bytes > LOOP_MAX_TEXT_BYTES) return this.stop();
    this.text += chunk.text;
    return true;
  }

  private stop(): false {
    this.finishReason = 'length';
    return false;
  }
}

/** @throws JobError MODEL_ERROR for an answer without an end, and whatever the chunks throw */
export async function listen(
  chunks: AsyncIterable<LoopChunk>,
  heard: Heard,
  onText: (text: string) => Promise<void>,
): Promise<void> {
  heard.asked = true;
  // Leaving the loop ends the request to the model.
  for await (const chunk of chunks) {
    if (!heard.take(chunk)) break;
    if (chunk.type === 'text') await onText(chunk.text);
  }
  if (heard.finishReason === null) throw brokenStream();
}
