/** What the doors for agent programs answer in. */
import * as z from 'zod';

/** An answer in JSON-RPC 2.0: MCP and A2A define what is in it. */
export const RpcMessage = z.looseObject({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ code: z.int(), message: z.string() }).optional(),
});
