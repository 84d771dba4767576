/**
 * Builds what the services of the tests run, once and before any of them starts: from cold that takes longer than all else
 * of a start, and files that start together would each do it.
 */
import { buildSandboxWorker, buildWorker } from '../../scripts/local/build.ts';

export async function setup(): Promise<void> {
  await Promise.all([buildWorker(), buildSandboxWorker()]);
}
