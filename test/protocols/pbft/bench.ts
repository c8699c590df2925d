/**
 * One replica on a bench: whatever the others might say to it is made here, with signatures that nobody looks at, as the
 * driver has verified them. What the replica wants done is done at once and written down, one word or line an effect.
 */
import { createHash } from 'node:crypto';
import { type DurableRecord, keyOf, type ReplicaEffect, type ReplicaInput } from '#protocols/pbft/effects';
import { batchBytes } from '#protocols/pbft/encoding';
import type {
  Certificate,
  Checkpoint,
  NewView,
  PbftMessage,
  Prepare,
  PrePrepare,
  Proposal,
  Request,
  Signed,
  Status,
  ViewChange,
} from '#protocols/pbft/message';
import { recoverReplica } from '#protocols/pbft/recovery';
import { stepReplica } from '#protocols/pbft/replica';
import { type PbftSettings, pbftSettings } from '#protocols/pbft/settings';
import { newReplica, type ReplicaState } from '#protocols/pbft/state';

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const signature = Uint8Array.of(1);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Four replicas, a checkpoint after every 4 batches, a log of 8. */
export const settings: PbftSettings = pbftSettings({
  replicas: 4,
  checkpointEvery: 4,
  logSize: 8,
  maxBatch: 4,
  timeoutTicks: 5,
  maxTimeoutTicks: 40,
  statusTicks: 1_000,
});

export function request(client: string, timestamp: number, operation = 'op'): Signed<Request> {
  return { type: 'request', client, timestamp, operation: bytes(operation), signature };
}

export function digestOf(...batch: readonly Signed<Request>[]): string {
  return batch.length === 0 ? 'null' : digest(batchBytes(batch));
}

export function prePrepare(view: number, seq: number, ...batch: readonly Signed<Request>[]): Signed<PrePrepare> {
  return { type: 'pre-prepare', view, seq, digest: digestOf(...batch), signature };
}

export function proposal(view: number, seq: number, ...batch: readonly Signed<Request>[]): Proposal {
  return { type: 'proposal', prePrepare: prePrepare(view, seq, ...batch), batch };
}

export function vote<T extends 'prepare' | 'commit'>(
  type: T,
  replica: number,
  { view, seq, digest: of }: PrePrepare,
): Signed<Omit<Prepare, 'type'> & { readonly type: T }> {
  return { type, view, seq, digest: of, replica, signature };
}

export function checkpoint(replica: number, seq: number, of: string): Signed<Checkpoint> {
  return { type: 'checkpoint', seq, digest: of, replica, signature };
}

/** Proof that a batch prepared in a view; by the first 2f backups. */
export function certificate(view: number, seq: number, ...batch: readonly Signed<Request>[]): Certificate {
  const order = prePrepare(view, seq, ...batch);
  const backups = [0, 1, 2, 3].filter((replica) => replica !== view % 4).slice(0, 2);
  return { prePrepare: order, prepares: backups.map((replica) => vote('prepare', replica, order)) };
}

export function viewChange(replica: number, view: number, more: Partial<ViewChange> = {}): Signed<ViewChange> {
  return { type: 'view-change', view, stable: 0, proof: [], prepared: [], replica, ...more, signature };
}

export function newView(
  view: number,
  viewChanges: readonly Signed<ViewChange>[],
  prePrepares: readonly Signed<PrePrepare>[],
): Signed<NewView> {
  return { type: 'new-view', view, viewChanges, prePrepares, signature };
}

export function status(replica: number, more: Partial<Status> = {}): Signed<Status> {
  const nothing = { view: 0, active: true, stable: 0, executed: 0, slots: [], held: [], missing: [] };
  return { type: 'status', replica, ...nothing, ...more, signature };
}

/** A replica, its disk and its service. */
export class Bench {
  state: ReplicaState;
  /** What is durable, by key. */
  readonly disk = new Map<string, DurableRecord>();
  /** Operations that the service carried out, in order. */
  service: string[] = [];
  /** Everything that the replica signed. */
  readonly signed: string[] = [];
  /** Everything that it sent, for who delivers it. */
  readonly sent: { readonly to: readonly number[]; readonly message: PbftMessage }[] = [];

