/**
 * Python: CPython (Pyodide) in metered WebAssembly, booted from a snapshot, its memory put back after every run. A boot
 * takes a tenth of a second and more, putting back a few milliseconds.
 */
import * as z from 'zod';
import { SANDBOX_MAX_MESSAGE_CHARS, SANDBOX_PYTHON_PAGES } from '../../limits.ts';
import { jsonNesting } from '../../values/nesting.ts';
import { bothTexts, readTypedJson, typedJson } from '../../values/typed-json.ts';
import { Fuel } from '../fuel.ts';
import { type Engine, type ParsedRun, type RunOutcome, VERDICTS } from '../port.ts';
import { bootPyodide, type Glue } from './glue.ts';
import { fillMemory, type Image, Restorer, readImage } from './image.ts';
import { PythonHost } from './imports.ts';

const WASM_PAGE_BYTES = 65_536;

type Ending = Pick<RunOutcome, 'verdict' | 'value' | 'shown' | 'message'>;

const message = z
  .string()
  .transform((text, context): unknown => {
    try {
      // Three levels are all it has: the values in it are texts.
      if (jsonNesting(text) <= 3) return JSON.parse(text);
    } catch {
      // Told below.
    }
    context.addIssue('no JSON of the harness');
    return z.NEVER;
  })
  .pipe(
    z.union([
      z.tuple([z.literal('parsed'), z.string()]),
      z.tuple([z.literal('value'), z.array(z.string()).min(1)]),
      z.tuple([z.enum(VERDICTS).exclude(['value']), z.string()]),
    ]),
  );
type Message = z.output<typeof message>;

export interface PythonParts {
  readonly module: WebAssembly.Module;
  readonly glue: Glue;
  /** From `packSnapshot`. */
  readonly snapshot: ArrayBuffer;
  readonly version: string;
}

/** One instance at a time; it is booted by the first run, and again by the first after one that broke it. */
export function pythonEngine(parts: PythonParts): Engine {
  let machine: Promise<Machine> | undefined;
  const image = readImage(parts.snapshot);
  return {
    version: parts.version,
    async run(request) {
      machine ??= boot(parts, image);
      const booted = machine;
      let ready: Machine;
      try {
        ready = await booted;
      } catch (error) {
        if (machine === booted) machine = undefined;
        throw error;
      }
      // From here to the end nothing waits, so that no other run comes in between.
      const { outcome, broken } = ready.run(request);
      if (broken && machine === booted) machine = undefined;
      return { executor: parts.version, ...outcome };
    },
  };
}

async function boot(parts: PythonParts, image: Image): Promise<Machine> {
  const host = new PythonHost();
  const needed = WebAssembly.Module.imports(parts.module);
  let exports: WebAssembly.Exports | undefined;
  let resize: unknown;
  await bootPyodide({
    glue: parts.glue,
    module: parts.module,
    snapshot: { head: image.head, fill: (memory) => fillMemory(image, memory) },
    instantiate: async (imports) => {
      resize = imports.env?.emscripten_resize_heap;
      const instance = await WebAssembly.instantiate(parts.module, host.guarded(needed, imports));
      exports = instance.exports;
      host.memory = memoryOf(exports);
      return instance;
    },
  });
  if (exports === undefined || typeof resize !== 'function')
    throw new Error('Pyodide started without its module');
  // All the memory there may be, at once: a guest that grew it would leave an instance that cannot be put back.
  Reflect.apply(resize, undefined, [SANDBOX_PYTHON_PAGES * WASM_PAGE_BYTES]);
  return new Machine(exports, host, image);
}

function memoryOf(exports: WebAssembly.Exports): WebAssembly.Memory {
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('the module has no memory');
  return memory;
}

class Machine {
  readonly #host: PythonHost;
  readonly #fuel: Fuel;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: WebAssembly.Exports;
  readonly #restorer: Restorer;
  readonly #globals: (readonly [WebAssembly.Global, unknown])[];

