/**
 * Strategy `summarize`: what no longer fits is told in short by a model, and the summary stands in its place. The
 * caller keeps the messages returned as its conversation, so that the next summary builds on this one.
 */
import { cutToTokens } from './tokenizer.ts';
import { messageTokens, split, type Unit, unitsOf, type WindowOptions } from './window.ts';

export interface SummaryOptions<Message> extends WindowOptions<Message> {
  /** The most the summary may take as a message, tokens. */
  readonly summary_tokens: number;
  /** The most one question to the summarizing model may hold of the conversation, tokens. */
  readonly material_tokens: number;
  /**
   * Asks a model for a summary. The material is text of strangers and belongs into a data block.
   *
   * @throws what the model client throws; retrying is the caller's
   */
  readonly summarize: (material: string, maxTokens: number) => Promise<string>;
  /** The message that holds a summary, as data. */
  readonly message: (summary: string) => Message;
}

/**
 * When something has to go, so much of the limit is kept of the newest: were it all that fits, every further
 * message would cost a new summary.
 */
const KEPT_SHARE = 0.5;

/** The conversation as it fits, and how many of its messages went into the summary. */
export interface Summarized<Message> {
  readonly messages: readonly Message[];
  readonly summarized: number;
}

/**
 * The conversation itself where it fits; else system and pinned messages, a summary, and the newest in full. Where
 * these leave no room for a summary the rest is left out, as `truncate` does.
 *
 * @throws JobError CONTENT_TOO_LARGE as truncateWindow
 */
export async function summarizeWindow<Message>(
  messages: readonly Message[],
  options: SummaryOptions<Message>,
): Promise<Summarized<Message>> {
  const { limit_tokens, summary_tokens } = options;
  const units = unitsOf(messages, options);
  const whole = split(units, limit_tokens);
  if (whole.kept.size === units.length) {
    return { messages: units.flatMap((unit) => unit.messages), summarized: 0 };
  }
  const least = units.filter((unit, index) => unit.pinned || index === units.length - 1);
  const leastTokens = least.reduce((sum, unit) => sum + unit.tokens, 0);
  if (leastTokens + summary_tokens > limit_tokens) {
    return {
      messages: units.filter((unit) => whole.kept.has(unit)).flatMap((unit) => unit.messages),
      summarized: 0,
    };
  }
  const wanted = Math.floor(limit_tokens * KEPT_SHARE);
  const room = Math.min(limit_tokens - summary_tokens, Math.max(leastTokens, wanted));
  const { kept } = split(units, room);
  const left = units.filter((unit) => !kept.has(unit));
  const summary = fitted(await fold(left, options), options);
  const result: Message[] = [];
  for (const unit of units) {
    if (kept.has(unit)) result.push(...unit.messages);
    // In the place of the last one it stands for.
    else if (unit === left.at(-1) && summary !== null) result.push(summary);
  }
  return { messages: result, summarized: left.reduce((sum, unit) => sum + unit.messages.length, 0) };
}

/** The summary of all units: each question holds the summary so far and as much of what follows as fits. */
async function fold<Message>(
  units: readonly Unit<Message>[],
  options: SummaryOptions<Message>,
): Promise<string> {
  const { count, material_tokens, summary_tokens } = options;
  let summary = '';
  let material = '';
  // Summed up line by line: counted as a whole each time, a long conversation would take minutes.
  let tokens = 0;
  const ask = async () => {
    const earlier = summary === '' ? '' : `Summary so far:\n${summary}\n\n`;
    summary = cutToTokens(await options.summarize(earlier + material, summary_tokens), summary_tokens, count);
    material = '';
    tokens = 0;
  };
  // What the summary so far may take is kept free; more than a line per message has to be left in any case.
  const room = Math.max(1, material_tokens - summary_tokens);
  for (const message of units.flatMap((unit) => unit.messages)) {
    const { role, text } = options.view(message);
    const line = `${cutToTokens(`${role}: ${text}`, room, count)}\n`;
    const more = count(line);
    if (material !== '' && tokens + more > room) await ask();
    material += line;
    tokens += more;
  }
  if (material !== '') await ask();
  return summary;
}

/** The summary as a message of at most its tokens; null where not even an empty one fits. */
function fitted<Message>(summary: string, options: SummaryOptions<Message>): Message | null {
  let text = summary;
  for (;;) {
    const message = options.message(text);
    const over = messageTokens(message, options) - options.summary_tokens;
    if (over <= 0) return message;
    if (text === '') return null;
    text = cutToTokens(text, Math.max(0, options.count(text) - over), options.count);
  }
}
