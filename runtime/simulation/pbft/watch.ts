/**
 * What must hold of the correct replicas of a group, looked at whenever one of them takes a step, signs, executes or
 * answers; so each look costs what has changed and not what has been. The names are those of the violations:
 *
 * - Agreement: no two correct replicas commit different digests at one sequence number, nor prepare them in one view.
 * - StateAgreement: after one sequence number all have executed the same history; stable checkpoints agree.
 * - Authenticity: what is executed was asked for by a client.
 * - ExecutionOrder, AtMostOnce: in order and without gaps; a request at most once, timestamps of a client rising.
 * - NoEquivocation: a correct replica signs one message for a place (type, view, sequence number), over all its lives,
 *   and nothing of a view that it has left.
 * - PromiseKept: after a restart it still has whatever it signed for its view, and the certificate of every commit.
 * - ViewProof: a view is entered with 2f + 1 view-changes of different replicas for it, and begins with what they prove.
 * - Watermarks, BoundedLog: nothing above H is signed, and whatever arrives the log stays within its limits.
 * - ClientAgreement, RealTimeOrder: a result that a client believes is that of the history, and the history has it after
 *   everything that was answered before it was asked for; together, linearizability.
 */
import type { ReplicaEffect } from '#protocols/pbft/effects';
import { NULL_DIGEST, signedBytes } from '#protocols/pbft/encoding';
import type { NewView, ReplicaBody, Request, Signed } from '#protocols/pbft/message';
import { type PbftSettings, primaryOf, quorum, type ReplicaId } from '#protocols/pbft/settings';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import { hash, hex } from './keys.js';
import type { Observer, ReplicaNode } from './replica-node.js';
import { Service } from './service.js';

/** What a history came to for one request. */
interface Outcome {
  /** Counted from 1. */
  readonly position: number;
  readonly result: string;
}

/** Looks at the correct replicas and the correct clients of a group. */
export class Watch implements Observer {
  /** The highest sequence number that any of them made stable. */
  stable = 0;
  readonly #world: World;
  readonly #settings: PbftSettings;
  readonly #committed = new Map<number, string>();
  readonly #prepared = new Map<string, string>();
  readonly #stables = new Map<number, string>();
  /** By replica, and then by place: what it signed there. */
  readonly #signed = new Map<ReplicaId, Map<string, { readonly content: string; readonly body: ReplicaBody }>>();
  /** The view that each replica has last asked for. */
  readonly #left = new Map<ReplicaId, number>();
  readonly #asked = new Set<string>();
  /** By node, in its present life. */
  readonly #executed = new Map<number, number>();
  readonly #history = new Service();
  /** The chain of the history after each sequence number. */
  readonly #chains: string[] = [''];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #timestamps = new Map<string, number>();
  /** The position that the latest answered request has in the history. */
  #answered = 0;

  constructor(world: World, settings: PbftSettings) {
    this.#world = world;
    this.#settings = settings;
  }

  /** A client, correct or not, has signed a request. */
  asks(request: Request): void {
    this.#asked.add(keyOf(request));
  }

  /** What has been answered by now; a request that is asked for later has to come behind it. */
  get floor(): number {
    return this.#answered;
  }

  /** A correct client believes a result. */
  believes(client: string, timestamp: number, result: Uint8Array, floor: number): void {
    const outcome = this.#outcomes.get(`${client} ${timestamp}`);
    const text = new TextDecoder().decode(result);
    if (outcome?.result !== text)
      throw new Violation(
        'ClientAgreement',
        `${client} believes ${text} of request ${timestamp}; the history has ${outcome?.result ?? 'no such request'}`,
      );
    if (outcome.position <= floor)
      throw new Violation(
        'RealTimeOrder',
        `request ${timestamp} of ${client} has position ${outcome.position}, and ${floor} was answered before it`,
      );
    this.#answered = Math.max(this.#answered, outcome.position);
  }

  stepped(node: ReplicaNode, effects: readonly ReplicaEffect[]): void {
    for (const effect of effects)
      switch (effect.type) {
        case 'prepared':
          this.#same(this.#prepared, `${effect.view}/${effect.seq}`, effect.digest, 'Agreement', 'prepared');
          break;
        case 'committed':
          this.#same(this.#committed, effect.seq, effect.digest, 'Agreement', 'committed');
          if (effect.digest === NULL_DIGEST) this.#world.met('null request committed');
          break;
        case 'stable':
          this.#same(this.#stables, effect.seq, effect.digest, 'StateAgreement', 'stable');
          this.stable = Math.max(this.stable, effect.seq);
          this.#world.met('checkpoint stable');
          break;
        case 'entered-view':
          this.#entered(node, effect.newView);
          break;
        case 'changing-view':
          this.#world.met(effect.patienceTicks > this.#settings.timeoutTicks ? 'timeout doubled' : 'view change');
          break;
        case 'refused':
          this.#world.met(`refused ${effect.what}: ${effect.why}`);
          break;
        default:
      }
    this.#bounded(node);
  }