  constructor(exports: WebAssembly.Exports, host: PythonHost, image: Image) {
    this.#exports = exports;
    this.#host = host;
    this.#fuel = new Fuel(exports);
    host.fuel = this.#fuel;
    this.#memory = memoryOf(exports);
    this.#globals = Object.entries(exports).flatMap(([name, held]) =>
      /^__(g\d+|stack)$/.test(name) && held instanceof WebAssembly.Global
        ? [[held, held.value] as const]
        : [],
    );
    this.#restorer = new Restorer(new Uint8Array(this.#memory.buffer), image);
  }

  /** `broken`: this machine must not be used again. */
  run(request: ParsedRun): { readonly outcome: Omit<RunOutcome, 'executor'>; readonly broken: boolean } {
    this.#host.begin();
    let broken = false;
    let ending: Ending;
    try {
      ending = this.#guest(request);
    } catch (error) {
      ending = this.#trapped(error);
      broken = this.#isBroken(error);
    }
    const fuel = this.#fuel.usedOf(request.fuel);
    this.#restore();
    return { outcome: { ...ending, stdout: this.#host.stdout, fuel }, broken };
  }

  #guest(request: ParsedRun): Ending {
    const { code, input, calls, checked } = request;
    const given =
      'values' in input ? { values: `[${input.values.join()}]` } : { expression: input.expression };
    const text = JSON.stringify({ code, values: null, expression: null, calls, checked, ...given });
    const parse = this.#prepare(`__parse(${ascii(JSON.stringify(ascii(text)))})`);
    const [run, end] = [this.#prepare('__run()'), this.#prepare('__end()')];
    this.#fuel.fill(request.fuel);
    this.#host.locked = true;
    // Parsing and checking is done before anything of the guest's has run.
    const parsed = this.#ask(parse);
    if (parsed[0] !== 'parsed') return told(parsed);
    this.#execute(run);
    return told(this.#ask(end));
  }

  /** Runs harness code that answers with exactly one message. */
  #ask(source: number): Message {
    this.#host.open = true;
    this.#host.message = undefined;
    this.#execute(source);
    this.#host.open = false;
    const said = this.#host.message;
    if (said === undefined) return ['channel', 'the harness did not answer'];
    const read = message.safeParse(said);
    return read.success ? read.data : ['channel', 'the harness answered in other words'];
  }

  /** Puts Python source into the memory; its address. */
  #prepare(source: string): number {
    const bytes = new TextEncoder().encode(`${source}\0`);
    const at = this.#call('malloc', bytes.length);
    new Uint8Array(this.#memory.buffer).set(bytes, at);
    return at;
  }

  #execute(source: number): void {
    this.#call('PyRun_SimpleString', source);
  }

  #call(name: string, argument: number): number {
    const found = this.#exports[name];
    if (typeof found !== 'function') throw new Error(`CPython has no ${name}`);
    return Number(Reflect.apply(found, undefined, [argument]));
  }

  #trapped(error: unknown): Ending {
    const { ended } = this.#host;
    if (ended !== undefined) return ended;
    if (this.#fuel.stackSpent || error instanceof RangeError)
      return { verdict: 'stack', message: 'too deep' };
    if (this.#fuel.spent) return { verdict: 'fuel', message: 'out of fuel' };
    // CPython does not always look whether it got the memory it asked for: at `s += s` it then traps.
    if (this.#host.wanting) return { verdict: 'memory', message: 'out of memory' };
    const said = error instanceof Error ? error.message : String(error);
    return { verdict: 'crash', message: said.slice(0, SANDBOX_MAX_MESSAGE_CHARS) };
  }

  /** A trap of CPython's own, or one of the host's stack, may have left something behind beyond the memory. */
  #isBroken(error: unknown): boolean {
    const meant = this.#host.ended !== undefined && this.#host.ended.verdict !== 'crash';
    return error instanceof RangeError || !(meant || this.#fuel.stackSpent || this.#fuel.spent);
  }

  #restore(): void {
    this.#host.locked = false;
    this.#host.open = false;
    this.#fuel.release();
    this.#restorer.restore(new Uint8Array(this.#memory.buffer));
    for (const [global, value] of this.#globals) global.value = value;
  }
}

function told([kind, said]: Message): Ending {
  if (kind === 'parsed') return { verdict: 'channel', message: 'the harness answered in other words' };
  if (kind !== 'value') return { verdict: kind, message: said };
  let first: ReturnType<typeof bothTexts> | undefined;
  for (const text of new Set(said)) {
    const read = readTypedJson(text);
    if (!read.ok) return { verdict: 'not-data', message: read.problem };
    if (first === undefined) first = bothTexts(read.value);
    else if (typedJson(read.value) !== first.value) return { verdict: 'unstable' };
  }
  return first === undefined ? { verdict: 'unstable' } : { verdict: 'value', ...first };
}

/** JSON that is a Python string as well, whatever the source's encoding is taken for. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
