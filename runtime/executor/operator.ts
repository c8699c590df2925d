/** Answers what an operator asks of an executor; the requests may come from other nodes and are checked. */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { type OperatorCall, type OperatorRequest, operatorRequests } from '#protocols/wire/operator';
import { type DeadLetter, type DeadLetters, payloadOf } from '../telemetry/dead-letters.js';
import type { Cell } from './cell.js';
import type { CellHost } from './cell-host.js';
import { inspectCell } from './inspect.js';
import type { Replay } from './replay.js';
import type { ReadonlySerialTable } from './serial-table.js';

/** What an operator may look into. */
interface Parts {
  readonly executor: CellHost & { readonly cells: ReadonlySerialTable<Cell> };
  readonly letters: DeadLetters;
  readonly replay: Replay;
}

/** A dead letter in a listing. */
export interface ListedDeadLetter extends DeadLetter {
  /** Only when asked for and kept. */
  readonly payload?: unknown;
}

type Answers = { readonly [C in OperatorCall]: (parts: Parts, request: OperatorRequest<C>) => unknown };

const DEFAULT_LIMIT = 100;

const answers: Answers = {
  inspect: ({ executor }, { address, state = false }) => {
    const cell = cellAt(executor.cells, address);
    if (cell === undefined) throw new SkepError('NO_SUCH_ACTOR', `no actor at ${address}`, { address });
    return inspectCell(cell, executor, state);
  },
  deadLetters: ({ letters }, { reason, payload = false, limit = DEFAULT_LIMIT }): readonly ListedDeadLetter[] =>
    letters
      .kept()
      .filter(({ letter }) => reason === undefined || letter.reason === reason)
      .slice(0, limit)
      .map((kept) =>
        payload && kept.payload !== undefined ? { ...kept.letter, payload: payloadOf(kept) } : kept.letter,
      ),
  replay: ({ replay }, request) => replay.run(request),
};

function cellAt(cells: ReadonlySerialTable<Cell>, address: ActorAddress): Cell | undefined {
  const cell = cells.get(addressParts(address).serial);
  return cell?.address === address ? cell : undefined;
}

/** The answer to a call; undefined when there is no such call. @throws SkepError BAD_MESSAGE, NO_SUCH_ACTOR. */
export function operate(parts: Parts, name: string, message: unknown): unknown {
  if (!isOperatorCall(name)) return undefined;
  const parsed = operatorRequests[name].safeParse(message ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new SkepError('BAD_MESSAGE', `${name} request: ${field}: ${issue?.message ?? 'invalid'}`, { field });
  }
  // Handler and request belong together by construction; the compiler sees only the union of all pairs.
  const answer = answers[name] as (parts: Parts, request: unknown) => unknown;
  return answer(parts, parsed.data);
}

function isOperatorCall(name: string): name is OperatorCall {
  return Object.hasOwn(operatorRequests, name);
}
