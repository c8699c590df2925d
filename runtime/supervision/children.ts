/**
 * The children of one actor, and the rules of OTP's `supervisor` about them: who is restarted, with whom, how often, and
 * what becomes of one that ended. The table decides and says what to do; the cell that owns it does it, so the rules can
 * be read and tested without actors.
 *
 *     running --failed--> restarting --started--> running
 *        '--ended--> stopped (a child with an id, whose spec is kept) or forgotten
 */
import type { ActorAddress, AddressParts } from '#protocols/wire/address';
import type { ExitReason, SpawnSpec } from '#protocols/wire/envelope';
import type { Random } from '../clock/random.js';
import { ChildTable } from './child-table.js';
import { addRestart, backoffMs, DEFAULT_BACKOFF, DEFAULT_INTENSITY } from './intensity.js';
import type { FailureAnswer, Strategy, SupervisionOptions } from './options.js';

/** Whether a child is there. */
export type ChildStatus = 'running' | 'restarting' | 'stopped';

/** The restarts of a child; most children have none. */
interface Restarts {
  /** Since the child was first started. */
  readonly count: number;
  /** When they were, inside the window, oldest first; used where children are given up one by one. */
  readonly history: readonly number[];
  readonly delayMs: number;
}

/** Shared by all children that never failed. */
const NO_RESTARTS: Restarts = { count: 0, history: [], delayMs: 0 };

/** What is known of a child beside its spec; of one that runs and never failed there is nothing, and so no such object. */
class Child {
  readonly spec: SpawnSpec;
  status: ChildStatus = 'running';
  restarts: Restarts = NO_RESTARTS;

  constructor(spec: SpawnSpec) {
    this.spec = spec;
  }
}

/** What a supervisor does about a failed child. */
export type Verdict =
  | { readonly type: 'restart'; readonly spec: SpawnSpec; readonly delayMs: number }
  /** It goes on with its state. */
  | { readonly type: 'resume' }
  /** The child is given up and its supervisor lives on. */
  | { readonly type: 'stop-child' }
  /** The supervisor fails for the same reason. */
  | { readonly type: 'escalate' }
  /** The intensity is exceeded and the supervisor itself fails. */
  | { readonly type: 'fail-self'; readonly restarts: number; readonly withinMs: number }
  /** Not a child (any more). */
  | { readonly type: 'ignore' };

/** What is known of a failure beside its reason. */
export interface FailureFacts {
  /** A sibling's failure with the same cause was judged just before (a thread died under both): they are one. */
  readonly sameEvent?: boolean;
  /** Nothing of the child is left to be resumed: its executor died. */
  readonly lost?: boolean;
  /** It is gone through the fault of another: it comes back, and nothing is counted against it. */
  readonly excused?: boolean;
}

/**
 * Children in the order of their start. Where too many restarts end the supervisor, the restarts of all children count
 * together, as in OTP. Where they end only the child (`stop-child`), each child is counted alone, or else one bad child
 * would use up what its innocent siblings may need.
 */
export class Children {
  readonly #children: ChildTable<SpawnSpec | Child>;
  readonly #options: SupervisionOptions;
  readonly #random: Random | undefined;
  /** Children by their ids; absent while none has one. */
  #ids: Map<string, ActorAddress> | undefined;
  #history: readonly number[] = [];

  /** `home`: where the supervisor is, and most of its children are. */
  constructor(options: SupervisionOptions = {}, random?: Random, home?: AddressParts) {
    this.#children = new ChildTable(home);
    this.#options = options;
    this.#random = random;
  }

  get strategy(): Strategy {
    return this.#options.strategy ?? 'one-for-one';
  }
  get size(): number {
    return this.#children.size;
  }

