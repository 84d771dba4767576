/** The agents' cards as MCP resources. */
import type { KeyedAgent } from '../../protocol/agent.ts';
import type { ToolHouse } from './tool.ts';

export interface McpResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

export function resourcesOf({ desk, agents }: ToolHouse): McpResource[] {
  return desk.door.agents.map((agent) => ({
    uri: agents.cardUrl(agent),
    name: `${agent.slug}-card`,
    title: `Card of ${agent.name}`,
    description: agent.description,
    mimeType: 'application/json',
  }));
}

/** The card at a URL, as it is announced; null when none is there. */
export async function readCard({ desk, agents }: ToolHouse, uri: string): Promise<string | null> {
  const agent: KeyedAgent | undefined = desk.door.agents.find((one) => agents.cardUrl(one) === uri);
  return agent === undefined ? null : await agents.card(agent);
}