  signing({ id, state }: ReplicaNode, body: ReplicaBody): void {
    switch (body.type) {
      case 'pre-prepare':
      case 'prepare':
      case 'commit':
        if (body.seq > lowOf(state) + this.#settings.logSize)
          throw new Violation('Watermarks', `n${id + 1} signs ${body.type} ${body.seq} above ${lowOf(state)} + L`);
        if (body.view < (this.#left.get(id) ?? 0))
          throw new Violation(
            'NoEquivocation',
            `n${id + 1} signs ${body.type} of view ${body.view}, which it has left`,
          );
        this.#place(id, `${body.type} ${body.view}/${body.seq}`, body);
        break;
      case 'checkpoint':
        this.#place(id, `checkpoint ${body.seq}`, body);
        break;
      case 'view-change':
        this.#left.set(id, Math.max(body.view, this.#left.get(id) ?? 0));
        this.#place(id, `view-change ${body.view}`, body);
        break;
      case 'new-view':
        this.#sound(id, body);
        this.#place(id, `new-view ${body.view}`, body);
        break;
      case 'reply':
      case 'status':
      case 'fetch':
        break;
      default:
    }
  }

  executed(
    { node, id, service }: ReplicaNode,
    { seq, requests }: Extract<ReplicaEffect, { readonly type: 'execute' }>,
  ): void {
    const before = this.#executed.get(node) ?? 0;
    if (seq !== before + 1) throw new Violation('ExecutionOrder', `n${id + 1} executes ${seq} after ${before}`);
    this.#executed.set(node, seq);
    for (const request of requests)
      if (!this.#asked.has(keyOf(request)))
        throw new Violation('Authenticity', `n${id + 1} executes at ${seq} what ${request.client} never asked for`);
    if (seq === this.#chains.length) this.#extend(requests);
    if (this.#chains[seq] !== service.chain)
      throw new Violation('StateAgreement', `n${id + 1} has another history after ${seq} than the first to execute it`);
    if (requests.length > 1) this.#world.met('batch of many');
  }

  started(node: ReplicaNode): void {
    this.#executed.set(node.node, 0);
    for (const [place, { body }] of this.#signed.get(node.id) ?? [])
      if (!keeps(node.state, body)) throw new Violation('PromiseKept', `n${node.id + 1} has forgotten ${place}`);
  }

  restored({ node }: ReplicaNode, seq: number): void {
    this.#executed.set(node, seq);
    if (seq > 0) this.#world.met('state restored');
  }

  /** The first replica to get there writes history. */
  #extend(requests: readonly Request[]): void {
    for (const { client, timestamp, operation } of requests) {
      if (timestamp <= (this.#timestamps.get(client) ?? -1))
        throw new Violation('AtMostOnce', `request ${timestamp} of ${client} is executed again, or too late`);
      this.#timestamps.set(client, timestamp);
      const result = new TextDecoder().decode(this.#history.execute(client, timestamp, operation));
      this.#outcomes.set(`${client} ${timestamp}`, { position: this.#history.count, result });
    }
    this.#chains.push(this.#history.chain);
  }

  #entered({ id }: ReplicaNode, newView: Signed<NewView>): void {
    this.#world.met('view entered');
    this.#sound(id, newView);
  }

  /** Told anew from the paper's sentences, not by the functions under test. */
  #sound(id: ReplicaId, { view, viewChanges, prePrepares }: NewView): void {
    const fail = (what: string): never => {
      throw new Violation('ViewProof', `n${id + 1} makes or enters view ${view} ${what}`);
    };
    const voters = new Set(viewChanges.filter((one) => one.view === view).map(({ replica }) => replica));
    if (voters.size < quorum(this.#settings)) fail(`with ${voters.size} view-changes`);
    for (const { replica, stable, proof, prepared } of viewChanges) {
      const provers = new Set(proof.filter(({ seq }) => seq === stable).map((checkpoint) => checkpoint.replica));
      if (stable > 0 && provers.size < quorum(this.#settings))
        fail(`with a checkpoint of n${replica + 1} that is not proven`);
      for (const { prePrepare: order, prepares } of prepared) {
        const matching = prepares.filter((vote) => vote.digest === order.digest && vote.view === order.view);
        const backups = new Set(matching.filter((vote) => vote.seq === order.seq).map((vote) => vote.replica));
        backups.delete(primaryOf(this.#settings, order.view));
        if (backups.size < quorum(this.#settings) - 1)
          fail(`with a certificate of n${replica + 1} that proves nothing`);
      }
    }
    const minSeq = Math.max(...viewChanges.map(({ stable }) => stable));
    const proven = viewChanges.flatMap(({ prepared }) => prepared.map(({ prePrepare }) => prePrepare));
    const maxSeq = Math.max(minSeq, ...proven.map(({ seq }) => seq));
    if (prePrepares.length !== maxSeq - minSeq) fail(`with ${prePrepares.length} orders from ${minSeq} to ${maxSeq}`);
    prePrepares.forEach(({ seq, digest }, index) => {
      const [latest] = proven.filter((one) => one.seq === seq).toSorted((one, other) => other.view - one.view);
      if (seq !== minSeq + 1 + index || digest !== (latest?.digest ?? NULL_DIGEST))
        fail(`with a wrong order at ${seq}`);
    });
  }

  #same<K extends string | number>(
    known: Map<K, string>,
    key: K,
    digest: string,
    invariant: string,
    what: string,
  ): void {
    const before = known.get(key);
    if (before === undefined) known.set(key, digest);
    else if (before !== digest) throw new Violation(invariant, `${before} and ${digest} are both ${what} at ${key}`);
  }

  #place(id: ReplicaId, place: string, body: ReplicaBody): void {
    let places = this.#signed.get(id);
    if (places === undefined)
      this.#signed.set(id, (places = new Map<string, { readonly content: string; readonly body: ReplicaBody }>()));
    const content = hex(hash(signedBytes(body), 0));
    const before = places.get(place);
    if (before === undefined) places.set(place, { content, body });
    else if (before.content !== content)
      throw new Violation('NoEquivocation', `n${id + 1} signs two messages for ${place}`);
    else this.#world.met('promise repeated after a restart');
  }

  #bounded({ id, state }: ReplicaNode): void {
    const { logSize, checkpointEvery, replicas, maxWaiting } = this.#settings;
    const sizes: readonly (readonly [string, number, number])[] = [
      ['slots', state.slots.size, logSize],
      ['certificates', state.certificates.size, logSize],
      ['decided', state.decided.size, logSize],
      ['batches', state.batches.size, 4 * logSize],
      ['view-changes', state.viewChanges.size, replicas],
      ['checkpoints', state.checkpoints.size, logSize / checkpointEvery],
      ['snapshots', state.snapshots.size, logSize / checkpointEvery],
      ['waiting', state.waiting.size, maxWaiting],
    ];
    for (const [what, size, most] of sizes)
      if (size > most) throw new Violation('BoundedLog', `n${id + 1} keeps ${size} ${what}; at most ${most}`);
    if (state.stable.seq > state.executed)
      throw new Violation('Watermarks', `n${id + 1} has executed ${state.executed}, below its h ${state.stable.seq}`);
  }
}

/** The low water mark; for the orders of a new-view that is made, the latest checkpoint that its V proves. */
function lowOf({ stable, active, forming }: ReplicaNode['state']): number {
  if (active || forming === undefined) return stable.seq;
  return Math.max(stable.seq, ...forming.chosen.map((viewChange) => viewChange.stable));
}

/** Whether a replica that starts again has what it needs to stand by something that it signed. */
function keeps(
  { view, active, stable, slots, newView, certificates, config }: ReplicaNode['state'],
  body: ReplicaBody,
): boolean {
  switch (body.type) {
    case 'pre-prepare':
    case 'prepare': {
      // What a view before had said binds by its certificate alone; orders of a new-view come with that.
      const { logSize } = config.settings;
      if (!active || view !== body.view || body.seq <= stable.seq || body.seq > stable.seq + logSize) return true;
      const ordered = newView?.prePrepares.find(({ seq }) => seq === body.seq);
      return (ordered ?? slots.get(body.seq)?.prePrepare)?.digest === body.digest;
    }
    case 'commit': {
      const certificate = certificates.get(body.seq)?.prePrepare;
      if (body.seq <= stable.seq || (certificate?.view ?? -1) > body.view) return true;
      return certificate?.view === body.view && certificate.digest === body.digest;
    }
    case 'view-change':
      return view >= body.view;
    default:
      return true;
  }
}

function keyOf({ client, timestamp, operation }: Request): string {
  return `${client} ${timestamp} ${hex(hash(operation, 0))}`;
}
