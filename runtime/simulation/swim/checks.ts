/**
 * What must hold in a SWIM group at any time, looked at where something happens: after each step of a node, at that node,
 * and at each event that it reports. The rules of which message overrides which are checked by their effects, from the
 * order of events alone, and what is said of a node against what that node has really said.
 *
 * | invariant | says |
 * |---|---|
 * | IncarnationMonotonic | a node's own incarnation never goes back |
 * | NoSelfDeath | a node that does not leave never believes itself suspect or dead |
 * | OnlyOwnerBumps | nobody believes in an incarnation that the node itself has not begun |
 * | EventOrder | what is believed of a member goes only upwards in (incarnation, alive < suspect < dead) |
 * | NoDeathWithoutSuspicion | a node declares dead only what it suspects |
 * | LeftIsNotFailed | who knows that a member left never declares it failed |
 * | LeaveIsNotDeath | what a node says of itself is a leave, and only a node that leaves says so |
 * | TransmitLimit | no message is sent more than retransmitMult * ceil(log10(n + 1)) times |
 * | PacketSize | no packet is larger than packetBytes |
 * | SuspicionTime | a suspicion lasts as long as the formula says for its confirmations |
 * | CutOffBlamesNobody | a node that knows its transport to be gone declares nobody dead |
 * | HungBlamesNobody | a node that hung declares nobody dead before it has asked again, and waited |
 * | FalseSuspicion, FalseDeath | in a sound network a node that never hung is never suspected, nor declared dead |
 */
import type { Status } from '#protocols/swim/message';
import { selfOf, type SwimEvent } from '#protocols/swim/state';
import type { Suspicion } from '#protocols/swim/suspicion';
import { unreachable } from '#protocols/wire/error';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import type { Process } from './process.js';

/** What a node believes of a member, from its events. */
interface Belief {
  status: Status;
  incarnation: number;
  address: string;
}

/** What is true of a name, over all its lives. */
interface Truth {
  /** The highest incarnation that it has begun. */
  incarnation: number;
  /** It said that it leaves. */
  hasLeft: boolean;
  /** It hung, died or moved at some time: suspecting it may be right, or may be old news. */
  blemished: boolean;
}

/** Checks of one run. */
export class Checks {
  /** By life of a node. */
  readonly #beliefs = new Map<Process, Map<string, Belief>>();
  readonly #own = new Map<Process, number>();
  /** How many members a node has declared dead itself, as of its last step. */
  readonly #deaths = new Map<Process, number>();
  /** Until when a node that hung may not declare anybody dead, in microseconds. */
  readonly #askingUntilUs = new Map<Process, number>();
  readonly #truths = new Map<string, Truth>();
  /** Until when packets arrive, all and soon, in microseconds: nobody is to be suspected in vain. */
  readonly #soundUntilUs: number;
  readonly #world: World;

  constructor(world: World, soundUntilUs: number) {
    this.#world = world;
    this.#soundUntilUs = soundUntilUs;
  }

  /** A node begins a life. */
  began(process: Process): void {
    this.#beliefs.set(process, new Map());
    this.#own.set(process, 0);
    const truth = this.#truths.get(process.name);
    // A second life under a name may be taken for the first.
    if (truth === undefined) this.#truths.set(process.name, { incarnation: 1, hasLeft: false, blemished: false });
    else truth.blemished = true;
  }

  /** A node is gone. */
  ended(process: Process): void {
    this.blemish(process.name);
    this.#beliefs.delete(process);
    this.#own.delete(process);
    this.#deaths.delete(process);
    this.#askingUntilUs.delete(process);
  }

  /** A node goes on that hung. */
  resumed(process: Process): void {
    const { stallMs, suspicionMult, probeIntervalMs } = process.state.settings;
    if (process.silentUs <= 2_000 * stallMs) return;
    // The shortest time that a suspicion lasts, by a clock that may be a tenth fast.
    this.#askingUntilUs.set(process, this.#world.nowUs + 850 * suspicionMult * probeIntervalMs);
  }

  /** From now on others have a reason to suspect it. */
  blemish(name: string): void {
    this.#truthOf(name).blemished = true;
  }

  /** It is about to say that it leaves. */
  leaves(name: string): void {
    const truth = this.#truthOf(name);
    truth.hasLeft = true;
    truth.blemished = true;
  }

