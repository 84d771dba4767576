/** The form to post a job. */
import { Hono } from 'hono';
import { PostPage, postFacts } from '../pages/post.tsx';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { agentView } from '../views.ts';

export function postRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/post', (c) => {
    const wanted = c.req.query('agent');
    const agent = wanted === undefined ? ports.agents[0] : ports.agents.find(({ slug }) => slug === wanted);
    return sendPage(
      c,
      ports,
      {
        title: agent === undefined || wanted === undefined ? 'Post a job' : `Post a job to ${agent.name}`,
        description: 'Say what is to be done, see what it costs at the most, sign, and watch it being done.',
        path: '/post',
        here: 'post',
        islands: ['post'],
        reach: 'relays',
      },
      <PostPage
        agents={ports.agents.map((one) => agentView(ports, one))}
        agent={agent === undefined ? null : agentView(ports, agent)}
        facts={agent === undefined ? null : postFacts(agent)}
        relay={ports.relays[0] ?? ''}
      />,
    );
  });
  return app;
}
