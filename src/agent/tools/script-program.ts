/**
 * A script as a program of the sandbox, whose `f` runs it: a model writes scripts that print, and reads the value of their last
 * expression. The script is a text in a literal here, so that nothing of it can end up outside.
 *
 * `f` returns how it ended, a word about it, and what it printed where the engine does not tell that itself.
 */
import * as z from 'zod';
import { SANDBOX_MAX_STDOUT_BYTES } from '../../limits.ts';
import type { Language } from '../../sandbox/port.ts';

export const scriptEnd = z.tuple([z.enum(['value', 'none', 'failed']), z.string(), z.string()]);
export type ScriptEnd = z.output<typeof scriptEnd>;

/** @param input arguments for the script's own `f`, whose value is then the script's; null to run it and no more */
export function scriptProgram(language: Language, script: string, input: string | null): string {
  return language === 'python' ? pythonProgram(script, input) : javascriptProgram(script, input);
}

function pythonProgram(script: string, input: string | null): string {
  return `def f():
    import ast, traceback
    space = {'__name__': '__main__'}
    try:
        tree = ast.parse(${literal(script)}, '<program>')
        call = ${input === null ? 'None' : literal(`f(${input}\n)`)}
        last = tree.body.pop() if call is None and tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, '<program>', 'exec'), space)
        if call is not None: value = eval(compile(call, '<input>', 'eval'), space)
        elif last is not None: value = eval(compile(ast.Expression(last.value), '<program>', 'eval'), space)
        else: return ['none', '', '']
        return ['value', repr(value), '']
    except MemoryError: raise
    except Exception as error:
        lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == '<program>']
        where = ', line %d' % lines[-1] if lines else ''
        return ['failed', '%s: %s%s' % (type(error).__name__, error, where), '']
`;
}

/** QuickJS has no console, and nothing else to print with. */
function javascriptProgram(script: string, input: string | null): string {
  const call = input === null ? '' : `\n;f(...[${input}\n])`;
  return `const f = (() => {
  const { stringify } = JSON, asText = String, run = eval;
  let printed = '';
  const show = (value) => {
    if (typeof value === 'string') return value;
    const json = typeof value === 'object' && value !== null ? stringify(value) : undefined;
    return json === undefined ? asText(value) : json;
  };
  const print = (...values) => {
    printed += values.map(show).join(' ') + '\\n';
    if (printed.length > ${SANDBOX_MAX_STDOUT_BYTES}) throw new RangeError('too much output');
  };
  globalThis.console = { log: print, info: print, warn: print, error: print, debug: print };
  return () => {
    try {
      const value = run(${literal(script + call)});
      if (value === undefined) return ['none', '', printed];
      return ['value', typeof value === 'string' ? stringify(value) : show(value), printed];
    } catch (error) {
      return ['failed', error instanceof Error ? error.name + ': ' + error.message : 'thrown: ' + show(error), printed];
    }
  };
})();`;
}

/** A literal of either language. */
function literal(text: string): string {
  return JSON.stringify(text);
}
