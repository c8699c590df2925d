/**
 * A whole cluster for a scenario: five nodes, three of which vote, in a calm world in which only happens what the test
 * does. Children are `c1` to `c3`; tasks take 20 ms.
 */
import { raftSettings } from '#protocols/raft/settings';
import { type SupervisorSettings, supervisorSettings } from '#protocols/supervisor/settings';
import type { Child, SupervisorState } from '#protocols/supervisor/state';
import { local } from '#protocols/swim/settings';
import { Cluster } from '#runtime/simulation/cluster/cluster';
import type { Node } from '#runtime/simulation/cluster/node';
import type { ClusterSetup } from '#runtime/simulation/cluster/plan';
import { calm, type Knobs } from '#runtime/simulation/knobs';
import { World } from '#runtime/simulation/world';

const SIZE = 5;
const AGENT_US = 10_000;

/** How a lab differs from the usual one. */
export interface ClusterLabOptions {
  readonly supervisor?: Partial<SupervisorSettings>;
  readonly setup?: Partial<ClusterSetup>;
  readonly knobs?: Partial<Knobs>;
  readonly seed?: number;
}

/** The cluster, its world, and what a test does to both. */
export class ClusterLab {
  readonly world: World;
  readonly cluster: Cluster;
  readonly settings: SupervisorSettings;

  constructor({ supervisor = {}, setup = {}, knobs = {}, seed = 1 }: ClusterLabOptions = {}) {
    this.settings = supervisorSettings({ leaseMs: 600, stopMs: 15, clockDrift: 0.01, ...supervisor });
    this.world = new World({
      seed,
      size: SIZE,
      knobs: { ...calm, ...knobs },
      keep: 0,
      receive: (to, from, packet) => this.cluster.receive(to, from, packet),
      words: () => '',
    });
    const { id: _, ...raft } = raftSettings('any', { electionTicks: 10, heartbeatTicks: 1 });
    const whole: ClusterSetup = {
      voters: 3,
      children: ['c1', 'c2', 'c3'].map((name) => ({ name, required: [] })),
      extremes: false,
      labelled: 0,
      raft,
      driver: { tickUs: 10_000, snapshotEntries: 1_000, chunkBytes: 1_024, groupCommit: true, earlySends: true },
      swim: {
        settings: { ...local, probeIntervalMs: 100, probeTimeoutMs: 20, gossipIntervalMs: 20 },
        ...{ members: SIZE, seeds: SIZE, tickMs: 10, garble: 0 },
      },
      supervisor: this.settings,
      agentUs: AGENT_US,
      ...{ clients: 2, clientLoss: 0, retryUs: 100_000, taskUs: 20_000, crashing: 0, failing: 0, lateUs: 5_000 },
      ...setup,
    };
    this.cluster = new Cluster(this.world, { size: SIZE, setup: whole, operations: [], spare: 0 });
  }

  /** Lets time pass. */
  run(us: number): void {
    const untilUs = this.world.nowUs + us;
    while (this.world.step(untilUs)) this.cluster.check();
  }

  /** Lets time pass until something holds; how long it took. @throws Error when it does not within the time */
  until(what: string, holds: () => boolean, withinUs = 20_000_000): number {
    const sinceUs = this.world.nowUs;
    while (!holds())
      if (!this.world.step(sinceUs + withinUs))
        throw new Error(`no ${what} within ${withinUs / 1e6} s: ${this.cluster.state().join('; ')}`);
    return this.world.nowUs - sinceUs;
  }

  /** All children run, each where the leader's log says. */
  ready(): this {
    this.until('children that run', () => {
      const { children } = this.state() ?? {};
      return (
        [...(children?.values() ?? [])].length > 0 && [...(children?.keys() ?? [])].every((name) => this.runs(name))
      );
    });
    return this;
  }

  /** The state that the leader has applied. */
  state(): SupervisorState | undefined {
    return this.cluster.leader()?.voter?.driver.machine.state;
  }

  child(name: string): Child {
    const child = this.state()?.children.get(name);
    if (child === undefined) throw new Error(`there is no child ${name}, or no leader`);
    return child;
  }

  /** Whether a child runs where the log says, in its epoch. */
  runs(name: string): boolean {
    const child = this.state()?.children.get(name);
    const node = this.cluster.nodes.find((one) => one.name === child?.home?.node);
    return child?.home?.leaving === false && node?.children.epochOf(name) === child.epoch;
  }

  /** A node that does not lead, and a child that it runs. */
  follower(): { readonly node: Node; readonly child: string } {
    for (const node of this.cluster.nodes) {
      const [child] = node.agent.running.keys();
      if (child !== undefined && node !== this.leader()) return { node, child };
    }
    throw new Error('the leader runs everything');
  }

  /** The node where a child runs. */
  holder(name: string): Node {
    const node = this.cluster.nodes.find(({ children }) => children.epochOf(name) !== undefined);
    if (node === undefined) throw new Error(`${name} runs nowhere`);
    return node;
  }

  leader(): Node {
    const leader = this.cluster.leader();
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  /** The machine of a place dies. */
  kill(place: number): void {
    this.world.crash(place, false);
    this.cluster.crashed(place);
  }

  restart(place: number): void {
    this.world.restart(place);
    this.cluster.restarted(place);
  }

  /** Nothing passes between a place and the others. */
  cut(place: number): void {
    const others = Array.from({ length: SIZE }, (_, other) => other).filter((other) => other !== place);
    this.world.network.cut(
      others.flatMap((other): (readonly [number, number])[] => [
        [place, other],
        [other, place],
      ]),
    );
  }

  met(what: string): number {
    return this.world.sometimes.get(what) ?? 0;
  }

  /** All nodes up, links whole, and everything has come right. */
  settle(): void {
    this.world.calm(calm);
    for (let place = 0; place < SIZE; place += 1) if (!this.world.up(place)) this.restart(place);
    this.cluster.healed();
    this.until('agreement at the end', () => this.cluster.settled(), 60_000_000);
    this.cluster.finish();
  }
}
