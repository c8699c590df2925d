/** How a simulated group is made up and what happens to it by decree: drawn for each seed, plain data. */
import { type PbftSettings, pbftSettings } from '#protocols/pbft/settings';
import type { Random } from '../../testing/random.js';
import type { Planned } from '../model.js';
import type { Cryptography } from './keys.js';
import { type Habit, tricks } from './liar.js';

/** A group: world nodes are replicas first, then second instances of twins, then clients. */
export interface Setup {
  readonly settings: PbftSettings;
  readonly cryptography: Cryptography;
  readonly tickUs: number;
  /** Faulty replicas that lie, and what they begin with. */
  readonly liars: readonly { readonly replica: number; readonly habits: readonly Habit[] }[];
  /** Replicas that run twice with one key; they do not lie and are faulty nevertheless. */
  readonly twins: readonly number[];
  /** Which of two halves each replica and client belongs to: for liars with two faces, and for twins. */
  readonly sides: readonly number[];
  readonly clients: number;
  /** Clients that sign several requests with one timestamp. */
  readonly faultyClients: number;
  readonly retryTicks: number;
}

export type Operation =
  /** Somebody wants something of a client. */
  | { readonly type: 'wish'; readonly client: number; readonly operation: string }
  /** A faulty client says whatever it likes. */
  | { readonly type: 'confuse'; readonly client: number; readonly timestamp: number }
  /** Liars change their habits, and who is told what. */
  | {
      readonly type: 'whim';
      readonly liar: number;
      readonly habits: readonly Habit[];
      readonly sides: readonly number[];
    }
  /** Correct replicas of different sides do not hear each other for a while; liars hear everybody. */
  | { readonly type: 'cut'; readonly forUs: number };

/** Draws a group and what happens in it. */
export function drawSetup(random: Random, busyUs: number, cryptography: Cryptography): Planned<Setup, Operation> {
  const replicas = random.chance(0.7) ? 4 : 7;
  const most = (replicas - 1) / 3;
  // Mostly as many as the group can bear.
  const faultyReplicas = random.chance(0.8) ? most : random.below(most + 1);
  const all = Array.from({ length: replicas }, (_, replica) => replica);
  const plot = faultyReplicas === most ? random.pick([...plots, undefined, undefined, undefined]) : undefined;
  // In the plot about views the liars are the primaries after the first, who is cut off.
  const order = plot === plots[1] ? [...all.slice(1, 1 + most), 0, ...all.slice(1 + most)] : random.shuffle(all);
  const chosen = order.slice(0, faultyReplicas);
  const twins = plot === undefined && random.chance(0.25) ? chosen.slice(0, 1) : [];
  const liars = chosen.slice(twins.length).map((replica) => ({ replica, habits: plot?.habits ?? drawHabits(random) }));
  const clients = random.between(1, 4);
  const setup: Setup = {
    settings: drawSettings(random, replicas),
    cryptography,
    tickUs: 20_000,
    liars,
    twins,
    sides:
      plot === undefined ? drawSides(random, replicas) : sidesOf(order.slice(most, most + plot.side(most)), replicas),
    clients,
    faultyClients: random.chance(0.3) ? 1 : 0,
    retryTicks: random.between(15, 60),
  };
  return {
    size: replicas + twins.length + clients + setup.faultyClients,
    setup,
    operations: drawOperations(random, setup, plot !== undefined, busyUs),
    spare: most - faultyReplicas,
  };
}

function drawSettings(random: Random, replicas: number): PbftSettings {
  const checkpointEvery = random.pick([1, 2, 4, 8, 16]);
  const timeoutTicks = random.between(15, 60);
  return pbftSettings({
    replicas,
    checkpointEvery,
    logSize: checkpointEvery * random.between(2, 4),
    maxBatch: random.pick([1, 2, 8]),
    pipeline: random.pick([1, 2, 8]),
    maxWaiting: 8,
    maxOperationBytes: 64,
    timeoutTicks,
    maxTimeoutTicks: timeoutTicks * 8,
    statusTicks: random.between(3, 15),
    burst: random.between(8, 64),
  });
}

/** What all liars of a group are after together, and whom they cut off from the others for it. */
interface Plot {
  readonly habits: readonly Habit[];
  /** Correct replicas on the second side. */
  readonly side: (faulty: number) => number;
}

const plots: readonly Plot[] = [
  // f correct replicas commit what the others never hear of.
  {
    habits: [
      { trick: 'court', zeal: 1 },
      { trick: 'hide prepared', zeal: 1 },
    ],
    side: (faulty) => faulty,
  },
  // The first primary is gone, and those after it open their views in ways of their own.
  {
    habits: [
      { trick: 'bad new-view', zeal: 0.7 },
      { trick: 'two new-views', zeal: 0.3 },
      { trick: 'false certificates', zeal: 0.5 },
    ],
    side: () => 1,
  },
];

function sidesOf(second: readonly number[], replicas: number): readonly number[] {
  return Array.from({ length: replicas + 8 }, (_, place) => (second.includes(place) ? 1 : 0));
}

function drawSides(random: Random, replicas: number): readonly number[] {
  // Clients have sides too, for the twins that they talk to.
  return Array.from({ length: replicas + 8 }, () => random.below(2));
}

function drawHabits(random: Random): readonly Habit[] {
  const names = random.shuffle(Object.keys(tricks)).slice(0, random.between(1, 4));
  return names.map((trick) => ({ trick, zeal: random.pick([0.05, 0.3, 1]) }));
}

function drawOperations(
  random: Random,
  { settings, liars, clients, faultyClients }: Setup,
  plot: boolean,
  busyUs: number,
): Planned<Setup, Operation>['operations'] {
  const operations: { readonly atUs: number; readonly operation: Operation }[] = [];
  const at = (operation: Operation): number => operations.push({ atUs: random.below(busyUs - 1_000), operation });
  const wishes = random.between(10, 80);
  for (let count = 0; count < wishes; count += 1)
    at({ type: 'wish', client: random.below(clients), operation: `wish ${count}` });
  for (let count = 0; count < 10 * faultyClients; count += 1)
    at({ type: 'confuse', client: clients, timestamp: random.between(1, 20) });
  for (const { replica } of plot ? [] : liars)
    for (let count = random.between(0, 4); count > 0; count -= 1)
      at({ type: 'whim', liar: replica, habits: drawHabits(random), sides: drawSides(random, settings.replicas) });
  for (let count = plot ? 6 : random.between(0, 3); count > 0; count -= 1) {
    const atUs = random.below(busyUs - 1_000);
    operations.push({ atUs, operation: { type: 'cut', forUs: Math.min(busyUs - atUs, random.between(1e5, 4e6)) } });
  }
  return operations.toSorted((one, other) => one.atUs - other.atUs);
}
