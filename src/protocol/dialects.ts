/** The registry of dialects: adding one means its file, a line here, and its test. */
import type { AgentKinds } from '../nostr/kinds.ts';
import { agentNip } from './agent-nip.ts';
import type { Dialect } from './dialect.ts';
import type { DialectName } from './model.ts';
import { nip90 } from './nip90.ts';

const registry = new WeakMap<AgentKinds, readonly Dialect[]>();

/** All dialects, for the kinds this deployment uses. */
export function dialects(kinds: AgentKinds): readonly Dialect[] {
  let all = registry.get(kinds);
  if (all === undefined) {
    all = [agentNip(kinds), nip90(kinds)];
    registry.set(kinds, all);
  }
  return all;
}

/** The dialect that a request of this kind is written in, or null when the kind is no request. */
export function dialectOf(kind: number, kinds: AgentKinds): Dialect | null {
  return dialects(kinds).find((dialect) => dialect.takes(kind)) ?? null;
}

/** The dialect of that name. */
export function dialectNamed(name: DialectName, kinds: AgentKinds): Dialect {
  const dialect = dialects(kinds).find((candidate) => candidate.name === name);
  if (dialect === undefined) throw new Error(`no dialect is called ${name}`);
  return dialect;
}
