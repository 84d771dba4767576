/** Code as a tool: the agent writes a program, the sandbox runs it, the agent reads what it printed and what it came to. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import {
  LOOP_TOOL_OUTPUT_MAX_BYTES,
  SANDBOX_MAX_CODE_CHARS,
  TOOL_CODE_CHARS,
  TOOL_CODE_FUEL,
  TOOL_CODE_INPUT_CHARS,
} from '../../limits.ts';
import { cutToBytes, utf8Bytes } from '../../protocol/size.ts';
import { LANGUAGES, type RunOutcome, type Sandbox } from '../../sandbox/port.ts';
import { dataBlock } from '../data-block.ts';
import { type ScriptEnd, scriptEnd, scriptProgram } from './script-program.ts';
import { defineTool, type TextTool } from './tool.ts';

/** Marks of the data block, and the note that something is missing, bytes. */
const FRAME_BYTES = 400;

export function runCode(sandbox: Sandbox): TextTool {
  return defineTool({
    name: 'run_code',
    description:
      'Runs a program in a sandbox without network, files and clock. Each program begins afresh: nothing stays from an earlier one. You read what it prints, and the value of its last expression, or of f(input) where you give an input.',
    shape: {
      language: z.enum(LANGUAGES),
      code: z.string().min(1).max(TOOL_CODE_CHARS),
      input: z
        .string()
        .max(TOOL_CODE_INPUT_CHARS)
        .optional()
        .describe("Arguments for the function f of the program, as between the brackets of a call: 3, 'a'."),
    },
    parallel: true,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ language, code, input }) {
      const program = scriptProgram(language, code, input ?? null);
      // Characters that have to be escaped take several.
      if (program.length > SANDBOX_MAX_CODE_CHARS)
        throw new JobError('CONTENT_TOO_LARGE', 'the program is too long');
      const outcome = await sandbox.run({
        language,
        code: program,
        input: { values: [] },
        fuel: TOOL_CODE_FUEL,
        // Nothing is proved by these runs, and a model is better told by the language what is missing.
        checked: false,
      });
      const { printed, end } = seen(outcome);
      return dataBlock('the program', shown(printed, end));
    },
  });
}

/** @throws JobError AGENT_ERROR where an engine came down */
function seen({ verdict, value, message = '', stdout }: RunOutcome): {
  readonly printed: string;
  readonly end: string;
} {
  switch (verdict) {
    case 'value': {
      const [kind, text, printed] = endOf(value ?? '');
      const end = kind === 'none' ? 'no value' : kind === 'value' ? `value: ${text}` : `failed: ${text}`;
      return { printed: printed === '' ? stdout : printed, end };
    }
    case 'fuel':
      return { printed: stdout, end: `failed: it took more than ${TOOL_CODE_FUEL} units of work` };
    case 'memory':
      return { printed: stdout, end: 'failed: it wanted more memory than there is' };
    case 'output':
      return { printed: stdout, end: 'failed: it printed or returned too much' };
    case 'crash':
      throw new JobError('AGENT_ERROR', `the program brought its engine down: ${message}`);
    default:
      return { printed: stdout, end: `failed: ${message === '' ? verdict : message}` };
  }
}

/** What the program around the script returned; a script can make that something else by rewriting what it uses. */
function endOf(value: string): ScriptEnd {
  const parsed = scriptEnd.safeParse(JSON.parse(value));
  return parsed.success ? parsed.data : ['failed', 'the program rewrote what runs it', ''];
}

/** How it ended is never what is cut. */
function shown(printed: string, end: string): string {
  const most = LOOP_TOOL_OUTPUT_MAX_BYTES - FRAME_BYTES;
  const ending = cutTo(end, most);
  const all = printed === '' || printed.endsWith('\n') ? printed : `${printed}\n`;
  return cutTo(all, most - utf8Bytes(ending)) + ending;
}

function cutTo(text: string, bytes: number): string {
  const all = utf8Bytes(text);
  if (all <= bytes) return text;
  const kept = cutToBytes(text, Math.max(0, bytes - FRAME_BYTES / 4));
  return `${kept}\n(${all - utf8Bytes(kept)} bytes more)\n`;
}
