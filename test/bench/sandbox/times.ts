/** How long something takes, by the wall. */

/** Sorted, ms. */
export type Times = readonly number[];

export function at(times: Times, share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** @param work gets the number of the turn, from 0 */
export async function many(count: number, work: (turn: number) => Promise<unknown>): Promise<Times> {
  const times: number[] = [];
  for (let turn = 0; turn < count; turn++) times.push(await timed(() => work(turn)));
  return times.sort((a, b) => a - b);
}
