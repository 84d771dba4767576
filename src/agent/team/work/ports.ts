/** What a piece of a team's work needs from outside. */
import type { Executor } from '../../../checks/executor.ts';
import type { Msats } from '../../../payment/msats.ts';
import type { AgentPrices } from '../../../protocol/prices.ts';
import type { LoopPorts, Note } from '../../loop/ports.ts';
import type { ToolHouse } from '../../tools/registry.ts';
import type { StepReport } from '../desk/steps.ts';

export type Hiring = NonNullable<ToolHouse['hire']> & {
  /** What its hires have cost so far, those included that are under way; asked when a drive ends. */
  spent(): Promise<Msats>;
};

/** What came of a drive. */
export interface Driven extends StepReport {
  /** It was cut off by its signal; what it used is told all the same. */
  readonly cut: boolean;
}

export interface WorkPorts extends Pick<LoopPorts, 'model' | 'store' | 'clock' | 'count' | 'random' | 'log'> {
  readonly prices: AgentPrices;
  /** The name of the model, as the deployment knows it. */
  readonly modelName: string;
  /** What its question and answer together may be, tokens. */
  readonly maxContextTokens: number;
  /** What the tools stand on, with the step's own parts. */
  house(parts: Pick<ToolHouse, 'user' | 'artifacts' | 'hire'>): ToolHouse;
  /**
   * What `hire_agent` stands on for one journal; null where nobody can be paid.
   * @param limit of all its hires
   * @param latest_ms when nobody waits for one any more, Unix ms
   */
  hiring(journal: string, limit: Msats, latest_ms: number): Hiring | null;
  /** The text of another version of the run, for `load_output`. */
  text(version: string): Promise<string | null>;
  /** What runs the programs of checks. */
  readonly executor: Executor;
  /** What the client has said since the step began. */
  notes(): Promise<readonly Note[]>;
}
