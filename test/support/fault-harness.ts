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
   */
  arm(point: string, times?: number): Promise<void>;
  close(): void;
}

export async function startFaultHarness(): Promise<FaultHarness> {
  let armed: { point: string; times: number; reached: () => void } | null = null;
  const server = createServer((request, response) => {
    const point = new URL(request.url ?? '/', 'http://harness').pathname.slice(1);
    if (armed?.point !== point || armed.times-- > 0) {
      response.end();
      return;
    }
    armed.reached();
    armed = null;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arm: (point, times = 0) =>
      new Promise((resolve) => {
        armed = { point, times, reached: resolve };
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