  add(address: ActorAddress, spec: SpawnSpec): void {
    this.#children.set(address, spec);
    if (spec.id !== undefined) (this.#ids ??= new Map()).set(spec.id, address);
  }

  /** A child without an id on the executor of the supervisor. */
  addHere(serial: number, spec: SpawnSpec): void {
    this.#children.setHere(serial, spec);
  }

  /** Forgets a child that ended; false when it was none. */
  remove(address: ActorAddress): boolean {
    const id = this.specOf(address)?.id;
    if (id !== undefined) this.#ids?.delete(id);
    return this.#children.delete(address);
  }

  has(address: ActorAddress): boolean {
    return this.#children.has(address);
  }

  /** The child of that id, ended or not. */
  withId(id: string): ActorAddress | undefined {
    return this.#ids?.get(id);
  }

  specOf(address: ActorAddress): SpawnSpec | undefined {
    const child = this.#children.get(address);
    return child instanceof Child ? child.spec : child;
  }

  statusOf(address: ActorAddress): ChildStatus | undefined {
    const child = this.#children.get(address);
    return child instanceof Child || child === undefined ? child?.status : 'running';
  }

  restartsOf(address: ActorAddress): number {
    const child = this.#children.get(address);
    return child instanceof Child ? child.restarts.count : 0;
  }

  /** Whether a life of a child is over because a later one was ordered. */
  isOver(address: ActorAddress, incarnation: number | undefined): boolean {
    return incarnation !== undefined && incarnation <= this.restartsOf(address);
  }

  setStatus(address: ActorAddress, status: ChildStatus): void {
    if (this.statusOf(address) === status) return;
    const child = this.#known(address);
    if (child !== undefined) child.status = status;
  }

  addresses(): readonly ActorAddress[] {
    return this.#children.addresses();
  }

  /** Latest first: the order in which they are stopped. */
  newestFirst(): readonly ActorAddress[] {
    return this.#children.addresses().reverse();
  }

  /** Whom the strategy restarts with a child, itself included, in the order of their start. */
  affectedBy(address: ActorAddress): readonly ActorAddress[] {
    switch (this.strategy) {
      case 'one-for-one':
        return [address];
      case 'one-for-all':
        return this.addresses();
      case 'rest-for-one': {
        const all = this.addresses();
        return all.slice(all.indexOf(address));
      }
    }
  }

  /** Judges the failure of a child; a restart counts. */
  judge(address: ActorAddress, reason: ExitReason, nowMs: number, facts: FailureFacts = {}): Verdict {
    const child = this.#known(address);
    if (child === undefined) return { type: 'ignore' };
    const answer = this.answerTo(address, reason, facts);
    switch (answer) {
      case 'resume':
      case 'escalate':
        return { type: answer };
      case 'stop':
        return { type: 'stop-child' };
      case 'restart':
        return facts.excused === true ? this.#excuse(child) : this.#restart(child, nowMs, facts.sameEvent === true);
    }
  }

  /** What the policies say about a failure, before anything is counted. */
  answerTo(address: ActorAddress, reason: ExitReason, { lost = false }: FailureFacts = {}): FailureAnswer {
    const spec = this.specOf(address);
    const byClass = this.#answerByClass(reason);
    if (byClass === 'escalate' || byClass === 'stop') return byClass;
    // A child whose node died cannot come back at its address: only who placed it there can choose another place.
    if (lost && reason.class === 'node-down') return 'stop';
    if (byClass === 'resume' && !lost) return 'resume';
    if (spec?.restart === 'permanent') return 'restart';
    return spec?.restart === 'transient' && isAbnormal(reason) ? 'restart' : 'stop';
  }

  /**
   * What becomes of a child that ended without failing first. OTP restarts a permanent child whatever its reason, which
   * holds for children with ids; one without an id was stopped on request unless its reason is `normal`.
   */
  afterEnd(address: ActorAddress, reason: ExitReason): 'restart' | 'keep' | 'forget' {
    const spec = this.specOf(address);
    if (spec === undefined) return 'forget';
    const known = spec.id !== undefined;
    const back =
      reason.class !== 'node-down' &&
      ((spec.restart === 'permanent' && (known || reason.class === 'normal')) ||
        (spec.restart === 'transient' && known && isAbnormal(reason)));
    if (back) return 'restart';
    return this.keeps(address) ? 'keep' : 'forget';
  }

  /** Whether the spec of a child outlives it. */
  keeps(address: ActorAddress): boolean {
    const spec = this.specOf(address);
    return spec?.id !== undefined && spec.restart !== 'temporary';
  }

  /** Whether the supervisor ends because this child, which is no longer there, ended by itself. */
  endsWith(spec: SpawnSpec): boolean {
    if (spec.significant !== true) return false;
    switch (this.#options.autoShutdown ?? 'never') {
      case 'never':
        return false;
      case 'any-significant':
        return true;
      case 'all-significant':
        for (const child of this.#children.values()) if (significantAndThere(child)) return false;
        return true;
    }
  }

  /** Counts one more life of a child and gives its number. */
  nextLife(address: ActorAddress): number {
    const child = this.#known(address);
    if (child === undefined) return 1;
    const { count } = child.restarts;
    child.restarts = { ...child.restarts, count: count + 1 };
    return count + 2;
  }

  /** The child with what there is to note of it; undefined when it is none. */
  #known(address: ActorAddress): Child | undefined {
    const present = this.#children.get(address);
    if (present === undefined || present instanceof Child) return present;
    const child = new Child(present);
    this.#children.set(address, child);
    return child;
  }

  #answerByClass(reason: ExitReason): FailureAnswer {
    const { onFailure = {} } = this.#options;
    return Object.hasOwn(onFailure, reason.class)
      ? (onFailure[reason.class as keyof typeof onFailure] ?? 'restart')
      : 'restart';
  }

  #excuse(child: Child): Verdict {
    const { backoff = DEFAULT_BACKOFF } = this.#options;
    return { type: 'restart', spec: child.spec, delayMs: backoffMs(1, backoff, this.#random) };
  }

  #restart(child: Child, nowMs: number, sameEvent: boolean): Verdict {
    const maxRestarts = this.#options.maxRestarts ?? DEFAULT_INTENSITY.maxRestarts;
    const withinMs = this.#options.withinMs ?? DEFAULT_INTENSITY.withinMs;
    const alone = this.#options.whenExceeded === 'stop-child';
    const known = child.restarts;
    const before = alone ? known.history : this.#before(sameEvent);
    const { allowed, history } = addRestart(before, nowMs, { maxRestarts, withinMs });
    const { backoff = DEFAULT_BACKOFF } = this.#options;
    const delayMs = backoffMs(history.length, backoff, this.#random, known.delayMs);
    child.restarts = { ...known, delayMs, history: alone ? history : known.history };
    if (!alone) this.#history = history;
    if (allowed) return { type: 'restart', spec: child.spec, delayMs };
    return alone ? { type: 'stop-child' } : { type: 'fail-self', restarts: history.length - 1, withinMs };
  }

  /** The shared history without its latest entry when that was for the same event. */
  #before(sameEvent: boolean): readonly number[] {
    return sameEvent ? this.#history.slice(0, -1) : this.#history;
  }
}

function significantAndThere(child: SpawnSpec | Child): boolean {
  if (!(child instanceof Child)) return child.significant === true;
  return child.spec.significant === true && child.status !== 'stopped';
}

/** Whether a transient child with that reason comes back. */
function isAbnormal(reason: ExitReason): boolean {
  return reason.class !== 'normal' && reason.class !== 'shutdown';
}
