/** What an agent is. Its home is the protocol layer, which routes by it and writes its card. */
export type { AgentDefinition, KeyedAgent, RuntimeName } from '../protocol/agent.ts';
