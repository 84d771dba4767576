/** What AZR does: a process of the machine's own Python for every check. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Task } from './tasks.ts';

/** Kernel ticks a second (sysconf(_SC_CLK_TCK)). */
const TICKS_PER_S = 100;

/** The interpreter itself: what is first in the path may be a script that looks for it. */
const PYTHON = execFileSync('python3', ['-I', '-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim();

/** @throws Error where it does not end well: whoever fails is fast */
export async function nativeCheck({ code, expression }: Task): Promise<void> {
  const child = spawn(PYTHON, ['-I', '-c', `${code}\nprint(repr(f(${expression})))`], { stdio: 'ignore' });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`python3 ended with ${status}`);
}

/** User and system time of all children of this process that have ended, ms. Linux only. */
export function childrenCpu_ms(): number {
  // cutime and cstime are fields 16 and 17 of proc(5).
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[13]) + Number(fields[14])) * 1000) / TICKS_PER_S;
}
