/** What a client is told of a run without a value. `details.verdict` is the sandbox' own word for it (sandbox/port.ts). */
import { JobError, type JobErrorCode, type Json } from '../../errors.ts';
import {
  AGENT_MAX_OUTPUT_BYTES,
  SANDBOX_FUEL,
  SANDBOX_JAVASCRIPT_PAGES,
  SANDBOX_MAX_STDOUT_BYTES,
  SANDBOX_PYTHON_PAGES,
} from '../../limits.ts';
import type { Printed } from '../../protocol/model.ts';
import type { Language, RunOutcome, RunRequest } from '../../sandbox/port.ts';

const WASM_PAGE_BYTES = 65_536;
const MEMORY_BYTES: Readonly<Record<Language, number>> = {
  python: SANDBOX_PYTHON_PAGES * WASM_PAGE_BYTES,
  javascript: SANDBOX_JAVASCRIPT_PAGES * WASM_PAGE_BYTES,
};

interface Told {
  readonly code: JobErrorCode;
  readonly message: string;
  readonly details: { readonly [key: string]: Json };
}

export function failureOf(
  { language, fuel = SANDBOX_FUEL }: RunRequest,
  { verdict, message = '', fuel: used }: RunOutcome,
  printed: Printed | null,
): JobError {
  const { code, message: words, details } = toldOf({ language, fuel }, verdict, message);
  return new JobError(code, words, {
    verdict,
    ...details,
    fuel: used,
    ...(printed === null ? {} : { printed: printed.text, printed_bytes: printed.bytes }),
  });
}

function toldOf(
  { language, fuel }: { readonly language: Language; readonly fuel: number },
  verdict: RunOutcome['verdict'],
  said: string,
): Told {
  switch (verdict) {
    case 'error':
      return bad(`The program raised ${said}`, exceptionOf(said));
    case 'fuel': {
      const details = { limit: 'fuel', limit_fuel: fuel };
      return { code: 'TIMEOUT', message: `The program used up its ${fuel} units of fuel`, details };
    }
    case 'memory': {
      const limit_bytes = MEMORY_BYTES[language];
      return large('The program wanted more memory than there is', { limit: 'memory', limit_bytes });
    }
    case 'stack':
      return large('The program went too deep', { limit: 'stack' });
    case 'output': {
      const details = {
        limit_value_bytes: AGENT_MAX_OUTPUT_BYTES,
        limit_printed_bytes: SANDBOX_MAX_STDOUT_BYTES,
      };
      const reason = said === '' ? '' : `: ${said}`;
      return large(`The program returned or printed too much${reason}`, { limit: 'output', ...details });
    }
    case 'not-data':
      return bad(`The program returned what is no plain data: ${said}`);
    case 'syntax':
      return bad(`The program or its input does not parse: ${said}`);
    case 'refused':
      return bad(`Not allowed in the sandbox: ${said}`);
    case 'blocked':
      return bad(`The program called what is not in the sandbox: ${said}`);
    case 'channel':
      return bad('The program wrote where only the sandbox may');
    case 'unstable':
      return bad('The program returned another value the second time');
    case 'value':
      throw new Error('a run with a value has not failed');
    case 'crash':
      // The engine's fault, and the same at every attempt: nothing is gained by trying again.
      return { code: 'AGENT_ERROR', message: `The program brought its engine down: ${said}`, details: {} };
  }
}

function bad(message: string, details: Told['details'] = {}): Told {
  return { code: 'BAD_REQUEST', message, details };
}

function large(message: string, details: Told['details']): Told {
  return { code: 'CONTENT_TOO_LARGE', message, details };
}

/** `ValueError: no such colour`, as the engines write it; the words may be missing. */
function exceptionOf(said: string): Told['details'] {
  const [, type = '', message = ''] = /^([\w.$]+): ?([\s\S]*)$/.exec(said) ?? [];
  return type === '' ? { type: said, message: '' } : { type, message };
}
