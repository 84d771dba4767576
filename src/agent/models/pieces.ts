/** An answer as a provider streams it, read into our words: what both model ports (chat's and the loop's) are made of. */
import type { JobOutput, Usage } from '../../protocol/model.ts';
import type { ModelRequest } from '../chat/model-client.ts';
import type { LoopChunk } from '../loop/model.ts';
import { CallAssembly } from './call-assembly.ts';

export type Piece =
  /** Text, never empty. */
  | { readonly type: 'text'; readonly text: string }
  /** Parts of calls as the provider wrote them, unchecked. */
  | { readonly type: 'calls'; readonly calls: unknown }
  | PieceEnd;

interface PieceEnd {
  readonly type: 'end';
  readonly finishReason: JobOutput['finishReason'];
  /** Null where the provider counts no tokens. */
  readonly usage: Usage | null;
}

/** The answer to a question of `chat`: calls count where tools were offered, and are no more than noise where not. */
export function saidPieces(
  { tools = [] }: Pick<ModelRequest, 'tools'>,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<LoopChunk> {
  return tools.length === 0 ? textPieces(pieces) : wholeCalls(pieces);
}

async function* textPieces(pieces: AsyncIterable<Piece>): AsyncGenerator<Exclude<Piece, { type: 'calls' }>> {
  for await (const piece of pieces) if (piece.type !== 'calls') yield piece;
}

/** The answer with whole calls before its end. Ends the request, as too long, where calls go on beyond all bounds. */
export async function* wholeCalls(pieces: AsyncIterable<Piece>): AsyncGenerator<LoopChunk> {
  const assembly = new CallAssembly();
  for await (const piece of pieces) {
    if (piece.type === 'text') yield piece;
    else if (piece.type === 'calls') {
      if (assembly.take(piece.calls)) continue;
      yield* assembly.chunks();
      yield { type: 'end', finishReason: 'length', usage: null };
      return;
    } else {
      yield* assembly.chunks();
      yield piece;
    }
  }
}
