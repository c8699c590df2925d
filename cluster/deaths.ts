/**
 * Tells the other nodes that a thread of this one died, and later that its replacement can be reached. The news goes to
 * each executor of each member itself, so that no busy main thread over there delays it, and on two lanes: on `control`
 * it is never behind bulk traffic, and on `data` it comes before the first word of the replacement, which is sent later
 * to the same place. Whichever is second is old to its receiver, as is all that is repeated after a broken connection.
 */
import { type ActorAddress, executorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { encodeFrame } from '#runtime/codec/frame';
import type { ExecutorDeath } from '#runtime';
import { EDGE_EXECUTOR, SYSTEM_EXECUTOR } from '#runtime/executor/well-known';
import type { NodeInfo } from './membership/members.js';
import type { Transport, Unsubscribe } from './transport/port.js';

/** Lanes that the news takes. */
const LANES = ['control', 'data'] as const;

/** The latest about one executor. */
interface News {
  readonly death: ExecutorDeath;
  readonly replaced: boolean;
}

/** Tells the members of a cluster about the threads of `self`. */
export class DeathNews {
  readonly #transport: Transport;
  readonly #self: Pick<NodeInfo, 'name' | 'incarnation'>;
  readonly #members: () => readonly NodeInfo[];
  /** By executor; told again when the connection comes back, since nobody knows what was lost with it. */
  readonly #latest = new Map<number, News>();
  readonly #stop: Unsubscribe;

  constructor(transport: Transport, self: Pick<NodeInfo, 'name' | 'incarnation'>, members: () => readonly NodeInfo[]) {
    this.#transport = transport;
    this.#self = self;
    this.#members = members;
    this.#stop = transport.onStatus((status) => {
      if (status === 'connected') for (const news of this.#latest.values()) this.#send(news);
    });
  }

  /** Resolves once the server has the news, so that whatever is sent afterwards is behind it. Never rejects. */
  async tell(death: ExecutorDeath, replaced: boolean): Promise<void> {
    const news = { death, replaced };
    this.#latest.set(death.executor, news);
    this.#send(news);
    // Cut off from the server it is told again later.
    await this.#transport.flush().catch(() => {});
  }

  close(): void {
    this.#stop();
  }

  #send({ death, replaced }: News): void {
    const { name, incarnation } = this.#self;
    const { executor: id, ...rest } = death;
    const executor = executorAddress(name, incarnation, id);
    const from = executorAddress(name, incarnation, EDGE_EXECUTOR);
    const type = replaced ? 'executor-up' : 'executor-down';
    for (const member of this.#members()) {
      if (member.name === name) continue;
      for (const receiver of new Set([SYSTEM_EXECUTOR, EDGE_EXECUTOR, ...member.executors])) {
        const to: ActorAddress = executorAddress(member.name, member.incarnation, receiver);
        const envelope: Envelope = { kind: 'signal', to, from, signal: { type, executor, ...rest } };
        for (const lane of LANES) this.#transport.send(member.name, receiver, lane, encodeFrame([envelope]));
      }
    }
  }
}
