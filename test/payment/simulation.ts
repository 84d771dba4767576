/**
 * A money machine in a bad world. Effects are stored with the state (as the session does) and then performed: at least
 * once, in any order, with requests lost, answers lost, answers late, crashes before and after. The machine under test
 * is a parameter, so that mutants of it run through the same world.
 */
import { seeded } from '../support/random.ts';

export interface Machine<State, Input, Effect> {
  readonly open: (now_ms: number) => { readonly state: State; readonly effects: readonly Effect[] };
  readonly advance: (
    state: State,
    input: Input,
    now_ms: number,
  ) => { readonly state: State; readonly effects: readonly Effect[] };
  readonly nextTick: (state: State) => number | null;
}

export interface World<State, Input, Effect> {
  readonly tick: Input;
  /** Performs an effect on the outside; what comes back are inputs. */
  perform(effect: Effect, now_ms: number): readonly Input[];
  /** Time passes: others act, blocks come. Inputs are what reaches the machine by itself. */
  live(state: State, now_ms: number, random: () => number): readonly Input[];
  /** Called after every step of the machine. */
  check(before: State, input: Input | null, after: State, effects: readonly Effect[], now_ms: number): void;
}

export interface Faults {
  readonly crash: number;
  readonly lostRequest: number;
  readonly lostAnswer: number;
  readonly lateAnswer: number;
  readonly repeated: number;
}

export const FAULTS: Faults = {
  crash: 0.08,
  lostRequest: 0.12,
  lostAnswer: 0.15,
  lateAnswer: 0.15,
  repeated: 0.1,
};
const CALM: Faults = { crash: 0, lostRequest: 0, lostAnswer: 0, lateAnswer: 0, repeated: 0 };

/** Rounds with faults, then rounds without, so that whatever can end does. */
const BAD_ROUNDS = 120;
const CALM_ROUNDS = 400;

/** Runs one schedule and returns the last state. The same seed gives the same run. */
export function simulate<State, Input, Effect>(
  machine: Machine<State, Input, Effect>,
  world: World<State, Input, Effect>,
  seed: number,
): { readonly state: State; readonly now_ms: number } {
  const random = seeded(seed);
  let now_ms = 1_700_000_000_000;
  const outbox: Effect[] = [];
  let late: { readonly at: number; readonly input: Input }[] = [];
  let state: State;
  const step = (input: Input): void => {
    const before = state;
    const next = machine.advance(before, input, now_ms);
    state = next.state;
    outbox.push(...next.effects);
    world.check(before, input, state, next.effects, now_ms);
  };
  const opened = machine.open(now_ms);
  state = opened.state;
  outbox.push(...opened.effects);
  world.check(state, null, state, opened.effects, now_ms);

  for (let round = 0; round < BAD_ROUNDS + CALM_ROUNDS; round++) {
    const faults = round < BAD_ROUNDS ? FAULTS : CALM;
    const chance = (probability: number): boolean => random() < probability;
    now_ms += Math.floor(chance(0.1) ? random() * 300_000 : random() * 8_000);
    for (const input of world.live(state, now_ms, random)) step(input);
    const due = late.filter(({ at }) => at <= now_ms);
    late = late.filter(({ at }) => at > now_ms);
    for (const { input } of due) step(input);
    const tick = machine.nextTick(state);
    if (tick !== null && tick <= now_ms) step(world.tick);
    for (const effect of outbox.splice(0)) {
      // A crash before performing: the outbox still has it after the restart.
      if (chance(faults.crash)) {
        outbox.push(effect);
        continue;
      }
      if (chance(faults.lostRequest)) continue;
      const answers = world.perform(effect, now_ms);
      // A crash after performing, before that was noted: performed again.
      if (chance(faults.repeated)) outbox.push(effect);
      if (chance(faults.lostAnswer)) continue;
      for (const input of answers) {
        if (chance(faults.lateAnswer)) late.push({ at: now_ms + Math.floor(random() * 120_000), input });
        else step(input);
      }
    }
  }
  return { state, now_ms };
}

/** Seeds whose run breaks a rule: none for the machine, some for every mutant. */
export function failingSeeds(count: number, run: (seed: number) => void): number[] {
  const failing: number[] = [];
  for (let seed = 1; seed <= count; seed++) {
    try {
      run(seed);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      failing.push(seed);
    }
  }
  return failing;
}

/** A rule of money was broken. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function must(holds: boolean, rule: string): void {
  if (!holds) throw new Violation(rule);
}
