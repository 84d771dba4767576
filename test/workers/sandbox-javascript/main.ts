/** The sandbox without Python, for tests in workerd that would load 28 MB for every file. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import quickjs from '../../../dist/sandbox/quickjs.wasm';
import { javascriptEngine } from '../../../src/sandbox/javascript/engine.ts';
import { type RunOutcome, runRequest } from '../../../src/sandbox/port.ts';

const engine = javascriptEngine(quickjs, 'quickjs+test');

export default class Sandbox extends WorkerEntrypoint {
  async run(request: unknown): Promise<RunOutcome> {
    const parsed = runRequest.parse(request);
    if (parsed.language !== 'javascript') throw new Error('there is no Python here');
    return engine.run(parsed);
  }
}
