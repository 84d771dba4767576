/** Who plays: a model, an agent of somebody, or the baseline that needs neither. All take the same seats. */
import type { Seat } from './collusion.ts';
import type { Random } from './random.ts';
import type { Question, Task } from './task.ts';
import type { Order } from './try-out.ts';

/** A stored task as a proposer is shown it. */
export interface Reference {
  readonly task: Task;
  /** The share of attempts that solved it; null where not all were made, and for seeds. */
  readonly solveRate: number | null;
}

/** Both answer with whole texts, wrapper included. An agent that fails to answer answers the empty text. */
export interface Proposer extends Seat {
  propose(order: Order, references: readonly Reference[], random: Random): Promise<string>;
}

export interface Solver extends Seat {
  /** @param published tasks that are over, which anybody may learn from; the oldest first */
  solve(question: Question, published: readonly Task[], random: Random): Promise<string>;
}
