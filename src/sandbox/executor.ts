/** The sandbox as checks and the arena use it: programs and arguments in, canonical outputs or failures out. */
import type { Execution, ExecutionFailure, Executor, Outcome } from '../checks/executor.ts';
import { canonicalJson } from '../values/canonical-json.ts';
import { readJsonArguments } from '../values/json-value.ts';
import type { Read } from '../values/literal-problem.ts';
import { canonicalPython } from '../values/python-print.ts';
import { readPythonArguments } from '../values/python-read.ts';
import type { PythonValue } from '../values/python-value.ts';
import { readTypedJson, unsortedTypedJson } from '../values/typed-json.ts';
import { jsonOfValue, literalOf, valueOfJson } from './notation.ts';
import type { RunOutcome, Sandbox, Verdict } from './port.ts';

/** Two calls in one state find out a program that remembers; other instances find out what only differs between them. */
const CALLS = 2;

/** How a run without value is called in a check. */
const FAILURE: Readonly<Record<Exclude<Verdict, 'value'>, ExecutionFailure>> = {
  error: 'exception',
  stack: 'exception',
  crash: 'exception',
  fuel: 'fuel',
  memory: 'memory',
  output: 'output',
  'not-data': 'value',
  blocked: 'refused',
  channel: 'refused',
  refused: 'refused',
  syntax: 'syntax',
  unstable: 'nondeterministic',
};

export function sandboxExecutor(sandbox: Sandbox): Executor {
  return {
    async run(executions, signal) {
      const outcomes: Outcome[] = [];
      // One after the other: an engine runs one program at a time, and its memory bounds what may wait in it.
      for (const execution of executions) {
        signal.throwIfAborted();
        outcomes.push(await run(sandbox, execution));
      }
      return outcomes;
    },
  };
}

async function run(sandbox: Sandbox, { language, program, input, fuel }: Execution): Promise<Outcome> {
  const values = READ[language](input);
  // What was written by a codec reads back: anything else is a fault of ours.
  if (!values.ok) throw new Error(`arguments that are no values: ${values.problem}`);
  const outcome = await sandbox.run({
    language,
    code: program,
    input: { values: values.value.map(unsortedTypedJson) },
    fuel,
    calls: CALLS,
  });
  return outcomeOf(language, outcome);
}

const READ = {
  python: (input: string): Read<readonly PythonValue[]> => readPythonArguments(input),
  javascript(input: string): Read<readonly PythonValue[]> {
    const read = readJsonArguments(input);
    return read.ok ? { ok: true, value: read.value.map(valueOfJson) } : read;
  },
};

function outcomeOf(language: Execution['language'], outcome: RunOutcome): Outcome {
  const { verdict, value, message, fuel, executor } = outcome;
  if (verdict !== 'value' || value === undefined) {
    const failure = verdict === 'value' ? 'value' : FAILURE[verdict];
    return { ok: false, failure, error: message ?? verdict, fuel, executor };
  }
  const read = readTypedJson(value);
  if (!read.ok) throw new Error(`the sandbox wrote no value: ${read.problem}`);
  const output = WRITE[language](read.value);
  return output === null
    ? { ok: false, failure: 'value', error: 'the value has no literal', fuel, executor }
    : { ok: true, output, fuel, executor };
}

const WRITE = {
  python(value: PythonValue): string | null {
    const found = literalOf(value);
    return found === null ? null : canonicalPython(found);
  },
  javascript(value: PythonValue): string | null {
    const found = jsonOfValue(value);
    return found === undefined ? null : canonicalJson(found);
  },
};
