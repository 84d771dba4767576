/** What scripts/sandbox builds, for the type check of a checkout where it has not run yet. */
declare module '*/pyodide.asm.mjs' {
  const createPyodideModule: unknown;
  export default createPyodideModule;
}
declare module '*/pyodide.mjs' {
  export const loadPyodide: import('../src/sandbox/python/glue.ts').Glue['loadPyodide'];
}
declare module '*.bin' {
  const bytes: ArrayBuffer;
  export default bytes;
}
declare module '*/versions.txt' {
  const text: string;
  export default text;
}
