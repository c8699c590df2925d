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
  /** By node, then by executor. */
  readonly #outboxes = new Map<string, Map<number, Outbox>>();
  #size = 0;
  /** Outboxes that may hold something and have a way out. */
  #listed: Outbox[] = [];
  #remote: (node: string, executor: number) => FrameLink | undefined = () => undefined;

  /** `refuse` gets each envelope that cannot be encoded, `lose` each that waited for what went down. */
  constructor(node: string, refuse: (envelope: Envelope, cause: unknown) => void, lose: (envelope: Envelope) => void) {
    this.#node = node;
    this.#refuse = refuse;
    this.#lose = lose;
  }

  connect(executor: number, link: FrameLink): void {
    this.#links.set(executor, link);
    const waiting = this.#known(this.#node, executor);
    const outbox = new Outbox(link, this.#refuse);
    this.#put(this.#node, executor, outbox);
    for (const envelope of waiting?.takeAll() ?? []) outbox.push(envelope);
    this.#list(outbox);
  }

  /** The executor died: what waits in its outbox was for the dead one and goes with it. */
  disconnect(executor: number): void {
    this.#links.delete(executor);
    this.#drop(this.#node, executor);
  }

  setRemote(linkTo: (node: string, executor: number) => FrameLink | undefined): void {
    this.#remote = linkTo;
  }

  /** Forgets all links to a node that is gone, and what waits for it. */
  forget(node: string): void {
    for (const executor of [...(this.#outboxes.get(node)?.keys() ?? [])]) this.#drop(node, executor);
  }

  /** Puts an envelope on its way; undefined when there is none, false when senders should wait. */
  push(node: string, executor: number, envelope: Envelope): boolean | undefined {
    const outbox = this.#known(node, executor) ?? this.#make(node, executor);
    if (outbox === undefined) return undefined;
    if (!outbox.listed && outbox.connected) this.#list(outbox);
    return outbox.push(envelope);
  }

  /** Resolves once senders to that destination need not wait. */
  async drained(node: string, executor: number, clock: Clock): Promise<void> {
    const outbox = (): Outbox | undefined => this.#known(node, executor);
    for (let full = outbox(); full?.full === true; full = outbox()) await full.drained(clock);
  }

  /** Sends all that waits and has a way out. */
  flush(): void {
    // What is refused may be answered through an outbox that has had its turn: look again until the list is empty.
    while (this.#listed.length > 0) {
      const listed = this.#listed;
      this.#listed = [];
      for (const outbox of listed) {
        outbox.listed = false;
        outbox.flush();
      }
    }
  }

  #known(node: string, executor: number): Outbox | undefined {
    return this.#outboxes.get(node)?.get(executor);
  }

  #list(outbox: Outbox): void {
    outbox.listed = true;
    this.#listed.push(outbox);
  }

  /** Makes the outbox of a destination; undefined when there is no way to that node. */
  #make(node: string, executor: number): Outbox | undefined {
    const link = node === this.#node ? this.#links.get(executor) : this.#remote(node, executor);
    if (link === undefined && node !== this.#node) return undefined;
    if (this.#size >= MAX_OUTBOXES) this.#sweep();
    const outbox = new Outbox(link, this.#refuse);
    this.#put(node, executor, outbox);
    return outbox;
  }

  #put(node: string, executor: number, outbox: Outbox): void {
    let ofNode = this.#outboxes.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.#outboxes.set(node, ofNode);
    }
    if (!ofNode.has(executor)) this.#size += 1;
    ofNode.set(executor, outbox);
  }

  #remove(node: string, executor: number): void {
    const ofNode = this.#outboxes.get(node);
    if (ofNode?.delete(executor) !== true) return;
    this.#size -= 1;
    if (ofNode.size === 0) this.#outboxes.delete(node);
  }

  /** Answers to senders whose nodes do not exist would fill the table; an idle outbox can be made again. */
  #sweep(): void {
    for (const [node, ofNode] of [...this.#outboxes])
      for (const [executor, outbox] of [...ofNode]) if (outbox.idle) this.#remove(node, executor);
  }

  #drop(node: string, executor: number): void {
    const outbox = this.#known(node, executor);
    if (outbox === undefined) return;
    this.#remove(node, executor);
    for (const envelope of outbox.takeAll()) this.#lose(envelope);
  }
}

/** Destinations that are remembered while they are idle. */
const MAX_OUTBOXES = 4_096;
