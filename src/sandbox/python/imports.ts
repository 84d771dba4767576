/**
 * What CPython may ask of its host. While a guest runs, that is a dozen calls, each with an answer of ours that is the
 * same every time; everything else ends the run. There are no files, no network, no environment and no clock.
 */
import { SANDBOX_MAX_STDOUT_BYTES, SANDBOX_NOW_MS, VALUE_MAX_CHARS } from '../../limits.ts';
import type { Fuel } from '../fuel.ts';
import type { Verdict } from '../port.ts';

/** The harness' own way out: a file descriptor that no file can have. */
export const RESULT_FD = 977;
/** WASI's numbers: bad descriptor, no such file, cannot seek. */
const [EBADF, ENOENT, ESPIPE] = [8, 44, 70];
/** Room for a few values beside each other in the harness' message, bytes. */
const MAX_RESULT_BYTES = 4 * VALUE_MAX_CHARS;
/** Calls with no state behind them, left as they are. */
const HARMLESS = new Set([
  'JsvError_Check',
  '__syscall_stat64',
  '__syscall_lstat64',
  '__syscall_newfstatat',
  '__syscall_fstat64',
  '__syscall_getcwd',
  '__syscall_ioctl',
  '__syscall_fcntl64',
  'fd_fdstat_get',
  'emscripten_get_heap_max',
  '_gmtime_js',
  '_timegm_js',
]);
/** How one function of the module calls another by way of the host. */
const INNER = /^(_PyEM_TrampolineCall_JS|invoke_.*)$/;

type Call = (...args: unknown[]) => unknown;

/** Thrown through the module to end a run; the verdict is kept apart, as a guest's engine may swallow the exception. */
export class Ended extends Error {
  override readonly name = 'Ended';
}

/** The host of one CPython. */
export class PythonHost {
  /** Set once the module is there. */
  memory: WebAssembly.Memory | undefined;
  fuel: Fuel | undefined;
  /** A guest runs. */
  locked = false;
  /** The harness may write its message. */
  open = false;
  /** The guest wanted more memory than there is. What it does then may be caught, or go wrong. */
  wanting = false;
  /** Why the host ended the run, if it did. */
  ended: { readonly verdict: Verdict; readonly message: string } | undefined;
  /** What the harness said. */
  message: string | undefined;
  stdout = '';
  #stdoutBytes = 0;
  #seed = 1;
  #decoder = new TextDecoder();

  /** Before each run. */
  begin(): void {
    this.ended = undefined;
    this.wanting = false;
    this.message = undefined;
    this.stdout = '';
    this.#stdoutBytes = 0;
    this.#seed = 1;
    this.#decoder = new TextDecoder();
  }

