import type { Env } from './env.ts';

export { AgentSession } from './agent-session.ts';
export { ClientAccount } from './client-account.ts';
export { Relay } from './relay.ts';
export { RelayLinks } from './relay-links.ts';
export { SearchIndex } from './search-index.ts';

export default {
  async fetch(request, env) {
    if (request.headers.get('upgrade') === 'websocket') return env.RELAY.getByName('main').fetch(request);
    return new Response('errand\n');
  },
} satisfies ExportedHandler<Env>;
