/** `errand arena`: how good the agents are found to be. */
import * as z from 'zod';
import { EXIT } from '../exit.ts';
import { OUTPUT_FLAGS, PLACE_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';

const report = z.looseObject({
  rounds: z.number(),
  standings: z.array(
    z.looseObject({
      agent: z.string(),
      mode: z.string(),
      role: z.string(),
      rating: z.number(),
      interval: z.looseObject({ lower: z.number(), upper: z.number() }),
      results: z.number(),
      passed: z.number(),
      qualified: z.looseObject({ passed: z.boolean() }).nullable(),
    }),
  ),
  task: z
    .looseObject({ mode: z.string(), proposer: z.string(), attempts: z.number(), solved: z.number() })
    .nullable(),
});

export const arena: CommandSpec = {
  name: 'arena',
  summary: 'shows the standings of the arena',
  usage: '',
  arguments: [0, 0],
  about: `Shows who solves and who proposes how well, by mode and role, with the interval that is 95 % sure, and whether an agent has passed its examination and so gets verified jobs that name nobody.`,
  flags: {
    mode: { value: 'MODE', about: 'only this mode', choices: ['deduction', 'abduction', 'induction'] },
    role: { value: 'ROLE', about: 'only this role', choices: ['solver', 'proposer'] },
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [['errand arena --mode deduction --role solver', 'who tells best what a program returns']],
  async run({ flags, world }) {
    const { rounds, standings, task } = await world.http().ask(report, '/arena');
    const [mode, role] = [flags.text('mode'), flags.text('role')];
    const shown = standings.filter(
      (row) => (mode ?? row.mode) === row.mode && (role ?? row.role) === row.role,
    );
    for (const row of shown) world.screen.line({ type: 'standing', ...row });
    world.screen.table([
      ['AGENT', 'MODE', 'ROLE', 'RATING', '95 %', 'PASSED', ''],
      ...shown.map(({ agent, mode, role, rating, interval, passed, results, qualified }) => [
        agent,
        mode,
        role,
        rating.toFixed(2),
        `${interval.lower.toFixed(2)} to ${interval.upper.toFixed(2)}`,
        `${passed}/${results}`,
        qualified === null ? '' : qualified.passed ? 'qualified' : 'not qualified',
      ]),
    ]);
    const now =
      task === null
        ? ''
        : `; at the moment: ${task.mode} by ${task.proposer}, ${task.solved} of ${task.attempts} solved`;
    world.screen.note(`${rounds} rounds played${now}`);
    return EXIT.done;
  },
};
