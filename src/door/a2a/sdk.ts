/** The official SDK of A2A, loaded with the first request that needs it. */

export async function loadA2a() {
  const [{ Role, TaskState, AgentCard }, server, legacy, errors] = await Promise.all([
    import('@a2a-js/sdk'),
    import('@a2a-js/sdk/server'),
    import('@a2a-js/sdk/compat/v0_3/server'),
    import('@a2a-js/sdk/errors'),
  ]);
  return { Role, TaskState, AgentCard, server, legacy, errors };
}

export type A2aSdk = Awaited<ReturnType<typeof loadA2a>>;
