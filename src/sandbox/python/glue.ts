/** What is used of Pyodide's glue, which is handed in because it is a product of the build. */
import { SANDBOX_BOOT_TIMEOUT_MS } from '../../limits.ts';

export interface Pyodide {
  makeMemorySnapshot(): Uint8Array;
  runPython(code: string): unknown;
}

export interface Glue {
  readonly createPyodideModule: unknown;
  readonly loadPyodide: (options: Readonly<Record<string, unknown>>) => Promise<Pyodide>;
}

/** Loads without a package index; these are its own words for what it is. */
const LOCK_FILE = JSON.stringify({
  info: {
    abi_version: '2026_0',
    arch: 'wasm32',
    platform: 'emscripten_5_0_3',
    version: '314.0.7',
    python: '3.14.2',
  },
  packages: {},
});
/** An archive with nothing in it: every module that is needed lies in the snapshot. */
const EMPTY_ZIP = Uint8Array.of(80, 75, 5, 6, ...Array.from({ length: 18 }, () => 0));

const noCompiler = {
  construct(): never {
    throw new WebAssembly.CompileError('nothing is compiled at run time');
  },
};

export interface BootOptions {
  readonly glue: Glue;
  readonly instantiate: (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>;
  readonly module: WebAssembly.Module;
  readonly library?: Uint8Array<ArrayBuffer>;
  readonly snapshot?: {
    /** Pyodide's own words about it. */
    readonly head: Uint8Array;
    fill(memory: Uint8Array): void;
  };
}

/**
 * Boots CPython. The glue wants a page around it: while it loads, it is given one, and `fetch` and the compiler are
 * ours. Two boots must not run at once.
 *
 * @throws Error where it does not load, and also where it never says so
 */
export async function bootPyodide(options: BootOptions): Promise<Pyodide> {
  const { glue, instantiate, module, library, snapshot } = options;
  const replaced: [object, string, unknown][] = [];
  const replace = (target: object, name: string, value: unknown): void => {
    replaced.push([target, name, Reflect.get(target, name)]);
    Reflect.set(target, name, value);
  };
  replace(globalThis, 'location', { href: 'https://sandbox/', toString: () => 'https://sandbox/' });
  replace(
    globalThis,
    'fetch',
    async (url: unknown) => new Response(String(url).endsWith('.zip') ? (library ?? EMPTY_ZIP) : ''),
  );
  // What fails here the glue would answer by other ways to load, and not all of them end.
  const failed = Promise.withResolvers<never>();
  replace(WebAssembly, 'instantiateStreaming', async (_: unknown, imports: WebAssembly.Imports) => {
    try {
      return { instance: await instantiate(imports), module };
    } catch (error) {
      failed.reject(error);
      throw error;
    }
  });
  const late = setTimeout(
    () => failed.reject(new Error('CPython does not come up')),
    SANDBOX_BOOT_TIMEOUT_MS,
  );
  // A Worker refuses to compile anything at run time. Elsewhere the glue would, and put what it got into the module's
  // table, where a snapshot made here would expect it there.
  replace(WebAssembly, 'Module', new Proxy(WebAssembly.Module, noCompiler));
  // A channel for its scheduler, which nobody uses, would keep a process of Node's from ending.
  replace(globalThis, 'MessageChannel', undefined);
  if (!('setImmediate' in globalThis))
    replace(globalThis, 'setImmediate', (then: () => void) => setTimeout(then, 0));
  try {
    const loading = glue.loadPyodide({
      indexURL: 'https://sandbox/',
      lockFileContents: LOCK_FILE,
      createPyodideModule: glue.createPyodideModule,
      jsglobals: {},
      stdout: () => undefined,
      stderr: () => undefined,
      stdin: () => null,
      env: { HOME: '/', LANG: 'C.UTF-8', PYTHONHASHSEED: '0' },
      enableRunUntilComplete: false,
      ...(snapshot === undefined
        ? { _makeSnapshot: true }
        : {
            _loadSnapshot: snapshot.head,
            _fillMemory: (heap: Int8Array) => snapshot.fill(new Uint8Array(heap.buffer)),
          }),
    });
    return await Promise.race([loading, failed.promise]);
  } finally {
    clearTimeout(late);
    for (const [target, name, value] of replaced.reverse()) Reflect.set(target, name, value);
  }
}
