/**
 * Named points of a job's way at which a test may kill the process (RELIABILITY, K0–K15). Without FAULT_URL,
 * which only the kill tests set, passing a point costs one comparison.
 */

export interface FaultEnv {
  readonly FAULT_URL?: string;
}

/**
 * Tells the harness that `name` was reached and waits for its answer; the harness kills the whole process tree
 * instead of answering when this is the point under test.
 */
export async function faultPoint(env: FaultEnv, name: string, about: string): Promise<void> {
  if (env.FAULT_URL === undefined) return;
  await fetch(`${env.FAULT_URL}/${name}?about=${encodeURIComponent(about)}`);
}
