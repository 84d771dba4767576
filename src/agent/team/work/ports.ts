/** What a piece of a team's work needs from outside. */
import type { AgentPrices } from '../../../protocol/prices.ts';
import type { LoopPorts, Note } from '../../loop/ports.ts';
import type { ToolHouse } from '../../tools/registry.ts';

export interface WorkPorts extends Pick<LoopPorts, 'model' | 'store' | 'clock' | 'count' | 'random' | 'log'> {
  readonly prices: AgentPrices;
  /** The name of the model, as the deployment knows it. */
  readonly modelName: string;
  /** What its question and answer together may be, tokens. */
  readonly maxContextTokens: number;
  /** What the tools stand on, with the step's own parts. */
  house(parts: Pick<ToolHouse, 'user' | 'artifacts'>): ToolHouse;
  /** The text of another version of the run, for `load_output`. */
  text(version: string): Promise<string | null>;
  /** What the client has said since the step began. */
  notes(): Promise<readonly Note[]>;
}