  constructor(id: number, given: PbftSettings = settings) {
    this.state = newReplica({ id, settings: given, digest });
  }

  /** The process is killed and starts again with what is durable. */
  restart(): readonly string[] {
    this.state = recoverReplica(this.state.config, [...this.disk.values()]);
    this.service = [];
    return this.step({ type: 'resume' });
  }

  receive(...messages: readonly PbftMessage[]): readonly string[] {
    return messages.flatMap((message) => this.step({ type: 'receive', message }));
  }

  tick(count = 1): readonly string[] {
    return Array.from({ length: count }, () => this.step({ type: 'tick' })).flat();
  }

  /** One input, and all that follows from it, in words. */
  step(input: ReplicaInput): readonly string[] {
    const words: string[] = [];
    const queue = [...stepReplica(this.state, input).effects];
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      words.push(wordsOf(effect));
      const next = this.#carry(effect);
      if (next !== undefined) queue.push(...stepReplica(this.state, next).effects);
    }
    return words;
  }

  #carry(effect: ReplicaEffect): ReplicaInput | undefined {
    switch (effect.type) {
      case 'persist':
        for (const record of effect.records) this.disk.set(keyOf(record), record);
        for (const key of effect.removed) this.disk.delete(key);
        return undefined;
      case 'sign':
        this.signed.push(wordsOf(effect));
        return { type: 'signed', message: { ...effect.body, signature } };
      case 'send':
        this.sent.push(effect);
        return undefined;
      case 'execute':
        for (const { operation } of effect.requests) this.service.push(new TextDecoder().decode(operation));
        return { type: 'executed', seq: effect.seq, results: effect.requests.map(({ operation }) => operation) };
      case 'snapshot':
        return { type: 'snapshot', seq: effect.seq, service: bytes(this.service.join(' ')) };
      case 'restore':
        this.service = new TextDecoder()
          .decode(effect.service)
          .split(' ')
          .filter((word) => word !== '');
        return undefined;
      default:
        return undefined;
    }
  }
}

/** A message in words. */
export function messageWords(message: PbftMessage): string {
  switch (message.type) {
    case 'request':
      return `request ${message.client} ${message.timestamp}`;
    case 'proposal':
      return `proposal ${message.prePrepare.view}/${message.prePrepare.seq}`;
    case 'prepare':
    case 'commit':
      return `${message.type} ${message.view}/${message.seq}`;
    case 'checkpoint':
    case 'fetch':
      return `${message.type} ${message.type === 'fetch' ? message.executed : message.seq}`;
    case 'view-change':
    case 'new-view':
      return `${message.type} ${message.view}`;
    case 'status':
      return `status ${message.view}`;
    case 'batch':
      return `batch of ${message.requests.length}`;
    case 'transfer':
      return `transfer ${message.proof[0]?.seq ?? 0}`;
  }
}

function wordsOf(effect: ReplicaEffect): string {
  switch (effect.type) {
    case 'persist':
      return `persist ${effect.records.map((record) => (record.kind === 'batch' ? 'batch' : keyOf(record))).join(' ')}`;
    case 'sign': {
      const { body } = effect;
      if (body.type === 'pre-prepare') return `sign pre-prepare ${body.view}/${body.seq}`;
      if (body.type === 'reply') return `sign reply ${body.client} ${body.timestamp}`;
      return `sign ${messageWords({ ...body, signature })}`;
    }
    case 'send':
      return `${messageWords(effect.message)} to ${effect.to.join(' ')}`;
    case 'reply':
      return `reply ${effect.to} ${effect.message.timestamp} ${new TextDecoder().decode(effect.message.result)}`;
    case 'execute':
      return `execute ${[effect.seq, ...effect.requests.map(({ client, timestamp }) => `${client}:${timestamp}`)].join(' ')}`;
    case 'snapshot':
    case 'restore':
    case 'stable':
      return `${effect.type} ${effect.seq}`;
    case 'prepared':
    case 'committed':
      return `${effect.type} ${effect.view}/${effect.seq}`;
    case 'changing-view':
      return `changing-view ${effect.view} for ${effect.patienceTicks}`;
    case 'entered-view':
      return `entered-view ${effect.view}`;
    case 'refused':
      return `refused ${effect.what}: ${effect.why}`;
  }
}
