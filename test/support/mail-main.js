/** The main module of a Worker that sends any mail by its binding when asked to: `POST /send-mail` with {from, to, raw}. */
import { EmailMessage } from 'cloudflare:email';
import edge from './edge.js';

export * from './edge.js';

export default {
  ...edge,
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '/send-mail') return edge.fetch(request, env, context);
    const { from, to, raw } = await request.json();
    return Response.json(await env.MAIL.send(new EmailMessage(from, to, raw)));
  },
};