  /** The node has taken a step. */
  stepped(process: Process): void {
    const { state } = process;
    const { incarnation, status } = selfOf(state);
    if (incarnation < (this.#own.get(process) ?? 0))
      fail('IncarnationMonotonic', process, `${this.#own.get(process)} became ${incarnation}`);
    this.#own.set(process, incarnation);
    this.#deaths.set(process, state.counts.death);
    const truth = this.#truthOf(process.name);
    truth.incarnation = Math.max(truth.incarnation, incarnation);
    if (status !== (state.phase === 'running' ? 'alive' : 'left'))
      fail('NoSelfDeath', process, `believes itself ${status} while it is ${state.phase}`);
    const limit = state.settings.retransmitMult * Math.ceil(Math.log10(this.#world.size + 1));
    for (const { about, transmits } of state.queue.byMember.values())
      if (transmits > limit) fail('TransmitLimit', process, `a message about ${about} was sent ${transmits} times`);
    for (const [node, suspicion] of state.suspicions)
      if (Math.abs(suspicion.deadlineMs - suspicion.sinceMs - timeOf(suspicion)) > 1)
        fail(
          'SuspicionTime',
          process,
          `${node}: ${JSON.stringify(suspicion)}, ${suspicion.from.size - 1} confirmations`,
        );
  }

  /** A packet leaves a node. */
  packet(process: Process, packet: Uint8Array): void {
    const { packetBytes } = process.state.settings;
    if (packet.length > packetBytes) fail('PacketSize', process, `${packet.length} bytes, at most ${packetBytes}`);
  }

  /** A node reports a change. */
  event(process: Process, event: SwimEvent): void {
    if (event.type === 'conflict' || event.node === process.name) return;
    const beliefs = this.#beliefs.get(process) as Map<string, Belief>;
    const belief = beliefs.get(event.node);
    const truth = this.#truthOf(event.node);
    if (event.incarnation > truth.incarnation)
      fail('OnlyOwnerBumps', process, `${event.node} ${event.incarnation}, and it began ${truth.incarnation}`);
    if (!follows(belief, event))
      fail(
        belief?.status === 'left' && event.type === 'dead' ? 'LeftIsNotFailed' : 'EventOrder',
        process,
        `${event.node} is ${belief?.status} ${belief?.incarnation}, then ${event.type} ${event.incarnation}`,
      );
    this.#blame(process, event, truth, belief);
    beliefs.set(event.node, {
      status: statusAfter(event, belief),
      incarnation: event.incarnation,
      address: 'address' in event ? event.address : (belief?.address ?? ''),
    });
  }

  #blame(process: Process, event: Change, truth: Truth, belief: Belief | undefined): void {
    if (this.#world.nowUs < this.#soundUntilUs && !truth.blemished) {
      if (event.type === 'suspect') fail('FalseSuspicion', process, event.node);
      if (event.type === 'dead') fail('FalseDeath', process, event.node);
    }
    if (event.type !== 'dead') return;
    const bySelf = event.from === event.node;
    if (bySelf !== (event.reason === 'left') || (bySelf && !truth.hasLeft))
      fail('LeaveIsNotDeath', process, `${event.node} ${event.reason}, from ${event.from}`);
    // What comes back to it from a life of its own before is no verdict of this one.
    const own = event.from === process.name && process.state.counts.death > (this.#deaths.get(process) ?? 0);
    if (!own) return;
    if (belief?.status !== 'suspect') fail('NoDeathWithoutSuspicion', process, `${event.node} was ${belief?.status}`);
    if (!process.state.transportUp) fail('CutOffBlamesNobody', process, event.node);
    if (this.#world.nowUs < (this.#askingUntilUs.get(process) ?? 0)) fail('HungBlamesNobody', process, event.node);
  }

  #truthOf(name: string): Truth {
    return this.#truths.get(name) as Truth;
  }
}

type Change = Exclude<SwimEvent, { readonly type: 'conflict' }>;

function statusAfter(event: Change, before: Belief | undefined): Status {
  switch (event.type) {
    case 'join':
    case 'alive':
      return 'alive';
    case 'update':
      // What was missed of a suspect may be told without a new incarnation.
      return before?.status ?? 'alive';
    case 'suspect':
      return 'suspect';
    case 'dead':
      return event.reason === 'left' ? 'left' : 'dead';
    default:
      return unreachable(event);
  }
}

/** Whether an event may come after what was believed. */
function follows(belief: Belief | undefined, event: Change): boolean {
  if (belief === undefined) return event.type === 'join';
  const { status, incarnation, address } = belief;
  const isLive = status === 'alive' || status === 'suspect';
  switch (event.type) {
    case 'join':
      return !isLive && (event.incarnation > incarnation || event.address !== address);
    case 'alive':
      return status === 'suspect' && event.incarnation > incarnation;
    case 'update':
      return isLive && event.incarnation >= incarnation;
    case 'suspect':
      return status === 'alive' && event.incarnation >= incarnation;
    case 'dead':
      return isLive && event.incarnation >= incarnation;
    default:
      return unreachable(event);
  }
}

/** How long a suspicion should last, as the paper has it. */
function timeOf({ from, wanted, minMs, maxMs }: Suspicion): number {
  if (wanted === 0) return minMs;
  const confirmations = from.size - 1;
  const shrunk = maxMs - ((maxMs - minMs) * Math.log(1 + confirmations)) / Math.log(1 + wanted);
  return Math.max(minMs, Math.floor(shrunk));
}

function fail(invariant: string, { name, place }: Process, detail: string): never {
  throw new Violation(invariant, `at ${name} on m${place + 1}: ${detail}`);
}
