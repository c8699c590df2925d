/**
 * What must hold in a SWIM group at any time, looked at where something happens: after each step of a node, at that node,
 * and at each event that it reports. The rules of which message overrides which are checked by their effects, from the
 * order of events alone, and what is said of a node against what that node has really said.
 *
 * | invariant | says |
 * |---|---|
 * | IncarnationMonotonic | a node's own incarnation never goes back |
 * | NoSelfDeath | a node that does not leave never believes itself suspect or dead |
 * | RefutationPrevails | what a node says of itself is above all that it was told of itself |
 * | OnlyOwnerBumps | nobody believes in an incarnation that the node itself has not begun |
 * | EventOrder | what is believed of a member goes only upwards in (incarnation, alive < suspect < dead) |
 * | ProbeTakesItsTime | a probe does not fail before its interval is over, as long as awareness makes it |
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
import { decodePacket } from '#protocols/swim/packet';
import { selfOf, type SwimEvent, type SwimInput } from '#protocols/swim/state';
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

/** What was seen of one life of a node, as of its last step. */
interface Seen {
  readonly beliefs: Map<string, Belief>;
  incarnation: number;
  /** Members that it has declared dead itself. */
  deaths: number;
  refutations: number;
  failedProbes: number;
  /** The probe under way, and when it may fail, in microseconds. */
  probe: number;
  probeFailsUs: number;
  /** Until when it may not declare anybody dead, because it hung, in microseconds. */
  askingUntilUs: number;
}

/** A node's clock may be a tenth fast: what lasts a millisecond by it takes that long at least, in microseconds. */
const LEAST_US = 850;

/** Checks of one run. */
export class Checks {
  readonly #seen = new Map<Process, Seen>();
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
    this.#seen.set(process, {
      beliefs: new Map(),
      ...{ incarnation: 0, deaths: 0, refutations: 0, failedProbes: 0, probe: 0, probeFailsUs: 0, askingUntilUs: 0 },
    });
    const truth = this.#truths.get(process.name);
    // A second life under a name may be taken for the first.
    if (truth === undefined) this.#truths.set(process.name, { incarnation: 1, hasLeft: false, blemished: false });
    else truth.blemished = true;
  }

  /** A node is gone. */
  ended(process: Process): void {
    this.blemish(process.name);
    this.#seen.delete(process);
  }

  /** A node goes on that hung. */
  resumed(process: Process): void {
    const { stallMs, suspicionMult, probeIntervalMs } = process.state.settings;
    if (process.silentUs <= 2_000 * stallMs) return;
    // The shortest time that a suspicion lasts.
    this.#seenOf(process).askingUntilUs = this.#world.nowUs + LEAST_US * suspicionMult * probeIntervalMs;
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
  stepped(process: Process, input: SwimInput): void {
    const { state } = process;
    const seen = this.#seenOf(process);
    const { incarnation, status } = selfOf(state);
    if (state.counts.refutation > seen.refutations) refuted(process, input);
    seen.refutations = state.counts.refutation;
    if (incarnation < seen.incarnation)
      fail('IncarnationMonotonic', process, `${seen.incarnation} became ${incarnation}`);
    seen.incarnation = incarnation;
    seen.deaths = state.counts.death;
    const truth = this.#truthOf(process.name);
    truth.incarnation = Math.max(truth.incarnation, incarnation);
    if (status !== (state.phase === 'running' ? 'alive' : 'left'))
      fail('NoSelfDeath', process, `believes itself ${status} while it is ${state.phase}`);
    this.#probed(process, seen);
    const limit = state.settings.retransmitMult * Math.ceil(Math.log10(this.#world.size + 1));
    for (const { about, transmits } of state.queue.byMember.values())
      if (transmits > limit) fail('TransmitLimit', process, `a message about ${about} was sent ${transmits} times`);
    for (const [node, suspicion] of state.suspicions)
      if (Math.abs(suspicion.deadlineMs - suspicion.sinceMs - timeOf(suspicion)) > 1)
        fail('SuspicionTime', process, `${node}: ${JSON.stringify({ ...suspicion, from: [...suspicion.from] })}`);
  }

  #probed({ state }: Process, seen: Seen): void {
    const { probe, counts, settings } = state;
    if (counts.failedProbe > seen.failedProbes && this.#world.nowUs < seen.probeFailsUs)
      throw new Violation(
        'ProbeTakesItsTime',
        `${state.node} gave up probe ${seen.probe} before its interval was over`,
      );
    seen.failedProbes = counts.failedProbe;
    if (probe === undefined || probe.seq === seen.probe) return;
    seen.probe = probe.seq;
    seen.probeFailsUs = this.#world.nowUs + LEAST_US * settings.probeIntervalMs * (state.awareness + 1);
  }

  /** A packet leaves a node. */
  packet(process: Process, packet: Uint8Array): void {
    const { packetBytes } = process.state.settings;
    if (packet.length > packetBytes) fail('PacketSize', process, `${packet.length} bytes, at most ${packetBytes}`);
  }

  /** A node reports a change. */
  event(process: Process, event: SwimEvent): void {
    if (event.type === 'conflict' || event.node === process.name) return;
    const { beliefs } = this.#seenOf(process);
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
    const { deaths, askingUntilUs } = this.#seenOf(process);
    // What comes back to it from a life of its own before is no verdict of this one.
    if (event.from !== process.name || process.state.counts.death === deaths) return;
    if (belief?.status !== 'suspect') fail('NoDeathWithoutSuspicion', process, `${event.node} was ${belief?.status}`);
    if (!process.state.transportUp) fail('CutOffBlamesNobody', process, event.node);
    if (this.#world.nowUs < askingUntilUs) fail('HungBlamesNobody', process, event.node);
  }

  #seenOf(process: Process): Seen {
    return this.#seen.get(process) as Seen;
  }

  #truthOf(name: string): Truth {
    return this.#truths.get(name) as Truth;
  }
}

/** It has refuted something: what it says now is above all that it was told of itself. */
function refuted(process: Process, input: SwimInput): void {
  const { state } = process;
  const own = selfOf(state).incarnation;
  if (input.type !== 'receive') return fail('RefutationPrevails', process, `it refuted at a ${input.type}`);
  for (const message of decodePacket(input.packet) ?? []) {
    const records = message.type === 'push-pull' ? message.members : 'incarnation' in message ? [message] : [];
    for (const { node, incarnation, ...said } of records) {
      // Another address makes it another node, whose incarnations are its own.
      if (node !== state.node || ('address' in said && said.address !== state.address)) continue;
      if (incarnation > own) fail('RefutationPrevails', process, `${own}, and it was told of ${incarnation}`);
    }
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
