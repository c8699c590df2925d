/**
 * What a cell is made of: who it is, what it runs, and its parts. A cell is one object, whose class is put together from
 * the bottom up, because a million idle actors pay for each object more: the parts here, a life in `cell-life.ts`, what
 * a supervisor does with lives in `cell-supervised.ts`, and messages and signals in `cell.ts`.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, Signal, SpawnSpec } from '#protocols/wire/envelope';
import type { AnyDefinition, Info } from '../actor/definition.js';
import type { Timer } from '../clock/clock.js';
import type { Journal } from '../persistence/journal.js';
import type { CellContext } from './cell-context.js';
import { Extras } from './cell-extras.js';
import { Family } from './cell-family.js';
import type { CellHost } from './cell-host.js';
import { Links } from './cell-links.js';
import type { Turns } from './cell-turns.js';
import { Watch } from './cell-watch.js';

export abstract class CellParts {
  #address: ActorAddress | undefined;
  readonly serial: number;
  readonly spec: SpawnSpec;
  /** Another one after a reload. */
  definition: AnyDefinition;
  incarnation = 0;
  /** Whether the executor has this cell in its run queue. */
  scheduled = false;
  /** What a handler gets; made when it is needed. */
  abstract readonly context: CellContext;
  /** Its lanes; made when they are needed. */
  abstract readonly turns: Turns;
  /** Its lanes, unless it is at rest. */
  abstract readonly knownTurns: Turns | undefined;
  /** What the actor persists; only where its definition says so. */
  abstract readonly journal: Journal | undefined;

  readonly host: CellHost;
  /** Absent in most actors. */
  protected knownExtras: Extras | undefined;

  constructor(host: CellHost, serial: number, spec: SpawnSpec, definition: AnyDefinition) {
    this.host = host;
    this.serial = serial;
    this.spec = spec;
    this.definition = definition;
  }

  abstract wake(): void;
  abstract inform(info: Info): void;
  /** Stands still with its mailbox and asks the supervisor. */
  abstract crashed(reason: ExitReason): void;

  /** Made when it is first asked for. */
  get address(): ActorAddress {
    return (this.#address ??= this.host.addressOf(this.serial));
  }

  /** What few actors have. */
  protected get extras(): Extras {
    return (this.knownExtras ??= new Extras());
  }

  get family(): Family {
    const { extras } = this;
    if (extras.family === undefined) {
      const options = { ...this.host.defaults.supervision, ...this.definition.supervision };
      extras.family = new Family(this, this.host, options, extras.childless);
    }
    return extras.family;
  }
  /** The children, if there ever were any. */
  get knownFamily(): Family | undefined {
    return this.knownExtras?.family;
  }
  get watch(): Watch {
    return (this.extras.watch ??= new Watch(this.address, (to, signal) => this.send(to, signal)));
  }
  get links(): Links {
    return (this.extras.links ??= new Links((from, to, signal) =>
      this.host.deliver({ kind: 'signal', to, from, signal }),
    ));
  }

  /** Its monitors, if there ever were any. */
  protected get knownWatch(): Watch | undefined {
    return this.knownExtras?.watch;
  }
  /** Its links, if there ever were any. */
  protected get knownLinks(): Links | undefined {
    return this.knownExtras?.links;
  }
  /** Its timers by key, where it has any. */
  get timers(): Map<string, Timer> | undefined {
    return this.knownExtras?.timers;
  }
  set timers(timers: Map<string, Timer> | undefined) {
    if (timers !== undefined || this.knownExtras !== undefined) this.extras.timers = timers;
  }
  /** Children, oldest first. */
  get children(): readonly ActorAddress[] {
    return this.knownFamily?.children.addresses() ?? [];
  }
  /** How many it watches, and how many watch it. */
  get monitors(): { readonly watching: number; readonly watchers: number } {
    return this.knownWatch?.sizes ?? { watching: 0, watchers: 0 };
  }

  /** Answers under the address that the other one used. */
  protected answer(to: ActorAddress, as: ActorAddress, signal: Signal): void {
    this.host.deliver({ kind: 'signal', to, from: as, signal });
  }

  protected send(to: ActorAddress, signal: Signal): void {
    this.host.deliver({ kind: 'signal', to, from: this.address, signal });
  }
}
