/** The ports of checks for sessions whose jobs have none. */
import type { SessionPorts } from '../../src/job/ports.ts';

export const NO_CHECKS: Pick<SessionPorts, 'verified' | 'checks' | 'broker' | 'verdict'> = {
  verified: () => null,
  checks: {
    validate: async () => {
      throw new Error('nobody has a check');
    },
    judge: async () => {
      throw new Error('nobody has a check');
    },
  },
  broker: { nextAgent: async () => ({ type: 'nobody' }), callOff: async () => undefined },
  verdict: () => {
    throw new Error('nobody was judged');
  },
};
