/** The price before the click. */
import { Hono } from 'hono';
import { JobError } from '../../errors.ts';
import { toNumber } from '../../payment/msats.ts';
import { refuseQuote } from '../../payment/pricing.ts';
import { agentNip } from '../../protocol/agent-nip.ts';
import type { JobBody } from '../../protocol/model.ts';
import { checkBody } from '../../protocol/validate.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readBody } from '../query.ts';
import { QuoteRequest } from '../schemas-pages.ts';

export function quoteRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const dialect = agentNip(ports.kinds);

  /** Reads what the form would sign as the session will read it, so that both find the same things wrong. */
  function bodyOf(request: object, contract: object | null): JobBody {
    const tags = [['request', JSON.stringify(request)]];
    if (contract !== null) tags.push(['contract', JSON.stringify(contract)]);
    const unsigned = { id: '', pubkey: '', kind: ports.kinds.task, created_at: 0, tags, content: '' };
    return dialect.body(unsigned, dialect.envelope(unsigned, 'none'), () => '');
  }

  app.post('/agents/:slug/quote', async (c) => {
    const agent = ports.agents.find(({ slug }) => slug === c.req.param('slug'));
    if (agent === undefined) throw new JobError('NOT_FOUND', 'no agent has this name');
    const { request, contract, client } = await readBody(c, QuoteRequest);
    const body = checkBody(bodyOf(request, contract), agent, 'agent');
    const quote = ports.quote(agent, body, client);
    const refusal = refuseQuote({ ...quote, prices: agent.prices }, body);
    if (refusal !== null) throw new JobError(refusal.code, refusal.message, refusal.details);
    return c.json({
      max_msats: toNumber(quote.max),
      fixed: quote.fixed,
      checked: quote.checked,
      payment_methods: [...agent.paymentMethods],
    });
  });
  return app;
}