  /** The module's imports, each behind our guard. */
  guarded(
    needed: readonly WebAssembly.ModuleImportDescriptor[],
    imports: WebAssembly.Imports,
  ): WebAssembly.Imports {
    const out: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const { module: from, name } of needed) {
      const given = imports[from]?.[name];
      if (given === undefined) throw new Error(`the glue lacks ${from}.${name}`);
      const guarded =
        typeof given === 'function' && !INNER.test(name) ? this.#guard(name, imports, given) : given;
      out[from] = { ...out[from], [name]: guarded };
    }
    return out;
  }

  // biome-ignore lint/complexity/noBannedTypes: this is what an import is
  #guard(name: string, imports: WebAssembly.Imports, given: Function): Call {
    const original: Call = (...args) => Reflect.apply(given, undefined, args);
    const always = this.#fixed(name, imports);
    if (always !== undefined) return always;
    const inside = this.#inside(name);
    return (...args) => {
      if (!this.locked) return original(...args);
      if (inside !== undefined) return inside(...args.map(Number));
      if (HARMLESS.has(name)) return original(...args);
      return this.end('blocked', `${name} is not there`);
    };
  }

  /** @throws Ended always; and nothing runs in the module after it */
  end(verdict: Verdict, message: string): never {
    this.ended ??= { verdict, message };
    this.fuel?.drain();
    throw new Ended(message);
  }

  /** Time and chance, which are the same at the start as in a run: the snapshot holds what they gave. */
  #fixed(name: string, imports: WebAssembly.Imports): Call | undefined {
    const call = (other: string, args: unknown[]): unknown => {
      const found = imports.env?.[other];
      return typeof found === 'function' ? Reflect.apply(found, undefined, args) : undefined;
    };
    switch (name) {
      case 'random_get':
        return (at, length) => this.#random(Number(at), Number(length));
      case 'emscripten_date_now':
        return () => SANDBOX_NOW_MS;
      case 'emscripten_get_now':
        return () => 0;
      case 'clock_time_get':
        return (clock, _, at) => {
          this.#view().setBigUint64(Number(at), clock === 0 ? BigInt(SANDBOX_NOW_MS) * 1_000_000n : 0n, true);
          return 0;
        };
      case '_tzset_js':
        return (timezone, daylight, standard, summer) => {
          for (const at of [timezone, daylight]) this.#view().setInt32(Number(at), 0, true);
          for (const at of [standard, summer]) this.#bytes(Number(at), 4).set([0x55, 0x54, 0x43, 0]);
        };
      case '_localtime_js':
        return (time, at) => {
          call('_gmtime_js', [time, at]);
          // Neither summer time nor distance from Greenwich.
          for (const field of [32, 36]) this.#view().setInt32(Number(at) + field, 0, true);
        };
      case '_mktime_js':
        return (at) => call('_timegm_js', [at]);
    }
    return undefined;
  }

  #random(at: number, length: number): number {
    this.fuel?.take(length);
    if (this.fuel?.spent === true && this.locked) this.end('fuel', 'out of fuel');
    const bytes = this.#bytes(at, length);
    for (let i = 0; i < length; i++) {
      this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
      bytes[i] = this.#seed >>> 24;
    }
    return 0;
  }

  #inside(name: string): ((...args: number[]) => unknown) | undefined {
    switch (name) {
      case 'fd_write':
        return (fd = 0, vectors = 0, count = 0, written = 0) => this.#write(fd, vectors, count, written);
      case 'fd_read':
        return (fd = 0, _vectors = 0, _count = 0, read = 0) => {
          if (fd !== 0) return EBADF;
          this.#view().setUint32(read, 0, true);
          return 0;
        };
      case 'fd_close':
        return () => EBADF;
      case 'fd_seek':
        return () => ESPIPE;
      case '__syscall_openat':
        return () => -ENOENT;
      case '__syscall_getdents64':
        return () => -EBADF;
      case 'emscripten_resize_heap':
        // All there may be is there since the boot.
        return () => {
          this.wanting = true;
          return 0;
        };
      case '_abort_js':
        return () => this.end('crash', 'CPython gave up');
    }
    return undefined;
  }

  #write(fd: number, vectors: number, count: number, written: number): number {
    const result = fd === RESULT_FD;
    if (!result && fd !== 1 && fd !== 2) return EBADF;
    if (result && !this.open) this.end('channel', 'the program wrote to the channel of results');
    const view = this.#view();
    let total = 0;
    let text = '';
    for (let i = 0; i < count; i++) {
      const length = view.getUint32(vectors + 8 * i + 4, true);
      total += length;
      if (total > (result ? MAX_RESULT_BYTES : SANDBOX_MAX_STDOUT_BYTES))
        this.end('output', 'too much output');
      text += this.#decoder.decode(this.#bytes(view.getUint32(vectors + 8 * i, true), length), {
        stream: !result,
      });
    }
    if (result) {
      // The harness says one thing. A guest that says more would fill the host's memory, where no limit counts it.
      if (this.message !== undefined) this.end('channel', 'more than one message');
      this.message = text;
    } else {
      this.#stdoutBytes += total;
      if (this.#stdoutBytes > SANDBOX_MAX_STDOUT_BYTES) this.end('output', 'too much output');
      this.stdout += text;
    }
    view.setUint32(written, total, true);
    return 0;
  }

  #view(): DataView {
    return new DataView(this.#buffer());
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer(), at, length);
  }

  #buffer(): ArrayBuffer {
    if (this.memory === undefined) throw new Error('CPython called before it was there');
    return this.memory.buffer;
  }
}
