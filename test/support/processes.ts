/** Process groups: signalling one whole, seeing whether any of it still runs, what CPU time it has used, what memory it has. */
import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks a second on every Linux of today (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS_PER_S = 100;
/** Of memory, on the machines this runs on (sysconf(_SC_PAGESIZE)). */
const PAGE_BYTES = 4_096;

/** Whether the group exists (signal 0), or was there to be signalled. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    throw error;
  }
}

/**
 * Whether a process of the group still runs. A killed orphan stays in the group as a zombie until init collects it,
 * which holds no socket and no file, so on Linux zombies are told apart.
 */
export function groupIsAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  return process.platform === 'linux' ? statsOf(group).length > 0 : true;
}

/** User and system time of all living processes of the group, ms. Linux only. */
export function groupCpu_ms(group: number): number {
  // utime and stime are fields 14 and 15 of proc(5); the first two are not in the list.
  const ticks = statsOf(group).reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), 0);
  return (ticks * 1000) / TICKS_PER_S;
}

/** Resident memory of all living processes of the group, bytes; what they share is counted for each. Linux only. */
export function groupRss_bytes(group: number): number {
  // rss is field 24 of proc(5).
  return statsOf(group).reduce((sum, stat) => sum + Number(stat[21]) * PAGE_BYTES, 0);
}

/** Fields of /proc/<pid>/stat from the state on (then parent, then group), zombies left out. */
function statsOf(group: number): string[][] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = statOf(name);
    const [state, , of] = stat;
    return of === String(group) && state !== 'Z' && state !== 'X' ? [stat] : [];
  });
}

function statOf(pid: string): string[] {
  try {
    // The second field is the command's name in parentheses, which may itself hold spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    // Gone between the listing and the look.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return [];
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
