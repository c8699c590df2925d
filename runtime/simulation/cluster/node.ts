/**
 * One life of one node: its SWIM, its agent with the children, and on some nodes a voter. Nothing of it outlives the
 * process but what the voter has on its disk.
 *
 *     network ──> SWIM ─────────> members ──> voter, when it leads: decide
 *             ──> Raft ─────────> voter ────> answers, pokes
 *             ──> supervisor ───> agent ────> children ──> the register outside
 */
import { type AgentEffect, type AgentInput, type AgentState, newAgent, stepAgent } from '#protocols/supervisor/agent';
import type { SeenMember } from '#protocols/supervisor/decide';
import type { Submit, SupervisorMessage } from '#protocols/supervisor/message';
import { unreachable } from '#protocols/wire/error';
import { Process, type ProcessWatch } from '../swim/process.js';
import type { World } from '../world.js';
import { Children } from './children.js';
import { nameOf, placeOf } from './names.js';
import { open, protocolOf, seal } from './packets.js';
import { type ClusterSetup, LABEL } from './plan.js';
import type { Write, Written } from './register.js';
import { Voter, type VoterSite } from './voter.js';

/** What a node tells the cluster, and needs of it. */
export interface NodeSite extends Pick<VoterSite, 'bootstrap' | 'invariants' | 'applied'> {
  readonly world: World;
  readonly setup: ClusterSetup;
  readonly swim: ProcessWatch;
  readonly calm: () => boolean;
  readonly write: (write: Write) => Written;
  readonly failed: (place: number) => void;
  /** The agent starts a child. */
  readonly starts: (node: Node, child: string, epoch: number) => void;
  /** The lease of a child is over by the clock of its node. */
  readonly lapsed: (node: Node, child: string) => void;
  /** Leases have begun, or were prolonged. */
  readonly leased: (node: Node) => void;
  readonly replied: (message: Extract<SupervisorMessage, { type: 'submitted' }>) => void;
}

/** A running node. */
export class Node {
  readonly place: number;
  readonly name: string;
  readonly agent: AgentState;
  readonly process: Process;
  readonly children: Children;
  readonly voter: Voter | undefined;
  readonly #site: NodeSite;
  #ended = false;

  /** @throws DiskFull when it cannot read its disk in order. */
  constructor(site: NodeSite, place: number) {
    const { world, setup } = site;
    this.#site = site;
    this.place = place;
    this.name = nameOf(place);
    const life = world.lifeOf(place);
    const [first = this.name, ...others] = Array.from({ length: setup.voters }, (_, voter) => nameOf(voter));
    this.agent = newAgent(this.name, life, [first, ...others], setup.supervisor, this.clockMs);
    this.children = new Children({
      ...{ world, setup, place, calm: site.calm, write: site.write },
      crashed: (child, epoch) => this.#step({ type: 'crashed', child, epoch }),
      done: (done) => this.#step({ type: 'done', done }),
    });
    this.process = new Process(world, place, this.name, life, setup.swim, site.swim);
    this.voter = place < setup.voters ? new Voter(this.#voterSite()) : undefined;
  }

  /** Its clocks begin to tick, and it looks for the others. */
  begin(): void {
    const { world, setup } = this.#site;
    this.process.begin(setup.swim.seeds);
    if (this.place < setup.labelled)
      this.process.step({ type: 'set-metadata', changes: [{ key: 'labels', value: LABEL }] });
    world.every(setup.agentUs, this.place, () => {
      if (this.#ended) return;
      this.#step({ type: 'tick' });
      this.voter?.tick();
    });
  }

  /** What its monotonic clock shows. */
  get clockMs(): number {
    return this.#site.world.monotonicUs(this.place) / 1_000;
  }

  end(): void {
    this.#ended = true;
    this.process.end();
    this.voter?.stop();
  }

  receive(from: number, packet: Uint8Array): void {
    if (this.#ended) return;
    switch (protocolOf(packet)) {
      case 'swim':
        return this.process.receive(from, packet, (sound) => sound);
      case 'raft':
        return this.voter?.receive(packet);
      case 'supervisor': {
        const opened = open(packet);
        if (opened !== undefined) this.#hear(opened.from, opened.message);
        return;
      }
      case undefined:
        return;
    }
  }

  /** A client hands over a task, or asks after it. */
  submit(message: Submit): void {
    if (this.#ended) return;
    const { leader } = this.agent;
    if (leader === this.name) this.#submitted(this.name, message);
    else this.#send(leader, message);
  }

  #hear(from: string, message: SupervisorMessage): void {
    switch (message.type) {
      case 'ask':
        return this.voter?.ask(from, message);
      case 'answer':
        this.#step({ type: 'answer', from, answer: message });
        return this.#site.leased(this);
      case 'redirect':
        return this.#step({ type: 'redirect', redirect: message });
      case 'poke':
        return this.#step({ type: 'poke', from });
      case 'submit':
        return this.#submitted(from, message);
      case 'submitted':
        return this.#site.replied(message);
      default:
        return unreachable(message);
    }
  }

  #submitted(from: string, message: Submit): void {
    if (this.voter === undefined) this.#send(from, { type: 'submitted', id: message.id, status: 'refused' });
    else this.voter.submit(from, message);
  }

  #step(input: AgentInput): void {
    if (this.#ended) return;
    for (const effect of stepAgent(this.agent, this.clockMs, input).effects) this.#carryOut(effect);
  }

  #carryOut(effect: AgentEffect): void {
    switch (effect.type) {
      case 'ask':
        return this.#send(effect.to, effect.ask);
      case 'start':
        this.children.start(effect.child, effect.epoch);
        return this.#site.starts(this, effect.child, effect.epoch);
      case 'stop':
        this.children.stop(effect.child);
        if (effect.why === 'lease') this.#site.lapsed(this, effect.child);
        return;
      case 'run':
        return this.children.run(effect);
      default:
        return unreachable(effect);
    }
  }

  #send(to: string, message: SupervisorMessage): void {
    if (this.#ended) return;
    const { world } = this.#site;
    if (to !== this.name) return world.network.send(this.place, placeOf(to), seal(this.name, message));
    // To itself it speaks when what it is at now is over.
    world.after(1, this.place, () => {
      if (!this.#ended) this.#hear(this.name, message);
    });
  }

  /** The group as SWIM has it here. */
  #members(): readonly SeenMember[] {
    const members: SeenMember[] = [];
    for (const { node, status, incarnation, metadata } of this.process.state.members.values()) {
      const labels = metadata.values.get('labels')?.value?.split(',') ?? [];
      const seen = status === 'suspect' ? 'alive' : status;
      members.push({ node, life: metadata.life, incarnation, status: seen, labels });
    }
    return members;
  }

  #voterSite(): VoterSite {
    const { world, setup, bootstrap, invariants, applied, failed } = this.#site;
    return {
      ...{ world, setup, bootstrap, invariants, applied, place: this.place },
      members: () => this.#members(),
      send: (to, message) => this.#send(to, message),
      failed: () => failed(this.place),
    };
  }
}
