/**
 * What an operator asks of nodes, from any node: actors and their tree, reports, a look at an actor, dead letters. Each executor is asked by
 * itself and has a short time to answer, so that one that is stuck leaves a gap and holds nothing else up.
 */
import { type ActorAddress, addressParts, executorAddress } from '#protocols/wire/address';
import { SkepError, toWireError } from '#protocols/wire/error';
import { deadLetterIdSchema, type OperatorRequest, type ReplayResult } from '#protocols/wire/operator';
import type { CallOptions } from './actor/ref.js';
import type { ActorInspection } from './executor/inspect.js';
import type { ListedDeadLetter } from './executor/operator.js';
import type { ActorSummary, ExecutorReport } from './executor/report.js';
import { EDGE_EXECUTOR, SYSTEM_EXECUTOR } from './executor/well-known.js';
import { type ActorFamily, assembleTree, type SupervisionTree } from './supervision/tree.js';

/** A node, and its executors that host actors. */
export interface NodePlace {
  readonly node: string;
  readonly incarnation: string;
  readonly executors: readonly number[];
}

/** Reports of a node. */
export interface NodeReports {
  readonly node: string;
  /** Of the executors that answered, by id. */
  readonly executors: readonly ExecutorReport[];
  /** Executors that did not answer in time. */
  readonly silent: readonly number[];
}

/** Dead letters of a node, newest first. */
export interface NodeDeadLetters {
  readonly letters: readonly ListedDeadLetter[];
  readonly silent: readonly number[];
}

/** Which dead letters are listed, and whether with their payloads. */
export interface DeadLetterQuery {
  readonly reason?: string;
  readonly payload?: boolean;
  /** Default 100 of each executor. */
  readonly limit?: number;
}

/** Which dead letters are sent again, and where to. */
export interface ReplayOptions {
  /** Only those of this reason; where no ids are given. */
  readonly reason?: string;
  /** Another receiver than theirs. */
  readonly to?: ActorAddress;
  /** Sends even those again that were sent before. */
  readonly force?: boolean;
}

type Ask = (to: ActorAddress, name: string, message: unknown, options: CallOptions) => Promise<unknown>;

/** Milliseconds an executor has to answer. */
const ANSWER_MS = 2_000;

/** Asks executors. */
export class NodeOperator {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** All living actors of a node. Rejects when one of its executors does not answer. */
  async list(place: NodePlace): Promise<readonly ActorSummary[]> {
    return ((await this.#askHosts(place, 'list')) as readonly (readonly ActorSummary[])[]).flat();
  }

  /** The supervision tree of a node. Rejects when one of its executors does not answer. */
  async tree(place: NodePlace): Promise<SupervisionTree> {
    const families = (await this.#askHosts(place, 'families')) as readonly (readonly ActorFamily[])[];
    return assembleTree(place.node, families.flat());
  }

  async reports(place: NodePlace): Promise<NodeReports> {
    const { answers, silent } = await this.#askAll(place, 'report', null);
    return { node: place.node, executors: answers as readonly ExecutorReport[], silent };
  }

  /** @throws SkepError NO_SUCH_ACTOR, NO_SUCH_NODE, CALL_TIMEOUT when its executor does not answer. */
  async inspect(address: ActorAddress, options: { readonly state?: boolean } = {}): Promise<ActorInspection> {
    const { node, incarnation, executor } = addressParts(address);
    const to = executorAddress(node, incarnation, executor);
    const request: OperatorRequest<'inspect'> = { address, ...options };
    return (await this.#ask(to, 'inspect', request, { timeoutMs: ANSWER_MS })) as ActorInspection;
  }

  async deadLetters(place: NodePlace, request: OperatorRequest<'deadLetters'> = {}): Promise<NodeDeadLetters> {
    const { answers, silent } = await this.#askAll(place, 'deadLetters', request);
    const letters = (answers as readonly (readonly ListedDeadLetter[])[]).flat();
    const newest = [...letters].sort((a, b) => b.atMs - a.atMs);
    return { letters: request.limit === undefined ? newest : newest.slice(0, request.limit), silent };
  }

  /** Sends these letters again, wherever they lie; a result for each one, in their order. @throws SkepError BAD_MESSAGE. */
  async replay(given: readonly string[], options: ReplayOptions = {}): Promise<readonly ReplayResult[]> {
    const ids = [...new Set(given)];
    const byExecutor = new Map<ActorAddress, string[]>();
    for (const id of ids) {
      const executor = executorOf(id);
      byExecutor.set(executor, [...(byExecutor.get(executor) ?? []), id]);
    }
    const asked = [...byExecutor].map(async ([executor, mine]): Promise<readonly ReplayResult[]> => {
      try {
        const request: OperatorRequest<'replay'> = { ids: mine, ...options };
        return (await this.#ask(executor, 'replay', request, { timeoutMs: ANSWER_MS })) as readonly ReplayResult[];
      } catch (error) {
        // Without an answer nobody knows whether the letters went: that is what is told.
        const { code } = toWireError(error);
        return mine.map((id) => ({ id, outcome: 'unanswered', reason: code }));
      }
    });
    const results = new Map((await Promise.all(asked)).flat().map((result) => [result.id, result]));
    return ids.flatMap((id) => results.get(id) ?? []);
  }

  /** Sends every cast of a node again that was not sent again and is kept whole. */
  async replayAll(place: NodePlace, options: ReplayOptions = {}): Promise<readonly ReplayResult[]> {
    const { answers } = await this.#askAll(place, 'replay', options);
    return (answers as readonly (readonly ReplayResult[])[]).flat();
  }

  /** Asks the executors that host actors; the system executor is always among them. */
  #askHosts({ node, incarnation, executors }: NodePlace, name: string): Promise<readonly unknown[]> {
    const hosts = [...new Set([SYSTEM_EXECUTOR, ...executors])];
    return Promise.all(
      hosts.map((executor) => this.#ask(executorAddress(node, incarnation, executor), name, null, {})),
    );
  }

  async #askAll(
    { node, incarnation, executors }: NodePlace,
    name: string,
    message: unknown,
  ): Promise<{ readonly answers: readonly unknown[]; readonly silent: readonly number[] }> {
    const silent: number[] = [];
    const asked = executorsOf(executors).map(async (executor): Promise<readonly unknown[]> => {
      try {
        const to = executorAddress(node, incarnation, executor);
        return [await this.#ask(to, name, message, { timeoutMs: ANSWER_MS })];
      } catch {
        silent.push(executor);
        return [];
      }
    });
    const answers = (await Promise.all(asked)).flat();
    return { answers, silent: silent.sort((a, b) => a - b) };
  }
}

/** All executors of a node: where there are threads, the edge and the system executor are beside those for actors. */
function executorsOf(executors: readonly number[]): readonly number[] {
  if (executors.every((id) => id === SYSTEM_EXECUTOR)) return [SYSTEM_EXECUTOR];
  return [...new Set([SYSTEM_EXECUTOR, ...executors, EDGE_EXECUTOR])];
}

/** The executor where a dead letter lies. */
function executorOf(id: string): ActorAddress {
  if (!deadLetterIdSchema.safeParse(id).success) {
    throw new SkepError('BAD_MESSAGE', `dead letter ${JSON.stringify(id)}: expected an id such as node-1@k3f9/2#17`, {
      id,
    });
  }
  return `${id.slice(0, id.indexOf('#'))}/0` as ActorAddress;
}
