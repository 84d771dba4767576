/**
 * JavaScript: QuickJS in metered WebAssembly, a fresh instance for every run. Takes the module from outside, so that
 * it runs under Node as under workerd.
 */
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import * as z from 'zod';
import {
  SANDBOX_JAVASCRIPT_PAGES,
  SANDBOX_JAVASCRIPT_STACK_BYTES,
  SANDBOX_MAX_MESSAGE_CHARS,
} from '../../limits.ts';
import { bothTexts, readTypedJson } from '../../values/typed-json.ts';
import { Fuel } from '../fuel.ts';
import { type Engine, type ParsedRun, type RunOutcome, VERDICTS, type Verdict } from '../port.ts';
import { JAVASCRIPT_HARNESS } from './harness.ts';
import { withoutHost } from './imports.ts';

/** Pages QuickJS' own build begins with. */
const INITIAL_PAGES = 256;

type Ending = Pick<RunOutcome, 'verdict' | 'value' | 'shown' | 'message'>;

/** The harness' answer: how it ended, a line break, and the value or a word about it. */
const answer = z
  .string()
  .transform((text) => {
    const at = text.indexOf('\n');
    return { verdict: text.slice(0, at), rest: text.slice(at + 1) };
  })
  .pipe(z.object({ verdict: z.enum(VERDICTS), rest: z.string() }));

/** @param version hash of the metered module and of what runs in it */
export function javascriptEngine(module: WebAssembly.Module, version: string): Engine {
  return {
    version,
    async run(request) {
      const machine = await boot(module);
      const ending = runIn(machine, request);
      return { executor: version, ...ending, stdout: '', fuel: machine.fuel.usedOf(request.fuel) };
    },
  };
}

interface Machine {
  readonly quickjs: QuickJSWASMModule;
  readonly fuel: Fuel;
  readonly memory: WebAssembly.Memory;
}

async function boot(module: WebAssembly.Module): Promise<Machine> {
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: SANDBOX_JAVASCRIPT_PAGES });
  let fuel: Fuel | undefined;
  const quickjs = await newQuickJSWASMModuleFromVariant(
    newVariant(variant, {
      wasmMemory: memory,
      emscriptenModule: {
        wasmMemory: memory,
        instantiateWasm(imports, onSuccess) {
          const instance = new WebAssembly.Instance(module, withoutHost(imports, memory));
          fuel = new Fuel(instance.exports);
          onSuccess(instance);
          return instance.exports;
        },
      },
    }),
  );
  if (fuel === undefined) throw new Error('QuickJS started without its module');
  return { quickjs, fuel, memory };
}

function runIn(machine: Machine, request: ParsedRun): Ending {
  const { fuel } = machine;
  try {
    const runtime = machine.quickjs.newRuntime();
    runtime.setMaxStackSize(SANDBOX_JAVASCRIPT_STACK_BYTES);
    const context = runtime.newContext();
    const harness = context.unwrapResult(context.evalCode(JAVASCRIPT_HARNESS, 'harness.js'));
    fuel.fill(request.fuel);
    return call(context, harness, request);
  } catch (error) {
    return trapped(error, fuel);
  }
  // Nothing is disposed of: the instance goes with everything in it, and a trapped one could not be tidied anyway.
}

function call(context: QuickJSContext, harness: QuickJSHandle, request: ParsedRun): Ending {
  const program = context.evalCode(request.code, 'program.js', { type: 'global' });
  if (program.error) return raised(context, program.error, true);
  const found = context.evalCode('f', 'program.js');
  if (found.error) return raised(context, found.error, false);
  if (context.typeof(found.value) !== 'function') return { verdict: 'error', message: 'f is not a function' };
  let text = context.undefined;
  let make = context.undefined;
  if ('values' in request.input) text = context.newString(`[${request.input.values.join()}]`);
  else {
    const made = context.evalCode(`(() => [${request.input.expression}\n])`, 'input.js');
    if (made.error) return raised(context, made.error, true);
    make = made.value;
  }
  const result = context.callFunction(
    harness,
    context.undefined,
    found.value,
    text,
    make,
    context.newNumber(request.calls),
  );
  if (result.error) return raised(context, result.error, false);
  return read(context.getString(result.value));
}

function read(text: string): Ending {
  const { verdict, rest } = answer.parse(text);
  if (verdict === 'not-data') return { verdict, message: `${rest} is no plain data` };
  if (verdict !== 'value') return { verdict };
  const value = readTypedJson(rest);
  return value.ok ? { verdict, ...bothTexts(value.value) } : { verdict: 'not-data', message: value.problem };
}

/** The engine's own exceptions have names a guest can use as well: it can only spoil its own verdict by that. */
function raised(context: QuickJSContext, handle: QuickJSHandle, parsing: boolean): Ending {
  const name = textOf(context, handle, 'name');
  const said = textOf(context, handle, 'message');
  const message = `${name}: ${said}`.slice(0, SANDBOX_MAX_MESSAGE_CHARS);
  return { verdict: verdictOf(name, said, context, handle, parsing), message };
}

function verdictOf(
  name: string,
  said: string,
  context: QuickJSContext,
  handle: QuickJSHandle,
  parsing: boolean,
): Verdict {
  // Out of memory, there may have been none left for an error object either.
  if (said === 'out of memory' || context.typeof(handle) !== 'object' || context.eq(handle, context.null))
    return said === 'out of memory' || context.eq(handle, context.null) ? 'memory' : 'error';
  if (said === 'stack overflow') return 'stack';
  return parsing && name === 'SyntaxError' ? 'syntax' : 'error';
}

/** Reading a property of what was thrown may run a getter of the guest's, which may throw. */
function textOf(context: QuickJSContext, handle: QuickJSHandle, property: string): string {
  if (context.typeof(handle) !== 'object')
    return property === 'name' ? 'thrown' : textOfPlain(context, handle);
  const found = context.evalCode(
    `((thrown) => { try { const found = thrown.${property}; return typeof found === 'string' ? found : ''; } catch { return ''; } })`,
  );
  if (found.error) return '';
  const called = context.callFunction(found.value, context.undefined, handle);
  return called.error ? '' : context.getString(called.value);
}

function textOfPlain(context: QuickJSContext, handle: QuickJSHandle): string {
  return context.typeof(handle) === 'symbol' ? 'a symbol' : context.getString(handle);
}

/** A trap of the module, or the host's own stack. */
function trapped(error: unknown, fuel: Fuel): Ending {
  if (fuel.stackSpent || error instanceof RangeError) return { verdict: 'stack', message: 'too deep' };
  if (fuel.spent) return { verdict: 'fuel', message: 'out of fuel' };
  const message = error instanceof Error ? error.message : String(error);
  return { verdict: 'crash', message: message.slice(0, SANDBOX_MAX_MESSAGE_CHARS) };
}
