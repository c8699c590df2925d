/**
 * The ways out of an executor: a link to each other executor of the node, and, where there is a cluster, links to the
 * executors of other nodes made on demand. Mail for an executor that is being replaced waits for its successor, within
 * bounds.
 */
import type { Envelope } from '#protocols/wire/envelope';
import type { Clock } from '../clock/clock.js';
import { type FrameLink, Outbox } from './outbox.js';

/** Links and outboxes by destination. */
export class Routes {
  readonly #node: string;
  readonly #refuse: (envelope: Envelope, cause: unknown) => void;
  readonly #lose: (envelope: Envelope) => void;
  readonly #links = new Map<number, FrameLink>();
  readonly #outboxes = new Map<string, Outbox>();
  /** Outboxes that hold something and have a way out. */
  readonly #dirty = new Set<Outbox>();
  #remote: (node: string, executor: number) => FrameLink | undefined = () => undefined;

  /** `refuse` gets each envelope that cannot be encoded, `lose` each that waited for what went down. */
  constructor(node: string, refuse: (envelope: Envelope, cause: unknown) => void, lose: (envelope: Envelope) => void) {
    this.#node = node;
    this.#refuse = refuse;
    this.#lose = lose;
  }

  connect(executor: number, link: FrameLink): void {
    this.#links.set(executor, link);
    const key = keyOf(this.#node, executor);
    const waiting = this.#outboxes.get(key);
    const outbox = new Outbox(link, this.#refuse);
    for (const envelope of waiting?.takeAll() ?? []) outbox.push(envelope);
    this.#outboxes.set(key, outbox);
    this.#dirty.add(outbox);
  }

  /** The executor died: what waits in its outbox was for the dead one and goes with it. */
  disconnect(executor: number): void {
    this.#links.delete(executor);
    this.#drop(keyOf(this.#node, executor));
  }

  setRemote(linkTo: (node: string, executor: number) => FrameLink | undefined): void {
    this.#remote = linkTo;
  }

  /** Forgets all links to a node that is gone, and what waits for it. */
  forget(node: string): void {
    for (const key of [...this.#outboxes.keys()]) if (key.startsWith(`${node}/`)) this.#drop(key);
  }

  /** Puts an envelope on its way; undefined when there is none, false when senders should wait. */
  push(node: string, executor: number, envelope: Envelope): boolean | undefined {
    const outbox = this.#outbox(node, executor);
    if (outbox?.connected === true) this.#dirty.add(outbox);
    return outbox?.push(envelope);
  }

  /** Resolves once senders to that destination need not wait. */
  async drained(node: string, executor: number, clock: Clock): Promise<void> {
    const outbox = (): Outbox | undefined => this.#outboxes.get(keyOf(node, executor));
    for (let full = outbox(); full?.full === true; full = outbox()) await full.drained(clock);
  }

  /** Sends all that waits and has a way out. */
  flush(): void {
    for (const outbox of this.#dirty) {
      this.#dirty.delete(outbox);
      outbox.flush();
    }
  }

  /** The outbox of a destination; undefined when there is no way to that node. */
  #outbox(node: string, executor: number): Outbox | undefined {
    const key = keyOf(node, executor);
    const present = this.#outboxes.get(key);
    if (present !== undefined) return present;
    const link = node === this.#node ? this.#links.get(executor) : this.#remote(node, executor);
    if (link === undefined && node !== this.#node) return undefined;
    if (this.#outboxes.size >= MAX_OUTBOXES) this.#sweep();
    const outbox = new Outbox(link, this.#refuse);
    this.#outboxes.set(key, outbox);
    return outbox;
  }

  /** Answers to senders whose nodes do not exist would fill the table; an idle outbox can be made again. */
  #sweep(): void {
    for (const [key, outbox] of this.#outboxes) if (outbox.idle) this.#outboxes.delete(key);
  }

  #drop(key: string): void {
    const outbox = this.#outboxes.get(key);
    if (outbox === undefined) return;
    this.#outboxes.delete(key);
    this.#dirty.delete(outbox);
    for (const envelope of outbox.takeAll()) this.#lose(envelope);
  }
}

/** Destinations that are remembered while they are idle. */
const MAX_OUTBOXES = 4_096;

function keyOf(node: string, executor: number): string {
  return `${node}/${executor}`;
}
