/** What a scripted OpenAI-compatible server (model-server.ts) says when it calls tools, and what it was told of them. */
import type { AskedModel, Script } from './model-server.ts';

export interface WantedCall {
  readonly name: string;
  readonly args: unknown;
}

/** An answer that calls tools, each call in two pieces as providers send them. */
export function calling(...calls: readonly WantedCall[]): Script {
  const pieces = calls.flatMap(({ name, args }, index) => {
    const text = JSON.stringify(args);
    const half = text.length >> 1;
    return [
      { index, id: `call_${index}`, type: 'function', function: { name, arguments: text.slice(0, half) } },
      { index, function: { arguments: text.slice(half) } },
    ];
  });
  return [
    ...pieces.map((piece) => ({ raw: chunk({ tool_calls: [piece] }, null) })),
    { raw: chunk({}, 'tool_calls') },
    { usage: [20, 10] },
    { raw: 'data: [DONE]\n\n' },
  ];
}

/** The call that hands in an answer. */
export function finalAnswer(answer: string): Script {
  return calling({ name: 'final_answer', args: { answer } });
}

function chunk(delta: unknown, finish_reason: string | null): string {
  const data = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, delta, finish_reason }],
  };
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** The messages of a question to the model, each with its role and text. */
export function messagesOf(
  asked: AskedModel | undefined,
): { readonly role: string; readonly content: string }[] {
  const { messages } = asked?.body ?? {};
  if (!Array.isArray(messages)) return [];
  return messages.map((message: { role?: unknown; content?: unknown }) => ({
    role: String(message.role),
    content: String(message.content),
  }));
}

/** Names of the tools it was offered. */
export function offeredTo(asked: AskedModel | undefined): string[] {
  const { tools } = asked?.body ?? {};
  return Array.isArray(tools)
    ? tools.map((tool: { function?: { name?: unknown } }) => String(tool.function?.name))
    : [];
}
