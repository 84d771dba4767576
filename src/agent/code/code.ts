/**
 * The `code` runtime: a client's program on a client's input, run in the sandbox (PROTOCOL §6). Asks no model. It runs in the
 * session: most runs take some milliseconds of another Worker, which is less than the way to the runner and back.
 */
import type { JobError } from '../../errors.ts';
import { AGENT_MAX_OUTPUT_BYTES, CODE_MAX_PRINTED_BYTES } from '../../limits.ts';
import type { JobBody, JobOutput, Printed } from '../../protocol/model.ts';
import { cutToBytes, utf8Bytes } from '../../protocol/size.ts';
import type { Language, RunOutcome, Sandbox } from '../../sandbox/port.ts';
import { jsonText } from '../../sandbox/written.ts';
import { pythonRepr } from '../../values/python-print.ts';
import { readTypedJson } from '../../values/typed-json.ts';
import type { Runtime } from '../runtime.ts';
import { failureOf } from './failure.ts';
import { readCodeOrder } from './order.ts';

const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

export function codeRuntime(sandbox: Sandbox): Runtime {
  return { slow: false, run: ({ body }) => run(sandbox, body) };
}

async function run(sandbox: Sandbox, body: JobBody): Promise<JobOutput> {
  const order = readCodeOrder(body);
  const outcome = await sandbox.run(order);
  const printed = printedOf(outcome);
  const { value } = outcome;
  if (value === undefined) throw failureOf(order, outcome, printed);
  const content = textOf(order.language, outcome.shown ?? value, (message) =>
    failureOf(order, { ...outcome, verdict: 'not-data', message }, printed),
  );
  if (utf8Bytes(content) > AGENT_MAX_OUTPUT_BYTES) {
    const message = `the value is ${utf8Bytes(content)} bytes long`;
    throw failureOf(order, { ...outcome, verdict: 'output', message }, printed);
  }
  return {
    content,
    finishReason: 'stop',
    model: outcome.executor,
    usage: NO_TOKENS,
    fuel: outcome.fuel,
    ...(printed === null ? {} : { printed }),
  };
}

/** The value as its language writes it. */
function textOf(language: Language, value: string, refused: (message: string) => JobError): string {
  const parsed = readTypedJson(value);
  if (!parsed.ok) throw refused(parsed.problem);
  if (language === 'python') return pythonRepr(parsed.value);
  const text = jsonText(parsed.value);
  if (!text.ok) throw refused(text.problem);
  return text.value;
}

function printedOf({ stdout }: RunOutcome): Printed | null {
  if (stdout === '') return null;
  return { text: cutToBytes(stdout, CODE_MAX_PRINTED_BYTES), bytes: utf8Bytes(stdout) };
}
