/** The other end of the fault points (workers/faults.ts): lets everything pass but the point under test. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FaultHarness {
  /** What FAULT_URL has to be. */
  readonly url: string;
  /**
   * Resolves when the point is reached, which then is never answered.
   *
   * @param times reached so often before, without consequence
   * @param about only for this job; else for whatever comes first
   */
  arm(point: string, times?: number, about?: string): Promise<void>;
  close(): void;
}

export async function startFaultHarness(): Promise<FaultHarness> {
  const armed = new Set<{ point: string; times: number; about: string | null; reached: () => void }>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://harness');
    const about = searchParams.get('about');
    const trap = [...armed].find(
      (one) => one.point === pathname.slice(1) && (one.about === null || one.about === about),
    );
    if (trap === undefined || trap.times-- > 0) {
      response.end();
      return;
    }
    armed.delete(trap);
    trap.reached();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arm: (point, times = 0, about) =>
      new Promise((resolve) => {
        armed.add({ point, times, about: about ?? null, reached: resolve });
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
