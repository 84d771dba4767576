/** The tools of one step: each role of it has those its definition names, as far as the deployment has them. */
import type { Tool } from '../../loop/tool.ts';
import type { ArtifactStore } from '../../tools/earlier-output.ts';
import { availableTools, grantTools, type ToolHouse } from '../../tools/registry.ts';
import type { Role } from '../config.ts';
import type { TeamBrief } from '../desk/brief.ts';
import type { WorkPorts } from './ports.ts';

export interface Toolbox {
  of(role: Role): readonly Tool[];
  /** Closes connections to tool servers. */
  close(): Promise<void>;
}

export async function toolboxOf(
  brief: TeamBrief,
  role: Role,
  ports: Pick<WorkPorts, 'house' | 'text'>,
  parts: Pick<ToolHouse, 'user' | 'hire'>,
  signal: AbortSignal,
): Promise<Toolbox> {
  const house = ports.house({ ...parts, artifacts: outputsOf(brief, ports) });
  const helpers = role.helpers.flatMap((name) => brief.team.roles[name] ?? []);
  // Only who hands in the step speaks with the user: a helper's question would come from nobody the user knows.
  const namesOf = (one: Role) =>
    availableTools(one === role ? one.tools : one.tools.filter((name) => name !== 'ask_user'), house);
  const names = [...new Set([role, ...helpers].flatMap(namesOf))];
  const { tools, close } = await grantTools(names, house, signal);
  return {
    of: (one) => {
      const granted = new Set(namesOf(one));
      return tools.filter(({ name }) => granted.has(name));
    },
    close,
  };
}

/** Outputs of this run, each the one version it is. */
function outputsOf(brief: TeamBrief, ports: Pick<WorkPorts, 'text'>): ArtifactStore {
  const infos = brief.outputs.map((output) => ({ ...output, version: 1 }));
  return {
    list: async () => infos.toReversed(),
    async read(id) {
      const info = infos.find((one) => one.id === id);
      const text = info === undefined ? null : (brief.texts[id] ?? (await ports.text(id)));
      return info === undefined || text === null ? null : { info, text };
    },
  };
}
