/**
 * Named points of a job's way at which a test may kill the process (RELIABILITY, K0–K15). Of a team's run: T1 a step
 * has begun, T2 a change is stored and not performed, T3 a step's work is done and not reported, T4 an entry of its
 * journal is stored, T5 a mail is sent and not noted. Of a verified job: V1 the sandbox has run a check, V2 the next
 * agent has it, and that is not stored. Without FAULT_URL, which only the kill tests set, passing a point costs one
 * comparison.
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
